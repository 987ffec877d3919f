"""Readers who sign up, confirm, open their own page and leave, offered at a steady rate beside
READERS others: each answer is waited for from the moment when it was due, however late the one
before is. The web processes, the workers that follow them, PostgreSQL, Redis and this client share
the machine. SECONDS of each rate; then as fast as it goes."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.benchmarks import given, readers_pages
from tests.benchmarks.mailing import Figures, start
from tests.benchmarks.webhooks import send
from tests.environment import free_port, start_sandbox, wait_for_port

READERS, SECONDS = given("READERS", 200_000), given("SECONDS", 20)
RATES = (100, 200, 300)
ENVIRONMENT = {"TRUSTED_PROXIES": "1", "MAIL_SANDBOX_URL": f"http://127.0.0.1:{free_port()}"}


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import WEB, at
    from subscriptions.models import Subscription
    from tests.factories import make_site

    newsletter = make_site().newsletter
    readers_pages.fill(newsletter, READERS)
    place = urlsplit(settings.BASE_URL)
    figures: Figures = {}
    with ExitStack() as stack:
        stack.enter_context(start_sandbox("subscriptions.sandbox.app", settings.MAIL_SANDBOX, "m"))
        start(stack, *WEB[1:], *at(settings.BASE_URL), "--workers", "2")
        start(stack, "manage.py", "run", "worker:1", "transactional")
        wait_for_port(place.port or 0, 120)
        readers = Readers(newsletter, place.netloc)
        counts = [4 * 50, *(rate * SECONDS for rate in RATES), RATES[-1] * SECONDS]
        steps = [readers.requests(count) for count in counts]
        time.sleep(readers.seconds_to_wait())
        asyncio.run(send([request for _, request in steps.pop(0)], place.port, 0))
        for rate, step in zip(RATES, steps, strict=False):
            waits, _ = asyncio.run(send([request for _, request in step], place.port, rate))
            for kind in readers.kinds:
                own = [wait for (what, _), wait in zip(step, waits, strict=True) if what == kind]
                figures |= quantiles(f"{rate}/s: {kind}", own)
            figures |= quantiles(f"{rate}/s: all of them", waits)
        _, took = asyncio.run(send([request for _, request in steps[-1]], place.port, 0))
        figures["as fast as it goes"] = (len(steps[-1]) / took, "requests/s")
    each = sum(counts) // len(readers.kinds)
    done = Subscription.objects.filter(consents__how__in=("mailed link", "page"))
    assert done.count() == 2 * each, "a press is lost"
    return {"readers": READERS, "seconds": SECONDS}, figures


def quantiles(name: str, waits: list[float]) -> Figures:
    waits = sorted(waits)
    return {
        f"{name}, median": (waits[len(waits) // 2] * 1000, "ms"),
        f"{name}, p99": (waits[int(len(waits) * 0.99)] * 1000, "ms"),
    }


class Readers:
    """Each presses once, from a network of their own. So many addresses a minute cost a sum, or, as
    here, a little patience (newsroom/web/proof_of_work.py)."""

    def __init__(self, newsletter: Any, host: str) -> None:
        from newsroom.web.public_forms import form_stamp
        from subscriptions.models import Subscription

        own = Subscription.objects.filter(newsletter=newsletter).select_related("subscriber")
        self.pending = own.filter(status="pending").order_by("pk").iterator()
        self.confirmed = own.filter(status="confirmed").order_by("pk").iterator()
        self.host, self.stamp, self.count, self.asked_at = host, form_stamp(), 0, 0.0
        self.kinds: dict[str, Callable[[], bytes]] = {
            "sign-up": self.sign_up,
            "confirm": self.confirm,
            "own page": self.own_page,
            "unsubscribe": self.unsubscribe,
        }

    def requests(self, count: int) -> list[tuple[str, bytes]]:
        made = []
        for number in range(count):
            kind = list(self.kinds)[number % len(self.kinds)]
            self.count += 1
            made.append((kind, self.kinds[kind]()))
        return made

    def seconds_to_wait(self) -> float:
        from newsroom.web.proof_of_work import WAIT_SECONDS

        return max(self.asked_at + WAIT_SECONDS + 2 - time.monotonic(), 0)

    def sign_up(self) -> bytes:
        from newsroom.web import proof_of_work

        self.asked_at = time.monotonic()
        email = f"new.reader{self.count}@d{self.count % 1000}.example"
        sum_ = proof_of_work.challenge().text
        return self.post("sign_up", "weekly", email=email, consent="on", challenge=sum_)

    def confirm(self) -> bytes:
        from subscriptions.readers import signup

        return self.post("confirm", signup.confirm_token(next(self.pending)))

    def own_page(self) -> bytes:
        from django.urls import reverse

        from newsroom.core import tokens

        token = tokens.permanent("preferences", next(self.confirmed).subscriber_id)
        return self.request("GET", reverse("preferences", args=[token]))

    def unsubscribe(self) -> bytes:
        from newsroom.core import tokens

        token = tokens.permanent("unsubscribe", next(self.confirmed).pk)
        return self.post("unsubscribe", token, query="?page")

    def post(self, page: str, argument: str, query: str = "", **form: str) -> bytes:
        from django.urls import reverse

        path = reverse(page, args=[argument]) + query
        return self.request("POST", path, urlencode({"stamp": self.stamp} | form))

    def request(self, method: str, path: str, body: str = "") -> bytes:
        network = f"11.{self.count // 250 % 250}.{self.count % 250}.1"
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nX-Forwarded-For: {network}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

"""Can the time of an answer tell whether an address is known? For each form that takes one: the
area under the ROC curve (0.5: nothing to tell, 1: everything), from answers to known and unknown
addresses in turn, in a process as production runs it."""

import random
import statistics
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.benchmarks import given
from tests.environment import free_port, start_sandbox, wait_for_port

EACH = given("EACH", 200)
Figures = dict[str, tuple[float, str]]
# A form -> its other fields. The number of a network keeps the limits away.
FORMS: dict[str, dict[str, str]] = {
    "/newsletter/weekly/signup/": {"consent": "on"},
    "/support/manage/": {},
    "/support/remind-me/": {"when": "week"},
    "/admin/password_reset/": {},
}
ENVIRONMENT = {"TRUSTED_PROXIES": "1", "MAIL_SANDBOX_URL": f"http://127.0.0.1:{free_port()}"}


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import WEB, at
    from tests.benchmarks.webhooks import start
    from tests.factories import make_site

    known = [f"known{number}@d{number}.example" for number in range(EACH)]
    make_known(make_site().newsletter, known)
    figures: Figures = {}
    with ExitStack() as stack:
        stack.enter_context(start_sandbox("subscriptions.sandbox.app", settings.MAIL_SANDBOX, "m"))
        start(stack, *WEB[1:], *at(settings.BASE_URL))
        celery = ["-m", "celery", "--quiet", "-A", "newsroom", "worker", "-c", "1"]
        start(stack, *celery, "-Q", "transactional,default")
        wait_for_port(urlsplit(settings.BASE_URL).port or 0)
        for path, form in FORMS.items():
            waits = measure(settings.BASE_URL, path, form, known)
            for kind in ("known", "unknown"):
                name = f"{path} {kind}, median"
                figures[name] = (statistics.median(waits[kind]) * 1000, "ms")
            figures[f"{path} AUC"] = (area(waits["known"], waits["unknown"]), "")
    return {"of each": EACH}, figures


def make_known(newsletter: Any, addresses: list[str]) -> None:
    """Readers, donors, colleagues and people who wait for a reminder, all with the same address."""

    from django.contrib.auth import get_user_model

    from donations.models import Donor
    from newsroom.core.privacy import giving_index
    from tests.factories import make_deferral, make_subscription

    for address in addresses:
        make_subscription(newsletter, address)
        Donor.objects.create(email=address, email_index=giving_index(address))
        make_deferral(address)
        get_user_model().objects.create_user(address[:30], address, "a password that is long")


def measure(url: str, path: str, form: dict[str, str], known: list[str]) -> dict[str, list[float]]:
    """How long each answer took, in seconds; known and unknown come in a random order."""
    waits: dict[str, list[float]] = {"known": [], "unknown": []}
    tries = [(kind, number) for number in range(len(known)) for kind in waits]
    random.shuffle(tries)
    with requests.Session() as session:
        token = session.get(url + path, timeout=30).cookies.get("csrftoken", "")
        for count, (kind, number) in enumerate(tries):
            address = known[number] if kind == "known" else f"nobody{number}@e{number}.example"
            data = form | {"email": address, "csrfmiddlewaretoken": token}
            headers = {"X-Forwarded-For": f"11.{count // 250}.{count % 250}.1"}
            began = time.perf_counter()
            answer = session.post(
                url + path, data=data, headers=headers, timeout=30, allow_redirects=False
            )
            waits[kind].append(time.perf_counter() - began)
            assert answer.status_code in (302, 303), (answer.status_code, path)
            if count % 50 == 49:
                forget_counts()
    return waits


def forget_counts() -> None:
    """So that the brake on everyone together does not come into it."""
    from django.core.cache import cache

    cache.clear()


def area(some: list[float], others: list[float]) -> float:
    """Under the ROC curve, whichever way round: how often one of ``some`` took longer than one of
    ``others`` (Mann and Whitney's U)."""
    wins = sum((a > b) + (a == b) / 2 for a in some for b in others)
    share = wins / (len(some) * len(others))
    return max(share, 1 - share)

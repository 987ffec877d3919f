"""A mail provider's events, from the socket to what follows from them: taken in at a steady rate
(RATE a second), then as fast as it goes, while a worker follows them; how far behind it is when the
last one has come. EVENTS sets how many; of Mailgun, which sends one with each request, and of
SparkPost, which sends them in groups. Everything, this client too, shares the machine."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from contextlib import ExitStack
from typing import Any

import psutil

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures, start
from tests.benchmarks.pages import cpu
from tests.benchmarks.webhooks import send
from tests.environment import free_port, wait_for_port

READERS = given("READERS", 20_000)
EVENTS, RATE = given("EVENTS", 30_000), given("RATE", 3000)
GROUP = 50  # events in one of SparkPost's requests
SECRET, KEY = "news:a-long-password", "a-signing-key-of-Mailgun"
ENVIRONMENT = {
    "ANYMAIL_WEBHOOK_SECRET": SECRET,
    "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": KEY,
    "ANYMAIL_SPARKPOST_API_KEY": "x",
}
GONE = "550 5.1.1 <{}> No such user"
# Of a thousand mails: what becomes of them.
MAILGUN: list[tuple[int, dict[str, Any]]] = [
    (2, {"event": "complained"}),
    (3, {"event": "unsubscribed"}),
    (30, {"event": "failed", "severity": "permanent", "reason": "bounce"}),
    (965, {"event": "delivered"}),
]
SPARKPOST: list[tuple[int, dict[str, Any]]] = [
    (2, {"type": "spam_complaint"}),
    (3, {"type": "list_unsubscribe"}),
    (30, {"type": "bounce", "bounce_class": "10"}),
    (965, {"type": "delivery"}),
]


def run() -> tuple[dict[str, Any], Figures]:
    from subscriptions.demo import make_readers
    from subscriptions.models import Subscriber
    from tests.factories import make_article, make_frozen, make_issue, make_site

    site = make_site()
    make_readers(site.newsletter, READERS)
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    mailing.batches.update(status="accepted", tries=1)
    batch = str(mailing.batches.earliest("seq").pk)
    type(mailing).objects.filter(pk=mailing.pk).update(status="sent")
    emails = list(Subscriber.objects.order_by("pk").values_list("email", flat=True))
    figures: Figures = {}
    for provider, make, group in (("mailgun", mailgun, 1), ("sparkpost", sparkpost, GROUP)):
        requests = [make(n, emails, batch) for n in range(EVENTS // group)]
        measured = measure(provider, requests, group)
        figures |= {f"{provider}: {name}": value for name, value in measured.items()}
    return {"events": EVENTS, "rate": RATE, "readers": READERS, "group": GROUP}, figures


def measure(provider: str, requests: list[bytes], group: int) -> Figures:
    from subscriptions.models import ProviderEvent, ProviderEventKey

    ProviderEventKey.objects.all().delete()
    port = free_port()
    half = len(requests) // 2
    with ExitStack() as stack:
        web = serve(stack, provider, port)
        celery = ["-m", "celery", "--quiet", "-A", "newsroom"]
        start(stack, *celery, "worker", "-Q", "events", "-c", "1", "--loglevel", "WARNING")
        start(stack, *celery, "beat", "--pidfile=", "--loglevel", "WARNING")
        wait_for_port(port, 120)
        begin = min(200, half // 5)
        warm, paced, fast = requests[:begin], requests[begin:half], requests[half:]
        asyncio.run(send(warm, port, 0))
        latencies, took = asyncio.run(send(paced, port, RATE // group))
        behind = wait_until_followed()
        spent = cpu(web)
        _, fast_took = asyncio.run(send(fast, port, 0))
        spent = cpu(web) - spent
        behind_fast = wait_until_followed()
    assert ProviderEventKey.objects.count() == len(requests) * group, "an accepted event is lost"
    assert not ProviderEvent.objects.exists(), "an event was set aside"
    latencies.sort()
    return {
        "taken in, paced": (len(paced) * group / took, "events/s"),
        "latency, median": (latencies[len(latencies) // 2] * 1000, "ms"),
        "latency, p99": (latencies[int(len(latencies) * 0.99)] * 1000, "ms"),
        "followed after the last": (behind, "s"),
        "taken in, as fast as it goes": (len(fast) * group / fast_took, "events/s"),
        "of these, CPU of the web processes": (spent / (len(fast) * group) * 1e6, "µs"),
        "followed after the last of these": (behind_fast, "s"),
    }


def serve(stack: ExitStack, provider: str, port: int) -> psutil.Process:
    from newsroom.devserver.services import WEB

    os.environ["MAIL_PROVIDER"] = provider
    place = ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    return start(stack, *WEB[1:], *place)


def wait_until_followed() -> float:
    from subscriptions.models import ProviderEvent

    begun = time.perf_counter()
    while ProviderEvent.objects.waiting().exists():
        time.sleep(0.1)
        assert time.perf_counter() - begun < 600
    return time.perf_counter() - begun


def what(n: int, table: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    place = n * 7919 % 1000
    for share, event in table:
        if place < share:
            return event
        place -= share
    return {}


def mailgun(n: int, emails: list[str], batch: str) -> bytes:
    email, at = emails[n % len(emails)], time.time()
    signature = hmac.new(KEY.encode(), f"{int(at)}t{n:049}".encode(), hashlib.sha256).hexdigest()
    event = {
        "id": f"e{n}", "timestamp": at, "recipient": email, "tags": ["mailing-1"],
        "user-variables": {"batch": batch}, "message": {"headers": {"message-id": "m@example"}},
        "delivery-status": {"code": 550, "message": GONE.format(email), "description": ""},
        "envelope": {"transport": "smtp", "sender": "x" * 60}, "flags": {"is-routed": False},
        "storage": {"url": "https://se.api.mailgun.net/" + "x" * 120, "key": "x" * 60},
        **what(n, MAILGUN),
    }  # fmt: skip
    signed = {"timestamp": str(int(at)), "token": f"t{n:049}", "signature": signature}
    return request("mailgun", {"signature": signed, "event-data": event})


def sparkpost(n: int, emails: list[str], batch: str) -> bytes:
    events = []
    for number in range(n * GROUP, (n + 1) * GROUP):
        email = emails[number % len(emails)]
        event = {
            "event_id": f"e{number}", "timestamp": str(int(time.time())), "rcpt_to": email,
            "raw_rcpt_to": email, "transmission_id": "m", "rcpt_meta": {"batch": batch},
            "reason": GONE.format(email), "raw_reason": GONE.format(email), "ip_pool": "x" * 30,
            "friendly_from": "weekly@mail.example.org", "subject": "x" * 60, "rcpt_tags": [],
            **what(number, SPARKPOST),
        }  # fmt: skip
        events.append({"msys": {"message_event": event}})
    return request("sparkpost", events)


def request(name: str, body: Any) -> bytes:
    payload = json.dumps(body)
    secret = base64.b64encode(SECRET.encode()).decode()
    return (
        f"POST /webhooks/anymail/{name}/tracking/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nAuthorization: Basic {secret}\r\n"
        f"Content-Length: {len(payload)}\r\n\r\n{payload}"
    ).encode()

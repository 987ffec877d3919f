"""Stripe's events from the socket to the committed row: a paced run at 800 a second for its
latency, then as fast as it goes. EVENTS sets how many. The web server, PostgreSQL, Redis and this
client share the machine."""

import asyncio
import json
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures, start
from tests.environment import wait_for_port

RATE, CONNECTIONS = 800, 32


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from donations.models import StripeEvent
    from newsroom.devserver.services import WEB, at

    events = given("EVENTS", 16_000)
    place = urlsplit(settings.BASE_URL)
    requests = [signed(n, place.netloc, settings.STRIPE_WEBHOOK_SECRETS[-1]) for n in range(events)]
    with ExitStack() as stack:
        start(stack, *WEB[1:], *at(settings.BASE_URL), "--workers", "2")
        wait_for_port(place.port or 0)
        warm, paced, fast = requests[:500], requests[500 : events // 2], requests[events // 2 :]
        asyncio.run(send(warm, place.port, 0))
        latencies, took = asyncio.run(send(paced, place.port, RATE))
        _, fast_took = asyncio.run(send(fast, place.port, 0))
    assert StripeEvent.objects.count() == events, "an accepted event is not there"
    latencies.sort()
    return {"events": events, "rate": RATE, "connections": CONNECTIONS}, {
        "accepted, paced": (len(paced) / took, "events/s"),
        "latency, median": (latencies[len(latencies) // 2] * 1000, "ms"),
        "latency, p99": (latencies[int(len(latencies) * 0.99)] * 1000, "ms"),
        "latency, worst": (latencies[-1] * 1000, "ms"),
        "accepted, as fast as it goes": (len(fast) / fast_took, "events/s"),
    }


def signed(n: int, host: str, secret: str) -> bytes:
    """A whole HTTP request with an event of the usual size (about 3 kB)."""
    event = {
        "id": f"evt_{n:08}", "object": "event", "type": "charge.updated", "created": 1_790_000_000,
        "livemode": False, "data": {"object": {"id": f"ch_{n}", "object": "charge",
                                               "description": "x" * 2500}},
    }  # fmt: skip
    payload = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(payload, secret)
    return (
        f"POST /webhooks/stripe/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(payload)}\r\n\r\n{payload}"
    ).encode()


async def send(requests: list[bytes], port: int | None, rate: int) -> tuple[list[float], float]:
    """The latency of each, and total seconds; ``rate`` a second, or as fast as it goes. A request
    that has to wait for a free connection, or for this client, waits since it was due."""
    latencies = [0.0] * len(requests)
    queue: asyncio.Queue[tuple[float, int, bytes]] = asyncio.Queue()
    workers = [asyncio.create_task(talk(queue, port, latencies)) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for n, request in enumerate(requests):
        due = begun + n / rate if rate else time.perf_counter()
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        queue.put_nowait((due, n, request))
    all_answered = asyncio.create_task(queue.join())
    await asyncio.wait([all_answered, *workers], return_when=asyncio.FIRST_COMPLETED)
    for failed in workers:
        if failed.done():
            await failed  # and says why
    took = time.perf_counter() - begun
    for worker in workers:
        worker.cancel()
    return latencies, took


async def talk(queue: Any, port: int | None, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        since, n, request = await queue.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.split(b" ", 2)[1] in (b"200", b"302"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        latencies[n] = time.perf_counter() - since
        queue.task_done()

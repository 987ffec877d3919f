"""How many requests, of which kind, how they ended and how long they took.

Each process adds up for itself and hands over to Redis every few seconds, in one go; so the numbers
are of all processes and machines. What a process had not handed over when it died is lost, and
when Redis was emptied they begin at nought, which Prometheus knows how to read.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any

import redis
from django.http import HttpRequest, HttpResponse

from newsroom.core.environment.redis_url import store

View = Callable[[HttpRequest], HttpResponse]

KEY = "newsroom:requests"
VARIANTS = "newsroom:variants"  # and a day
VARIANTS_LAST = 7 * 24 * 3600  # seconds: by then whoever wants to keep them has read them
EVERY = 5  # seconds between two times that a process hands over
BOUNDS = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf")]  # seconds
# By how the pattern of the view begins in newsroom/urls.py; “page” for all others. “kept” is what
# was answered without Django (newsroom/kept_pages/).
KINDS = {
    "admin/": "admin",
    "webhooks/": "webhook",
    "support/": "giving",
    "newsletter/": "newsletter",
    "media/": "file",
    "^documents/": "file",
}
OUR_OWN = ("healthz", "livez", "readyz", "metrics")  # asked by machines, day and night


class Counts:
    """What this process has not handed over yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.fields: Counter[str] = Counter()
        self.variants: Counter[str] = Counter()
        self.handed_over = 0.0

    def add(self, kind: str, status: int, seconds: float) -> bool:
        """Is it time to hand over? Whoever has added it does so."""
        bound = next(one for one in BOUNDS if seconds <= one)
        with self.lock:
            self.fields[f"requests {kind} {status // 100}xx"] += 1
            self.fields[f"bucket {kind} {bound}"] += 1
            self.fields[f"milliseconds {kind} -"] += round(seconds * 1000)
            if time.monotonic() - self.handed_over < EVERY:
                return False
            self.handed_over = time.monotonic()
        return True

    def show(self, variant: str) -> None:
        """A page was shown in this one of its variants (newsroom/kept_pages/)."""
        with self.lock:
            self.variants[variant] += 1

    def hand_over(self) -> None:
        with self.lock:
            fields, self.fields = self.fields, Counter()
            variants, self.variants = self.variants, Counter()
        today = f"{VARIANTS} {datetime.now(UTC):%Y-%m-%d}"
        try:
            with store().pipeline(transaction=False) as together:
                for field, many in fields.items():
                    together.hincrby(KEY, field, many)
                for variant, many in variants.items():
                    together.hincrby(today, variant, many)
                if variants:
                    together.expire(today, VARIANTS_LAST)
                together.execute()
        except redis.RedisError:
            with self.lock:
                self.fields.update(fields)
                self.variants.update(variants)


counts = Counts()


def count(get_response: View) -> View:
    """Around all other middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = get_response(request)
        seconds, kind = time.monotonic() - began, kind_of(request)
        if kind and counts.add(kind, response.status_code, seconds):
            counts.hand_over()
        return response

    return middleware


def kind_of(request: HttpRequest) -> str:
    route = request.resolver_match.route if request.resolver_match else None
    if route is None:
        return "none"  # no view of ours: a static file, a redirect, nothing there
    if route.startswith(OUR_OWN):
        return ""
    return next((kind for start, kind in KINDS.items() if route.startswith(start)), "page")


def shown_on(day: date) -> dict[str, int]:
    """How often each variant was shown on a day (UTC), as far as it was handed over."""
    found = store().hgetall(f"{VARIANTS} {day:%Y-%m-%d}")
    return {variant.decode(): int(many) for variant, many in found.items()}


def told() -> tuple[dict[tuple[str, str], int], dict[tuple[str], tuple[list[Any], float]]]:
    """By kind and status; and by kind how many took up to how long, and all their seconds."""
    by_status: dict[tuple[str, str], int] = {}
    buckets: dict[str, Counter[float]] = {}
    seconds: Counter[str] = Counter()
    for field, many in store().hgetall(KEY).items():
        what, kind, detail = field.decode().split()
        if what == "requests":
            by_status[kind, detail] = int(many)
        elif what == "bucket":
            buckets.setdefault(kind, Counter())[float(detail)] += int(many)
        else:
            seconds[kind] += int(many)
    times: dict[tuple[str], tuple[list[Any], float]] = {}
    for kind, found in buckets.items():
        sums = accumulate(found[bound] for bound in BOUNDS)
        named = [
            ("+Inf" if bound == BOUNDS[-1] else str(bound), float(many))
            for bound, many in zip(BOUNDS, sums, strict=True)
        ]
        times[(kind,)] = (named, seconds[kind] / 1000)
    return by_status, times

"""Card thieves try stolen cards on donation forms, thousands at a time. What makes ours useless.

Each network may begin so many checkouts. When all of them together come too fast, or most
payments fail, a breaker trips: then a browser has to do a sum first (proof of work, as in
Hashcash), or, without JavaScript, to wait. Nothing here ever says why a card failed.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.core.signing import BadSignature, TimestampSigner
from django.db import models
from django.http import HttpRequest

from donations.models import Review, StripeEvent
from newsroom.core.public_forms import count, too_often

PER_MINUTE = 300  # checkouts of everyone together, before each costs work
BITS = 16  # some 65,000 hashes: a second in a browser, days for a hundred thousand cards
WAIT_SECONDS = 20  # instead of the sum, without JavaScript …
WAITERS = {"most": 5, "seconds": 600}  # … for so many of a network
CHALLENGE_SECONDS = 600
BREAKER, BREAKER_SECONDS = "checkout-breaker", 1800

LOOK_BACK = timedelta(minutes=15)
FAILURES = 20  # in that time, and more than there were successes
FAILED, PAID = "payment_intent.payment_failed", "payment_intent.succeeded"


@dataclass(frozen=True)
class Challenge:
    """A sum for a browser to do; ``wait`` is what it may do instead."""

    text: str
    bits: int = BITS
    wait: int = WAIT_SECONDS


def challenge() -> Challenge:
    return Challenge(TimestampSigner(salt="work").sign(secrets.token_urlsafe(9)))


def needs_work(request: HttpRequest) -> bool:
    """Count this checkout; True when the breaker has tripped and no work comes with it."""
    fast = count(f"checkouts:{int(time.time()) // 60}", 120) > PER_MINUTE
    if not fast and not cache.get(BREAKER):
        return False
    return not _has_worked(request)


def _has_worked(request: HttpRequest) -> bool:
    """A challenge of ours, not too old, used for the first time; solved, or waited for."""
    text, nonce = request.POST.get("challenge", ""), request.POST.get("work", "")
    signer = TimestampSigner(salt="work")
    try:
        signer.unsign(text, max_age=CHALLENGE_SECONDS)
    except BadSignature:
        return False
    if not solves(text, nonce):
        try:
            signer.unsign(text, max_age=WAIT_SECONDS)
        except BadSignature:  # older than that: waited for
            if too_often(request, "waited", **WAITERS):
                return False
        else:
            return False
    used = hashlib.sha256(text.encode()).hexdigest()[:32]
    return bool(cache.add(f"work:{used}", 1, timeout=CHALLENGE_SECONDS))


def solves(text: str, nonce: str, bits: int = BITS) -> bool:
    """Does SHA-256 of the challenge and the nonce begin with so many zero bits?"""
    digest = hashlib.sha256(f"{text}:{nonce}".encode()[:400]).digest()
    return bool(nonce) and int.from_bytes(digest[:8], "big") >> (64 - bits) == 0


def watch(now: datetime) -> bool:
    """Trip the breaker while most payments fail, and tell finance; did it?

    Counts what Stripe tells, not our contributions: a card declined before a
    recurring contribution began belongs to no contribution.
    """
    told = StripeEvent.objects.filter(received_at__gt=now - LOOK_BACK, type__in=[FAILED, PAID])
    counts = dict(told.values_list("type").annotate(models.Count("pk")))
    failed, paid = counts.get(FAILED, 0), counts.get(PAID, 0)
    if failed < FAILURES or failed <= paid:
        return False
    cache.set(BREAKER, 1, BREAKER_SECONDS)
    why = f"{failed} of {failed + paid} payments failed within {LOOK_BACK.seconds // 60} minutes. "
    why += "Checkouts cost a sum now, for half an hour. Look at Radar at Stripe."
    Review.open(Review.Kind.CARD_TESTING, f"{now:%Y-%m-%d %H}", why)
    return True

"""A sum for a browser to do before a form is taken (proof of work, as in Hashcash): nothing for one
reader, much for who sends thousands. Without JavaScript a browser may wait instead.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest

from newsroom.web.public_forms import Refused, too_often

BITS = 16  # some 65,000 hashes: a second in a browser, and an hour for a hundred thousand forms
WAIT_SECONDS = 20  # instead of the sum, without JavaScript …
WAITERS = {"most": 5, "seconds": 600}  # … for so many of a network
CHALLENGE_SECONDS = 600


@dataclass(frozen=True)
class Challenge:
    """A sum for a browser to do; ``wait`` is what it may do instead."""

    text: str
    bits: int = BITS
    wait: int = WAIT_SECONDS


def first(needed: bool) -> Refused | None:
    """Work first, if it is needed."""
    return Refused("", 429, challenge()) if needed else None


def challenge() -> Challenge:
    return Challenge(TimestampSigner(salt="work").sign(secrets.token_urlsafe(9)))


def has_worked(request: HttpRequest, said: Mapping[str, Any] | None = None) -> bool:
    """A challenge of ours, not too old, used for the first time; solved, or waited for. In the
    form, or in what was ``said`` otherwise."""
    said = request.POST if said is None else said
    text, nonce = str(said.get("challenge", "")), str(said.get("work", ""))
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
    digest = hashlib.sha256(f"{text}:{nonce}".encode(errors="replace")[:400]).digest()
    return bool(nonce) and int.from_bytes(digest[:8], "big") >> (64 - bits) == 0

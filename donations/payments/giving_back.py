"""Calls of Stripe that give money back, as gateway.py for all else.

A key makes a refund one, as long as Stripe keeps it; after that, its name at Stripe does.
"""

from datetime import timedelta
from typing import Any

import stripe

from .gateway import client, known_or_unavailable

# "Idempotent requests": keys may be forgotten once they are 24 hours old. One less, for the time
# that a call may take.
KEYS_ARE_KEPT = timedelta(hours=23)
NAME = "refund"  # in the refund's metadata


def give_back(payment_intent: str, amount: int, key: str, reason: str = "") -> stripe.Refund:
    """Refund a part or all of a payment; the same key gives the same refund, for KEYS_ARE_KEPT.
    ``reason``: Stripe's word, or none. Raises Unavailable when nobody knows yet,
    stripe.StripeError when it refuses.
    """
    params: Any = {"payment_intent": payment_intent, "amount": amount, "reason": reason or None}
    params["metadata"] = {NAME: key}
    with known_or_unavailable():
        return client().v1.refunds.create(params=params, options={"idempotency_key": key})


def given_back(payment_intent: str, key: str) -> stripe.Refund | None:
    """What was given back under this key, however long ago. Raises Unavailable, and
    stripe.StripeError."""
    params: Any = {"payment_intent": payment_intent, "limit": 100}
    with known_or_unavailable():
        for made in client().v1.refunds.list(params=params).auto_paging_iter():
            if made.metadata and made.metadata.to_dict().get(NAME) == key:
                return made
    return None

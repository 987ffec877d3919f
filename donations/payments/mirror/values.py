"""Small things of Stripe's objects, and what to do with one that we don't know."""

from datetime import UTC, datetime
from typing import Any

from donations.models import Review
from newsroom.core.privacy import card_index, instrument_index


def say_unknown(pk: str, what: str, **fields: Any) -> None:
    """Each thing is a review of its own: who closed one has not seen the next."""
    why = f"{pk} has {what}, which we don't know. It is kept; please look at it at Stripe."
    Review.open(Review.Kind.UNKNOWN, f"{pk}: {what}"[:255], why, **fields)


def name_of(method: Any) -> str:
    """“visa 4242”, “sepa 3000”, “paypal”: of a PaymentMethod or a charge's details of one."""
    if method is None:
        return ""
    part = getattr(method, method.type, None)
    brand = getattr(part, "brand", None) or method.type.removesuffix("_debit")
    return f"{brand} {getattr(part, 'last4', None) or ''}".strip()[:60]


def facts_of(details: Any) -> dict[str, Any]:
    """Of a charge's payment method: what finance filters by and finds it by."""
    if details is None:
        return {"method": "", "country": "", "last_four_index": None, "instrument_index": None}
    part = getattr(details, details.type, None)
    last_four = getattr(part, "last4", None)
    fingerprint = getattr(part, "fingerprint", None)
    return {
        "method": details.type[:40],
        "country": (getattr(part, "country", None) or "")[:2].upper(),
        "last_four_index": card_index(last_four) if last_four else None,
        "instrument_index": instrument_index(fingerprint) if fingerprint else None,
    }


def time_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def time_or_none(seconds: int | None) -> datetime | None:
    return time_of(seconds) if seconds else None

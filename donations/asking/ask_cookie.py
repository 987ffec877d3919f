"""Show, hide or defer the ask for this visitor.

All that is remembered is one small signed cookie without identity: until when the box stays
away, and why. Pages differ by it in one bit only, so they can be cached.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "ask"
SALT = "ask"
LONGEST = timedelta(days=400)  # browsers keep no cookie longer (RFC 6265bis)

# How long a donor sees no box.
AFTER_CONTRIBUTION = {
    "once": timedelta(days=60),
    "monthly": timedelta(days=365),
    "annual": timedelta(days=365),
}


@dataclass(frozen=True)
class Choice:
    """One answer to “Remind me later”: a form value, its label, how far off it is."""

    value: str
    label: str
    after: timedelta


LATER = [
    Choice("week", "In a week", timedelta(days=7)),
    Choice("month", "In a month", timedelta(days=30)),
    Choice("quarter", "In three months", timedelta(days=91)),
]
LATER_BY_VALUE = {choice.value: choice for choice in LATER}


def hidden_until(request: HttpRequest) -> datetime | None:
    """Until when the box stays away; None when it may be shown, or the cookie is forged."""
    try:
        seconds = int(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)["until"])
        return datetime.fromtimestamp(seconds, UTC)
    except (signing.BadSignature, KeyError, TypeError, ValueError, OverflowError):
        return None


def shown(request: HttpRequest, now: datetime) -> bool:
    until = hidden_until(request)
    return until is None or until <= now


def hide(response: HttpResponse, until: datetime, why: str) -> None:
    """Keep the box away from this browser until then; ``why`` is "later" or "gave"."""
    value = signing.dumps({"until": int(until.timestamp()), "why": why}, salt=SALT)
    response.set_cookie(
        COOKIE,
        value,
        expires=until,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def show_again(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")

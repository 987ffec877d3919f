"""Show, hide or defer the ask for this visitor.

All that is remembered is one small signed cookie without identity: until when the box stays
away. Not why: on a seized laptop “gave” would be evidence. Pages differ by it in one bit only, so
they can be cached.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpResponse

COOKIE = "ask"
SALT = "ask"
LONGEST = timedelta(days=400)  # browsers keep no cookie longer (RFC 6265bis)

# How long a donor sees no box. Each is a choice of “Remind me later” too (FAR): the browser's own
# record of when it got the cookie, and until when, must not tell a donor from who said “later”.
AFTER_CONTRIBUTION = {
    "once": timedelta(days=60),
    "monthly": timedelta(days=365),
    "annual": timedelta(days=365),
}


def hidden_until(cookie: str) -> datetime | None:
    """Until when the box stays away; None when it may be shown, or the cookie is forged."""
    try:
        seconds = int(signing.Signer(salt=SALT).unsign(cookie))
        return datetime.fromtimestamp(seconds, UTC)
    except (signing.BadSignature, ValueError, OverflowError):
        return None


def shown(cookie: str, now: datetime) -> bool:
    until = hidden_until(cookie)
    return until is None or until <= now


def hide(response: HttpResponse, until: datetime) -> None:
    """Keep the box away from this browser until the end of that day (UTC): the second would tell
    when the box was answered, and so when a contribution was made. Signed without a time, too."""
    until = until.astimezone(UTC).replace(hour=23, minute=59, second=59, microsecond=0)
    value = signing.Signer(salt=SALT).sign(str(int(until.timestamp())))
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

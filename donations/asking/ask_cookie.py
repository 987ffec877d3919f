"""The one small cookie of the ask: sealed against changes, without identity.

It holds what deciding.py needs to know. Not why somebody is not asked: on a seized laptop “gave”
would be evidence. An old one, which held nothing but the second until which to be silent, still
does.
"""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from donations.asking.deciding import Memory

COOKIE = "ask"
SALT = "ask"
LARGEST = 120  # bytes; what is larger is not looked at
LASTS = timedelta(days=400)  # browsers keep no cookie longer (RFC 6265bis)

# How long a donor sees no box. Each is a choice of “Remind me later” too (FAR): the browser's own
# record of when it got the cookie, and until when, must not tell a donor from who said “later”.
AFTER_CONTRIBUTION = {
    "once": timedelta(days=60),
    "monthly": timedelta(days=365),
    "annual": timedelta(days=365),
}


def day_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 86_400


def today() -> int:
    return int(time.time()) // 86_400


def opened(cookie: str | None) -> Memory | None:
    """What it holds; None for no cookie, and for one that is not as we made it."""
    if not cookie or len(cookie) > LARGEST or not cookie.isascii():
        return None
    text, _, mac = cookie.rpartition(":")
    for key in keys():
        if hmac.compare_digest(mac, mac_of(text, key)):
            return _read(text)
    return _opened_old(cookie)


def _read(text: str) -> Memory | None:
    """Two versions may run at once, and one may follow the other back: what a newer one wrote at
    the end is left out, what an older one did not know is nought."""
    try:
        return Memory(*map(int, text.split(".")[: len(Memory._fields)]))
    except ValueError:
        return None


def sealed(memory: Memory) -> str:
    text = ".".join(map(str, memory))
    return f"{text}:{mac_of(text, keys()[0])}"


def mac_of(text: str, key: bytes) -> str:
    """Half the time of Django's: it is made while a page waits that is kept."""
    mac = hashlib.blake2b(text.encode(), key=key, digest_size=15).digest()
    return base64.urlsafe_b64encode(mac).decode()


def keys() -> tuple[bytes, ...]:
    """The newest first."""
    return _keys(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=2)
def _keys(*secrets: str) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(f"{SALT} {secret}".encode()).digest() for secret in secrets)


def _opened_old(cookie: str) -> Memory | None:
    try:
        seconds = int(signing.Signer(salt=SALT).unsign(cookie))
    except (signing.BadSignature, ValueError):
        return None
    return Memory(until=seconds // 86_400)


def remembered(request: HttpRequest) -> Memory:
    return opened(request.COOKIES.get(COOKIE)) or Memory()


def hide(
    request: HttpRequest, response: HttpResponse, until: datetime, *, articles: int = 0
) -> None:
    """Ask nothing of this browser until the end of that day (UTC), or until so many more articles
    were read. The second would tell when it was answered, and so when a contribution was made."""
    latest = min(until, datetime.now(UTC) + LASTS)
    remember(response, remembered(request).deferred(day_of(latest), articles))


def remember(response: HttpResponse, memory: Memory) -> None:
    """Each lasts as long as any other, so that this tells nothing, either."""
    response.set_cookie(
        COOKIE,
        sealed(memory),
        max_age=LASTS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def header(memory: Memory) -> str:
    """The same as the value of a “Set-Cookie”."""
    secure = "; Secure" if settings.HTTPS else ""
    lasts = int(LASTS.total_seconds())
    return f"{COOKIE}={sealed(memory)}; HttpOnly; Max-Age={lasts}; Path=/; SameSite=Lax{secure}"

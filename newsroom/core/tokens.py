"""Links that open one person's page: opaque, unforgeable, bound to one purpose.

*Permanent* tokens never expire, as an unsubscribe link must not (RFC 8058; the CAN-SPAM Act asks
for 30 days at least): they hang on ``BLIND_INDEX_KEY``, which is kept for life. *Expiring* ones
carry their time and hang on ``SECRET_KEY``.

After an emergency ``SECRET_KEY`` is another one, and ``LINKS_REVOKED`` has one more day: permanent
tokens from before open nothing, but for those that only stop mail (``STOPS_MAIL``).
"""

import hmac
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.conf import settings
from django.core import signing

from newsroom.core.privacy import keyed_hash

MAC_BYTES = 12
STOPS_MAIL = {"unsubscribe", "leave", "bounce"}  # first words of purposes


class BadToken(Exception):
    """Forged, cut off, or made for another purpose."""


class StaleToken(BadToken):
    """Ours, but too old."""


def permanent(purpose: str, number: int) -> str:
    """27 characters for a row's id: 8 bytes of id, 12 of MAC, base64url (RFC 4648)."""
    return _permanent(_raw(purpose, number, _last_day()))


def read_permanent(purpose: str, token: str) -> int:
    """The id that :func:`permanent` put in. Raises BadToken."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        number = int(struct.unpack(">q", raw[:8])[0])
    except (ValueError, struct.error) as error:
        raise BadToken from error
    if not _is_ours(purpose, number, raw) or _permanent(raw) != token:
        raise BadToken
    return number


def is_of_today(purpose: str, token: str) -> bool:
    """Was this one, which still stops mail, made since links were last revoked? Else it may be in
    anybody's hands, and leads no further."""
    return token == permanent(purpose, read_permanent(purpose, token))


def caseless(purpose: str, number: int) -> str:
    """As :func:`permanent`, for a mail address, whose case is often lost on its way: 32 characters
    of base32 (RFC 4648) in small letters."""
    return b32encode(_raw(purpose, number, _last_day())).decode().lower()


def read_caseless(purpose: str, token: str) -> int:
    """The id that :func:`caseless` put in, in whatever case it comes back. Raises BadToken."""
    try:
        raw = b32decode(token, casefold=True)
        number = int(struct.unpack(">q", raw[:8])[0])
    except (ValueError, struct.error) as error:
        raise BadToken from error
    if not _is_ours(purpose, number, raw):
        raise BadToken
    return number


def _last_day() -> str:
    return settings.LINKS_REVOKED[-1] if settings.LINKS_REVOKED else ""


def _is_ours(purpose: str, number: int, raw: bytes) -> bool:
    days = [_last_day()]
    if purpose.split()[0] in STOPS_MAIL:
        days = ["", *settings.LINKS_REVOKED]
    return any(hmac.compare_digest(_raw(purpose, number, day), raw) for day in days)


def _raw(purpose: str, number: int, day: str) -> bytes:
    mac = keyed_hash(f"{purpose}:{number}", f"token {day}".strip())[:MAC_BYTES]
    return struct.pack(">q", number) + mac


def _permanent(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def expiring(purpose: str, value: Any) -> str:
    return signing.dumps(value, salt=purpose)


def read_old(purpose: str, token: str, *, seconds: int) -> tuple[Any, bool]:
    """The value that :func:`expiring` put in, and whether it is older than ``seconds``: what such a
    link has done may be said for longer than it does anything. Raises BadToken."""
    try:
        return read_expiring(purpose, token, seconds=seconds), False
    except StaleToken:
        return signing.loads(token, salt=purpose), True


def read_expiring(purpose: str, token: str, *, seconds: int) -> Any:
    """The value that :func:`expiring` put in, if younger than ``seconds``.

    Raises StaleToken or BadToken.
    """
    try:
        return signing.loads(token, salt=purpose, max_age=seconds)
    except signing.SignatureExpired as error:
        raise StaleToken from error
    except signing.BadSignature as error:
        raise BadToken from error

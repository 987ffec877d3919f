"""Links that open one person's page: opaque, unforgeable, bound to one purpose.

*Permanent* tokens never expire, as an unsubscribe link must not (RFC 8058; the CAN-SPAM Act asks
for 30 days at least): they hang on ``BLIND_INDEX_KEY``, which is kept for life. *Expiring* ones
carry their time and hang on ``SECRET_KEY``.
"""

import hmac
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.core import signing

from newsroom.core.privacy import keyed_hash

MAC_BYTES = 12


class BadToken(Exception):
    """Forged, cut off, or made for another purpose."""


class StaleToken(BadToken):
    """Ours, but too old."""


def permanent(purpose: str, number: int) -> str:
    """27 characters for a row's id: 8 bytes of id, 12 of MAC, base64url (RFC 4648)."""
    return urlsafe_b64encode(_raw(purpose, number)).rstrip(b"=").decode()


def read_permanent(purpose: str, token: str) -> int:
    """The id that :func:`permanent` put in. Raises BadToken."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        number = int(struct.unpack(">q", raw[:8])[0])
    except (ValueError, struct.error) as error:
        raise BadToken from error
    if not hmac.compare_digest(permanent(purpose, number), token):
        raise BadToken
    return number


def caseless(purpose: str, number: int) -> str:
    """As :func:`permanent`, for a mail address, whose case is often lost on its way: 32 characters
    of base32 (RFC 4648) in small letters."""
    return b32encode(_raw(purpose, number)).decode().lower()


def read_caseless(purpose: str, token: str) -> int:
    """The id that :func:`caseless` put in, in whatever case it comes back. Raises BadToken."""
    try:
        raw = b32decode(token, casefold=True)
        number = int(struct.unpack(">q", raw[:8])[0])
    except (ValueError, struct.error) as error:
        raise BadToken from error
    if not hmac.compare_digest(_raw(purpose, number), raw):
        raise BadToken
    return number


def _raw(purpose: str, number: int) -> bytes:
    mac = keyed_hash(f"{purpose}:{number}", "token")[:MAC_BYTES]
    return struct.pack(">q", number) + mac


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

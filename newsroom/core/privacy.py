"""Personal data at rest: encrypted fields, and a blind index to find a row by its plain value.

A stolen database must name no one. Values are sealed with AES-256-GCM (NIST SP 800-38D) under a
key that lives outside the database; equality look-ups go through a keyed HMAC-SHA256 (a "blind
index"), which reveals nothing without its own key.

A sealed value is ``key id (1 byte) | nonce (12) | ciphertext and tag``. The key id lets keys be
rotated: ``PRIVACY_KEYS`` lists them oldest first as ``id:base64``; the last one seals, all of
them open, ``manage.py rotate_keys`` re-seals. The blind index has one key for life, because
changing it means recomputing every row.
"""

import hashlib
import hmac
import os
from base64 import b64decode
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

NONCE_BYTES, KEY_BYTES = 12, 32

if TYPE_CHECKING:  # what Python code sees of the two fields

    class SealedText(models.Field[str, str]): ...

    class Index(models.Field[bytes, bytes]): ...

else:
    SealedText = Index = models.BinaryField


class Unreadable(Exception):
    """A sealed value that no configured key opens: a lost key, or tampering."""


@cache
def _ciphers() -> dict[int, AESGCM]:
    """Key id -> cipher, oldest first, from ``PRIVACY_KEYS``."""
    ciphers = {}
    for entry in settings.PRIVACY_KEYS:
        number, _, key = entry.partition(":")
        if not number.isdecimal() or not 0 < int(number) < 256 or int(number) in ciphers:
            raise ImproperlyConfigured("PRIVACY_KEYS: number each key, 1 to 255, none twice.")
        ciphers[int(number)] = AESGCM(_key("PRIVACY_KEYS", key))
    return ciphers


@cache
def _index_key() -> bytes:
    return _key("BLIND_INDEX_KEY", settings.BLIND_INDEX_KEY)


def _key(name: str, text: str) -> bytes:
    """Raises ImproperlyConfigured, which names the variable, for a key of another shape."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{name}: a key is base64 of {KEY_BYTES} random bytes.")
    return key


def refuse_bad_keys() -> None:
    """Raises ImproperlyConfigured: a weak key shows at the start, not in a stolen database."""
    _ciphers()
    _index_key()
    if any(len(key) < KEY_BYTES for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)):
        raise ImproperlyConfigured(f"SECRET_KEY: {KEY_BYTES} random characters at least.")


def seal(text: str, context: str) -> bytes:
    """Encrypt ``text``. ``context`` (say "subscriber.email") is authenticated: a value moved to
    a place with another name does not open there."""
    number, cipher = list(_ciphers().items())[-1]
    nonce = os.urandom(NONCE_BYTES)
    return bytes([number]) + nonce + cipher.encrypt(nonce, text.encode(), context.encode())


def unseal(sealed: bytes, context: str) -> str:
    """Decrypt what :func:`seal` made. Raises Unreadable."""
    sealed = bytes(sealed)
    try:
        cipher = _ciphers()[sealed[0]]
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return cipher.decrypt(nonce, body, context.encode()).decode()
    except (KeyError, IndexError, InvalidTag) as error:
        raise Unreadable(f"{context}: no configured key opens this value") from error


def sealed_with_newest_key(sealed: bytes) -> bool:
    return bytes(sealed)[0] == list(_ciphers())[-1]


def keyed_hash(text: str, purpose: str) -> bytes:
    """HMAC-SHA256 of ``text`` under the index key, 32 bytes. Different purposes never match."""
    return hmac.new(_index_key(), f"{purpose}\0{text}".encode(), hashlib.sha256).digest()


def email_index(email: str) -> bytes:
    """The blind index of an address: letter case never tells two readers apart."""
    return keyed_hash(email.strip().casefold(), "email")


class EncryptedField(SealedText):
    """Text in Python, sealed bytes in PostgreSQL. It can't be filtered on: use a blind index.

    ``context`` is the value's own name, not its column's, so that tables and columns may be
    renamed. It must never change, and no two fields may share one.
    """

    def __init__(self, *args: Any, context: str, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)  # never offered in an admin form by accident
        super().__init__(*args, **kwargs)
        self.context = context

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs | {"context": self.context}

    def to_python(self, value: Any) -> Any:
        return value  # a form's text; Django's field takes it for base64

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = seal(value, self.context) if value else b""
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return unseal(value, self.context) if value else ""

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: only isnull works; use its blind index.")
        return super().get_lookup(lookup_name)


class BlindIndexField(Index):
    """The 32 bytes of :func:`email_index`, unique unless told otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        kwargs.setdefault("max_length", 32)
        super().__init__(*args, **kwargs)

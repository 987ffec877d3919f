"""Personal data at rest: encrypted fields, and blind indexes to find a row by its plain value.

A stolen database must name no one, nor tell who is in it twice. Values are sealed with AES-256-GCM
(NIST SP 800-38D) under a key that lives outside the database, padded first (PKCS #7, RFC 5652,
section 6.3), so that their length tells nothing. Equality look-ups go through a keyed HMAC-SHA256
(a “blind index”) under a key of its own for each purpose, so that one person's row on the
newsletter's side and on the giving side have nothing in common: who needs both unseals the address
and computes the other side's index.

A sealed value is ``key id (1 byte) | nonce (12) | ciphertext and tag``. The key id lets keys be
rotated: ``PRIVACY_KEYS`` lists them oldest first as ``id:base64``; the last one seals, all of
them open, ``manage.py rotate_keys`` re-seals. (Should there be data keys by the day one day, whose
private half only workers hold, they are a kind of their own under a key id that is kept for them:
callers know ``seal`` and ``unseal`` only.) The blind indexes hang on one key for life, because
changing it means recomputing every row.
"""

import hashlib
import hmac
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from newsroom.core.environment.shapes import KEY_BYTES, key_of, numbered_keys

NONCE_BYTES = 12
# The longest address (254 bytes: RFC 5321, erratum 1690) and a byte of padding: one length for all.
STEP = 255

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
    return {number: AESGCM(key) for number, key in numbered_keys(settings.PRIVACY_KEYS).items()}


@cache
def _index_key(purpose: str) -> bytes:
    """The key of one purpose, derived from ``BLIND_INDEX_KEY`` (HKDF, RFC 5869)."""
    key = key_of(settings.BLIND_INDEX_KEY)
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def seal(text: str, context: str) -> bytes:
    """Encrypt ``text``, padded to a multiple of ``STEP`` bytes. ``context`` (say
    "subscriber.email") is authenticated: a value moved to a place with another name does not open
    there."""
    number, cipher = list(_ciphers().items())[-1]
    nonce = os.urandom(NONCE_BYTES)
    plain = encoded(text)
    missing = STEP - len(plain) % STEP
    padded = plain + bytes([missing]) * missing
    return bytes([number]) + nonce + cipher.encrypt(nonce, padded, context.encode())


def unseal(sealed: bytes, context: str) -> str:
    """Decrypt what :func:`seal` made. Raises Unreadable."""
    sealed = bytes(sealed)
    try:
        cipher = _ciphers()[sealed[0]]
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        padded = cipher.decrypt(nonce, body, context.encode())
    except (KeyError, IndexError, ValueError, InvalidTag) as error:
        raise Unreadable(f"{context}: no configured key opens this value") from error
    return padded[: -padded[-1]].decode("utf-8", "surrogatepass")  # whatever the step was then


def encoded(text: str) -> bytes:
    """UTF-8 of every text that Python can hold: Stripe's JSON may bring half a character."""
    return text.encode("utf-8", "surrogatepass")


def sealed_with_newest_key(sealed: bytes) -> bool:
    return bytes(sealed)[0] == list(_ciphers())[-1]


def keyed_hash(text: str, purpose: str) -> bytes:
    """HMAC-SHA256 of ``text`` under the key of ``purpose``, 32 bytes. Those of two purposes have
    nothing in common."""
    return hmac.digest(_index_key(purpose), encoded(text), hashlib.sha256)


def list_index(email: str) -> bytes:
    """The blind index of an address as a reader's: of subscribers and suppressions."""
    return keyed_hash(folded(email), "list")


def giving_index(email: str) -> bytes:
    """… as a donor's, or as one who wants to be reminded."""
    return keyed_hash(folded(email), "giving")


def donor_name_index(name: str) -> bytes:
    """… of a donor's whole name."""
    return keyed_hash(" ".join(folded(name).split()), "donor name")


def card_index(last_four: str) -> bytes:
    """… of the last digits of a card or an account."""
    return keyed_hash(last_four, "last four")


def instrument_index(fingerprint: str) -> bytes:
    """… of a card or an account, by the fingerprint that Stripe has of it."""
    return keyed_hash(fingerprint, "instrument")


def network_index(network: str) -> bytes:
    """… of a network that somebody gives from. It is kept for some days."""
    return keyed_hash(network, "giving network")


def word_index(word: str) -> bytes:
    """… of a word in a note of finance's."""
    return keyed_hash(folded(word), "note")


def staff_index(email: str) -> bytes:
    """… as a colleague's."""
    return keyed_hash(folded(email), "staff")


def folded(email: str) -> str:
    """Letter case never tells two people apart."""
    return email.strip().casefold()


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

    def get_default(self) -> str:
        return ""  # text, where a field of bytes has b""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = seal(value, self.context)  # nothing, too: that somebody left no name
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else unseal(value, self.context)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: only isnull works; use its blind index.")
        return super().get_lookup(lookup_name)


class BlindIndexField(Index):
    """The 32 bytes of one of the indexes above."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        kwargs.setdefault("max_length", 32)
        super().__init__(*args, **kwargs)


@BlindIndexField.register_lookup
class AnyOf(models.Lookup):
    """Is it one of these, as one value of the query, however many they are? PostgreSQL puts them
    into a hash table."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        indexed, values = self.process_lhs(compiler, connection)
        return f"{indexed} = ANY(%s::bytea[])", [*values, list(self.rhs)]

"""An escrow copy: the keys in a file that a person takes away, and a passphrase that another keeps.

The file is text: a first line that says what it is, then base64 of ``salt (16) | nonce (12) |
ciphertext and tag``: AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase. That
is made here, 125 bits, since people choose worse ones. Needs no settings: it is opened before there
are any.
"""

import os
import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

TITLE = (
    "Escrow copy of a newsroom's keys, form 1. “manage.py recover” opens it with its passphrase."
)
SALT, NONCE = 16, 12
COST = 2**17  # 128 MB, half a second
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none looks like another
GROUPS, LENGTH = 5, 5


class Unopened(Exception):
    """No escrow copy, or another passphrase; why, as ``args[0]``."""


def new_passphrase() -> str:
    """“abcde-fghij-…”, to be written down by hand."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def sealed(text: str, passphrase: str) -> str:
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    body = AESGCM(_key(passphrase, salt)).encrypt(nonce, text.encode(), TITLE.encode())
    return f"{TITLE}\n{b64encode(salt + nonce + body).decode()}\n"


def opened(copy: str, passphrase: str) -> str:
    """What :func:`sealed` was given. Raises Unopened."""
    title, _, body = copy.partition("\n")
    if title.strip() != TITLE:
        raise Unopened("This is no escrow copy.")
    try:
        raw = b64decode("".join(body.split()), validate=True)
        salt, nonce, rest = raw[:SALT], raw[SALT : SALT + NONCE], raw[SALT + NONCE :]
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, rest, TITLE.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise Unopened("Another passphrase, or the copy is damaged.") from error


def _key(passphrase: str, salt: bytes) -> bytes:
    plain = "".join(letter for letter in passphrase.lower() if letter.isalnum())
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(plain.encode())

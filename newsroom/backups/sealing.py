"""A stream, sealed piece by piece: what is as large as a database never has to fit into memory.

Each part of a backup has a key of its own, derived from ``BACKUP_KEY``, a salt and its name (HKDF,
RFC 5869). A piece of 1 MiB is sealed with AES-256-GCM; its nonce is its number, and whether it is
the last: so no piece can be changed, moved, left out, or cut off at the end (Hoang, Reyhanitabar,
Rogaway and Vizár, “Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance”, STREAM).
"""

import hashlib
import io
import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"newsroom backup 1\n"
SALT, TAG, PIECE = 32, 16, 1 << 20


class Damaged(Exception):
    """Not what was sealed: another key, another part, changed or cut off."""


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=name.encode()).derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Sealer(io.RawIOBase):
    """Seals what is written to it; it is whole once it is closed. Counts and hashes the plain."""

    def __init__(self, file: IO[bytes], key: bytes, name: str) -> None:
        salt = os.urandom(SALT)
        self.file, self.cipher = file, _cipher(key, salt, name)
        self.waiting, self.number, self.size = bytearray(), 0, 0
        self.hash = hashlib.sha256()
        file.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        plain = bytes(data)  # type: ignore[call-overload]
        self.hash.update(plain)
        self.size += len(plain)
        self.waiting += plain
        while len(self.waiting) > PIECE:  # what stays may be the last
            self._seal(PIECE, last=False)
        return len(plain)

    def _seal(self, size: int, last: bool) -> None:
        piece, nonce = bytes(self.waiting[:size]), _nonce(self.number, last)
        del self.waiting[:size]
        self.file.write(self.cipher.encrypt(nonce, piece, None))
        self.number += 1

    def finish(self) -> None:
        """The last piece: without it nobody opens the end. (Not on ``close``, which an error may
        cause as well.)"""
        self._seal(len(self.waiting), last=True)


class Opener(io.RawIOBase):
    """Reads what a Sealer wrote. Raises Damaged, at the latest when its end is read."""

    def __init__(self, file: IO[bytes], key: bytes, name: str) -> None:
        head = file.read(len(MAGIC) + SALT)
        if len(head) != len(MAGIC) + SALT or not head.startswith(MAGIC):
            raise Damaged(f"{name}: no part of a backup")
        self.file, self.name = file, name
        self.cipher = _cipher(key, head[len(MAGIC) :], name)
        self.next, self.plain, self.number = file.read(PIECE + TAG), b"", 0
        if not self.next:  # of nothing at all there is still a last piece
            raise Damaged(f"{name}: cut off")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if not self.plain and self.next:
            self._open()
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = min(len(view), len(self.plain))
        view[:size] = self.plain[:size]
        self.plain = self.plain[size:]
        return size

    def _open(self) -> None:
        piece, self.next = self.next, self.file.read(PIECE + TAG)
        try:
            nonce = _nonce(self.number, last=not self.next)
            self.plain = self.cipher.decrypt(nonce, piece, None)
        except InvalidTag as error:
            words = "BACKUP_KEY is another one, or the file was changed or cut off"
            raise Damaged(f"{self.name}: {words}") from error
        self.number += 1

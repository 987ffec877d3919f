"""How long a request's body may be, for the front, before it is read, and for Django; and where a
long one waits: on a disk as noise, its key in memory only.

A list of readers that somebody uploads must not be found in ``/tmp``, nor on a disk that is thrown
away. AES in counter mode (NIST SP 800-38A) opens at any place; a fresh key for each file makes a
counter from nought right.
"""

import io
import os
from importlib import import_module
from tempfile import TemporaryFile
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db import DatabaseError
from django.http import parse_cookie

# Bytes. A reader's form is a few hundred; Stripe's largest events are some 100 kB; staff upload
# pictures and documents, and lists of a million readers.
PUBLIC_BODY, WEBHOOK_BODY, STAFF_BODY, LIST_BODY = 64_000, 1_000_000, 20_000_000, 300_000_000
LISTS = "/admin/newsletters/imports/"
BLOCK = 16  # bytes, of AES


def most_bytes(environ: dict[str, Any]) -> int:
    """Of this request's body. The database is asked only about a long one for the admin. The path
    decides, since no view is found yet; no page has such a path (newsroom/web/addresses.py)."""
    path = environ["PATH_INFO"]
    if path.startswith("/webhooks/"):
        return WEBHOOK_BODY
    if path.startswith("/admin/") and declared(environ) > PUBLIC_BODY and signed_in(environ):
        return LIST_BODY if path == LISTS else STAFF_BODY
    return PUBLIC_BODY


def declared(environ: dict[str, Any]) -> int:
    """The body's length as its sender says; a chunked one may be as long as any."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return STAFF_BODY
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return 0
    return int(length) if len(length) < 16 else STAFF_BODY + 1


def signed_in(environ: dict[str, Any]) -> bool:
    """Does its cookie open a session of staff? Strangers fill no disk of ours."""
    key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    sessions = import_module(settings.SESSION_ENGINE)
    try:
        return SESSION_KEY in sessions.SessionStore(key).load()
    except DatabaseError:
        return False


class Spool(io.RawIOBase):
    """In memory up to ``most`` bytes, then on a disk, unreadable there. Each place is to be written
    once: twice the same stretch of key would give both away."""

    def __init__(self, most: int) -> None:
        self.most, self.key = most, os.urandom(32)
        self.file: Any = io.BytesIO()
        self.on_disk = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self.file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self.file.seek(offset, whence))

    def write(self, data: Any) -> int:
        if not self.on_disk and self.file.tell() + len(data) > self.most:
            self.move_to_disk()
        if self.on_disk:
            data = self.turned(bytes(data), self.file.tell())
        return int(self.file.write(data))

    def move_to_disk(self) -> None:
        place, held = self.file.tell(), self.file.getvalue()
        self.file = TemporaryFile()  # noqa: SIM115 — close() closes it
        self.on_disk = True
        self.file.write(self.turned(held, 0))
        self.file.seek(place)

    def readinto(self, into: Any) -> int:
        place = self.file.tell()
        data = self.file.read(len(into))
        if self.on_disk:
            data = self.turned(data, place)
        into[: len(data)] = data
        return len(data)

    def turned(self, data: bytes, place: int) -> bytes:
        """Encrypted, or decrypted: the same in this mode."""
        block, inside = divmod(place, BLOCK)
        cipher = Cipher(AES(self.key), CTR(block.to_bytes(BLOCK, "big"))).encryptor()
        return cipher.update(bytes(inside) + data)[inside:]

    def close(self) -> None:
        self.file.close()
        super().close()


class SealedUpload(FileUploadHandler):
    """Django's handler for large files, with a spool in place of its temporary file."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.spool = Spool(0)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.spool.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.spool.seek(0)
        return UploadedFile(
            file=io.BufferedReader(self.spool),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()

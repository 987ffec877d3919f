"""What a place for backups can do, under which key they lie there, and what one is made of.

The key is in the environment of who makes or restores backups, not among Django's settings; a
backup holds no key at all, neither this one nor those of people's data.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import IO, NamedTuple, Protocol

from newsroom.core.environment import shapes
from newsroom.core.privacy import keyed_hash

NAME = "%Y%m%dT%H%M%SZ"  # of a backup: when it was begun
PARTS = ("database", "media")
MANIFEST = "manifest"  # written last: without it there is no backup
AT_WORK = timedelta(hours=24)  # after which nobody works on what has no manifest any more


class NotReady(Exception):
    """What has to be set first, or is wrong with a backup; for who types the command."""


class File(NamedTuple):
    """A part of a backup, or what was begun of one."""

    backup: str
    part: str
    size: int
    at: datetime  # of its last change


class Place(Protocol):
    """A folder, or a bucket. A part is read and listed under its name once all of it is there."""

    def files(self) -> Iterator[File]: ...

    def writing(self, backup: str, part: str) -> AbstractContextManager[IO[bytes]]: ...

    def reading(self, backup: str, part: str) -> IO[bytes]:
        """Raises OSError when it is not there."""

    def remove(self, backup: str) -> None:
        """Its manifest first: what is half removed is no backup."""


def key() -> bytes:
    try:
        return shapes.key_of(os.environ.get("BACKUP_KEY", ""))
    except shapes.Wrong as wrong:
        raise NotReady(f"BACKUP_KEY {wrong}. “manage.py keys” makes it.") from wrong


def whole(there: Place) -> dict[datetime, str]:
    """The backups there that were finished, oldest first."""
    names = {file.backup for file in there.files() if file.part == MANIFEST}
    return {moment: name for name in sorted(names) if (moment := _begun(name))}


def broken_off(there: Place) -> list[str]:
    """What was left of some that were never finished, by now."""
    found: dict[str, list[File]] = {}
    for file in there.files():
        found.setdefault(file.backup, []).append(file)
    ago = datetime.now(UTC) - AT_WORK
    return [
        name
        for name, files in found.items()
        if _begun(name) and all(file.part != MANIFEST and file.at < ago for file in files)
    ]


def _begun(name: str) -> datetime | None:
    """None for what is none of ours."""
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def sealed_name(backup: str, part: str) -> str:
    """What a part is sealed as: it opens in no other backup, nor as another part."""
    return f"{backup} {part}"


def fingerprint() -> str:
    """Tells whether this site's keys belong to a backup, and nothing about them."""
    return hashlib.sha256(keyed_hash("backup", "backup")).hexdigest()

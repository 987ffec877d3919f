"""Where backups lie, under which key, and what one is made of.

The key is in the environment of who makes or restores backups, not among Django's settings; a
backup holds no key at all, neither this one nor those of people's data.
"""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from newsroom.core.environment import shapes
from newsroom.core.privacy import keyed_hash

NAME = "%Y%m%dT%H%M%SZ"  # of a backup's folder: when it was begun
PARTIAL = ".partial"
PARTS = ("database", "media")
MANIFEST = "manifest"


class NotReady(Exception):
    """What has to be set first, or is wrong with a backup; for who types the command."""


def key() -> bytes:
    try:
        return shapes.key_of(os.environ.get("BACKUP_KEY", ""))
    except shapes.Wrong as wrong:
        raise NotReady(f"BACKUP_KEY {wrong}. “manage.py keys” makes it.") from wrong


def folder(given: str = "") -> Path:
    chosen = given or os.environ.get("BACKUP_DIR", "")
    if not chosen:
        raise NotReady("Set BACKUP_DIR, or say --folder: where backups lie.")
    path = Path(chosen).resolve()
    if path.is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        raise NotReady("BACKUP_DIR lies below MEDIA_ROOT, which everybody can read.")
    return path


def whole(place: Path) -> dict[datetime, Path]:
    """The backups there that were finished, oldest first."""
    found = {}
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        try:
            moment = datetime.strptime(path.name, NAME).replace(tzinfo=UTC)
        except ValueError:
            continue
        if (path / MANIFEST).is_file():
            found[moment] = path
    return found


def sealed_name(backup: Path, part: str) -> str:
    """What a part is sealed as: it opens in no other backup, nor as another part."""
    return f"{backup.name.removesuffix(PARTIAL)} {part}"


def fingerprint() -> str:
    """Tells whether this site's keys belong to a backup, and nothing about them."""
    return hashlib.sha256(keyed_hash("backup", "backup")).hexdigest()

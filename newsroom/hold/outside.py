"""The newest mark outside of the database: in Redis for all hosts, in a file for each. Any of them
may be gone, which says nothing."""

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from newsroom.hold.marks import Mark

log = logging.getLogger(__name__)

KEY = "run mark"


def newest() -> Mark | None:
    found = [mark for text in (cache.get(KEY), _read()) if (mark := _mark(text))]
    return max(found, default=None)


def note(mark: Mark) -> None:
    """Two who write at once may leave the older one, by a few seconds."""
    text = f"{mark.number} {mark.at.timestamp():.3f}"
    cache.set(KEY, text, timeout=None)
    if path := _path():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_text(text)
            draft.replace(path)
        except OSError as error:
            log.warning("STATE_DIR takes no mark: %s", error.strerror)


def _path() -> Path | None:
    return Path(settings.STATE_DIR) / "run-mark" if settings.STATE_DIR else None


def _read() -> str:
    path = _path()
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text() if path else ""
    return ""


def _mark(text: str | None) -> Mark | None:
    """None for what is none of ours."""
    count, _, seconds = (text or "").partition(" ")
    try:
        return Mark(int(count), datetime.fromtimestamp(float(seconds), UTC))
    except (ValueError, OverflowError, OSError):
        return None

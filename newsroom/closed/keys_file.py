"""The file with this machine's secrets (``KEYS_FILE``): read at the start, overwritten in an
emergency, put back from an escrow copy.

Closed, it says so in its first line and holds nothing else. Needs no settings: it is read before
there are any, and in their place by the plain page.
"""

import logging
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

CLOSED = "CLOSED_SINCE"
LOOKS_EVERY = 2.0  # seconds
LINE = re.compile(r"(?:export )?([A-Z][A-Z0-9_]*)=(.*)")

_ours: set[str] = set()  # variables of this process that came from the file


def path() -> Path | None:
    name = os.environ.get("KEYS_FILE", "")
    return Path(name) if name else None


def load() -> None:
    """Its lines become variables of the environment, but for those that are set there already.
    While the newsroom is closed, workers and the beat wait here; for all others it raises
    ImproperlyConfigured, as it does when the file can't be read."""
    file = path()
    if file is None:
        return
    while (found := _read(file)).get(CLOSED) and "celery" in sys.argv[0]:
        time.sleep(LOOKS_EVERY)
    if CLOSED in found:
        raise ImproperlyConfigured(
            f"This newsroom is closed since {found[CLOSED]}, and its keys are not on this machine. "
            "“manage.py recover FILE” puts them back from an escrow copy."
        )
    for name in found.keys() - os.environ.keys():
        os.environ[name] = found[name]
        _ours.add(name)


def environment_for_others() -> dict[str, str]:
    """Of a process that we start: it reads the file by itself, as it is then."""
    return {name: value for name, value in os.environ.items() if name not in _ours}


def _read(file: Path) -> dict[str, str]:
    try:
        return values(file.read_text(errors="replace"))
    except OSError as error:
        raise ImproperlyConfigured(f"KEYS_FILE: {error.strerror}.") from error


def values(text: str) -> dict[str, str]:
    """Name -> value, of lines as systemd and shells have them."""
    lines = (LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {line[1]: line[2].strip().strip("\"'") for line in lines if line}


def closed_since() -> str:
    """When this machine's keys were destroyed, ISO 8601; "": they were not."""
    file = path()
    try:
        with open(file or os.devnull, "rb") as opened:
            first = opened.readline(100).decode(errors="replace")
    except OSError:
        return ""
    return values(first).get(CLOSED, "")


def destroy(since: str) -> None:
    """The sign that it is closed in place of the keys, noise over the rest, and then nothing there.
    Whoever dies in between leaves the sign. Raises OSError."""
    file = path()
    if file is None or closed_since():
        return
    sign = f"{CLOSED}={since}\n".encode()
    with open(file, "r+b", buffering=0) as opened:
        noise = secrets.token_bytes(max(os.fstat(opened.fileno()).st_size - len(sign), 0))
        opened.write(sign + noise)
        os.fsync(opened.fileno())
        opened.truncate(len(sign))
        os.fsync(opened.fileno())


def write(text: str) -> None:
    """In place, so that owner, rights and a mount stay. Raises OSError."""
    file = path()
    assert file is not None
    with open(file, "w", opener=_for_its_owner) as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def _for_its_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def renewed(text: str, since: str) -> str:
    """The same secrets, but for what links and sessions hang on: those from before open nothing.
    One-click unsubscribes hang on what stays."""
    left_out = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "LINKS_REVOKED")
    kept = [
        line
        for line in text.splitlines()
        if not (found := LINE.fullmatch(line.strip())) or found[1] not in left_out
    ]
    revoked = [one for one in values(text).get("LINKS_REVOKED", "").split(",") if one]
    kept += [f"SECRET_KEY={secrets.token_urlsafe(48)}"]
    kept += [f"LINKS_REVOKED={','.join([*revoked, since])}"]
    return "\n".join([*kept, ""])


def end_when(must_end: Callable[[], bool]) -> None:
    """A thread that looks, and ends this process on the spot. Whatever goes wrong while it looks,
    it looks again: a process that nobody can end any more keeps its keys."""

    def look() -> bool:
        try:
            return must_end()
        except Exception:
            logger.exception("Can't see whether the newsroom is closed.")
            return False

    def watch() -> None:
        while not look():
            time.sleep(LOOKS_EVERY)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="closed", daemon=True).start()


# --- Who has left while it was closed -----------------------------------------------------------


def note_leaving(token: str) -> bool:
    """Keeps the token of a one-click unsubscribe, unread, until there are keys; could it?"""
    file = path()
    if file is None:
        return False
    left = file.with_name(f"{file.name}.left")
    try:
        with open(left, "a", opener=_for_its_owner) as opened:
            if opened.tell() > MOST_LEFT:
                return False
            opened.write(f"{token}\n")
    except OSError:
        return False
    return True


MOST_LEFT = 50_000_000  # bytes: more than a million


def take_leavings() -> set[str]:
    """Their tokens. They stay until ``forget_leavings``."""
    file = path()
    left = file and file.with_name(f"{file.name}.left")
    return set(left.read_text().split()) if left and left.exists() else set()


def forget_leavings() -> None:
    if file := path():
        file.with_name(f"{file.name}.left").unlink(missing_ok=True)

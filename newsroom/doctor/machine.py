"""What this machine and its environment say."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from newsroom.backups import place
from newsroom.closed import keys_file
from newsroom.core.environment import problems
from newsroom.core.environment.checks import misspelt
from newsroom.doctor.examination import Finding, ok, unknown, warning, wrong

LITTLE, NOTHING = 2_000_000_000, 200_000_000  # bytes that are free
OLD, TOO_OLD = 30, 7 * 24  # hours
BACKUPS = "docs/how-to/back-up-and-restore.md"


def settings_are_right() -> Iterator[Finding]:
    for problem in problems(os.environ):
        yield wrong(str(problem), problem.how)
    for name, meant in misspelt(os.environ):
        yield warning(f"{name} is no setting.", f"is {meant} meant?")
    if not settings.PRODUCTION:
        yield warning("This is a local checkout, with made-up secrets.", "PRODUCTION=true")
    elif "_test_" in settings.STRIPE_SECRET_KEY:
        yield warning("Stripe's key is of its test mode: no money moves.", "a live key")


def keys_are_their_owners() -> Iterator[Finding]:
    file = keys_file.path()
    if file is None:
        if settings.PRODUCTION:
            todo = "KEYS_FILE, docs/how-to/panic.md"
            yield warning("There is none: “manage.py panic” could not destroy the keys.", todo)
        return
    if file.stat().st_mode & 0o077:
        yield wrong(f"Others than its owner may open {file}.", f"chmod 600 {file}")
    if not os.access(file, os.W_OK):
        words = f"{file} can't be written to: “manage.py panic” could not destroy the keys."
        yield warning(words, "make the user who runs us its owner")


def static_files_are_collected() -> Iterator[Finding]:
    if settings.PRODUCTION and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        words = f"There are none in {settings.STATIC_ROOT}: pages fail."
        yield wrong(words, "manage.py collectstatic")


def disk_has_room() -> Iterator[Finding]:
    wanted = [settings.MEDIA_ROOT, settings.STATE_DIR, tempfile.gettempdir()]
    for path in dict.fromkeys(Path(name) for name in wanted if name):
        there = next(one for one in (path, *path.parents) if one.is_dir())  # made when needed
        if not os.access(there, os.W_OK):
            yield wrong(f"{path} can't be written to.", "make the user who runs us its owner")
        free = shutil.disk_usage(there).free
        words = f"{path} has {free / 1e9:,.1f} GB left."
        if free < LITTLE:
            yield (wrong if free < NOTHING else warning)(words, "make room")
        else:
            yield ok(words)
    if os.geteuid() == 0:
        yield unknown("Root may write everywhere.", "ask as the user who runs us")


def backups_are_new() -> Iterator[Finding]:
    """Whoever makes them has BACKUP_DIR; it is no setting of the site."""
    if "BACKUP_DIR" not in os.environ:
        yield unknown("BACKUP_DIR is not set here.", f"ask where backups are made, {BACKUPS}")
        return
    try:
        made = place.whole(place.folder())
    except (place.NotReady, OSError) as error:
        yield wrong(getattr(error, "strerror", "") or str(error), BACKUPS)
        return
    if not made:
        yield wrong("There is none.", BACKUPS)
        return
    hours = (datetime.now(UTC) - max(made)).total_seconds() / 3600
    words = f"The newest is {hours:,.0f} hours old."
    if hours > OLD:
        yield (wrong if hours > TOO_OLD else warning)(words, "does what makes them each night run?")
    else:
        yield ok(words)

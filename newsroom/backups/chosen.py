"""The place that is asked for: BACKUP_DIR, or another for this once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from newsroom.backups.folder import Folder
from newsroom.backups.place import NotReady, Place


@contextmanager
def opened(given: str = "") -> Iterator[Place]:
    """Raises NotReady, at once or while it is used."""
    chosen = given or os.environ.get("BACKUP_DIR", "")
    if not chosen:
        raise NotReady("Set BACKUP_DIR, or say --folder: where backups lie.")
    if not chosen.startswith("s3://"):
        yield Folder.at(chosen)
        return
    try:
        from newsroom.backups import bucket  # noqa: PLC0415 - optional
    except ImportError as error:
        raise NotReady("S3 needs one more package: `uv sync --extra s3`.") from error
    with bucket.opened(chosen) as there:
        yield there

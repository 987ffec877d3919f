"""Backups in a folder, each one below it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.conf import settings

from newsroom.backups.place import MANIFEST, File, NotReady

PARTIAL = ".partial"


@dataclass(frozen=True)
class Folder:
    path: Path

    @classmethod
    def at(cls, chosen: str) -> "Folder":
        path = Path(chosen).resolve()
        if path.is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
            raise NotReady("BACKUP_DIR lies below MEDIA_ROOT, which everybody can read.")
        return cls(path)

    def __str__(self) -> str:
        return str(self.path)

    def files(self) -> Iterator[File]:
        for path in self.path.glob("*/*") if self.path.is_dir() else []:
            if path.is_file():
                found = path.stat()
                changed = datetime.fromtimestamp(found.st_mtime, UTC)
                yield File(path.parent.name, path.name, found.st_size, changed)

    @contextmanager
    def writing(self, backup: str, part: str) -> Iterator[IO[bytes]]:
        path = self.path / backup / part
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(PARTIAL)
        with draft.open("xb") as file:
            yield file
        draft.rename(path)

    def reading(self, backup: str, part: str) -> IO[bytes]:
        return (self.path / backup / part).open("rb")

    def remove(self, backup: str) -> None:
        (self.path / backup / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.path / backup)

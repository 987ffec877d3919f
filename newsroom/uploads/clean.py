"""An upload after its cleaning: what is kept is written anew by us, under no name of its own."""

from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File

MOST_BYTES = 10 * 1024 * 1024


class Clean(File):
    """A cleaned file, in memory. Its name says only what kind it is; ``scale`` is how much smaller
    a picture's sides have become (1: not at all)."""

    def __init__(self, data: bytes, extension: str, scale: float = 1) -> None:
        super().__init__(BytesIO(data), name=f"upload.{extension}")
        self.size, self.extension, self.scale = len(data), extension, scale


def read(file: Any, most: int = MOST_BYTES) -> bytes:
    """All of an upload, from its start. Raises ValidationError for a longer one than we take."""
    file.seek(0)
    data: bytes = file.read(most + 1)
    if len(data) > most:
        raise ValidationError(f"This file is too large: {most // 1024**2} MB at most.")
    return data

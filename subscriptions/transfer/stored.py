"""An import's file: in sealed pieces in the database, read as if it were one."""

import io
from typing import IO, Any

from subscriptions.models import ImportPiece, ReaderImport

PIECE = 256_000  # bytes
MOST = 1_000_000_000


class TooLarge(Exception):
    pass


def store(reader_import: ReaderImport, file: IO[bytes]) -> None:
    """Inside a transaction. Raises TooLarge."""
    number = 0
    while piece := file.read(PIECE):
        if (reader_import.size + len(piece)) > MOST:
            raise TooLarge
        # Each byte a character, since what is sealed is text; that of ASCII grows by nothing.
        ImportPiece.objects.create(
            reader_import=reader_import, number=number, content=piece.decode("latin-1")
        )
        reader_import.size += len(piece)
        number += 1
    reader_import.save(update_fields=["size"])


def opened(reader_import: ReaderImport) -> IO[bytes]:
    return io.BufferedReader(StoredFile(reader_import), 1 << 16)


class StoredFile(io.RawIOBase):
    """One piece in memory at a time. Each but the last is of the same length."""

    def __init__(self, reader_import: ReaderImport) -> None:
        self.size, self.place = reader_import.size, 0
        self.pieces = ImportPiece.objects.filter(reader_import=reader_import)
        self.number, self.piece = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        self.place = max(begin + offset, 0)
        return self.place

    def readinto(self, into: Any) -> int:
        if self.place >= self.size:
            return 0
        number, start = divmod(self.place, PIECE)
        if number != self.number:
            content = self.pieces.values_list("content", flat=True).get(number=number)
            self.number, self.piece = number, content.encode("latin-1")
        part = self.piece[start : start + len(into)]
        into[: len(part)] = part
        self.place += len(part)
        return len(part)

"""Rows of a file as somebody has it: CSV in any encoding and with any separator, XLSX, or a zip of
CSVs. A row at a time, so that a million of them take no more memory than one; what is broken in
one row is said of that row, and the others are read.
"""

import csv
import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, NamedTuple

from openpyxl import load_workbook

from newsroom.core.table_files import encodings

LONGEST_CELL = 131_072  # characters, the csv module's own limit
LONGEST_LINE = 1_000_000
SAMPLE = 256_000  # bytes to see encoding and separator by
SEPARATORS = ",;\t|"
MOST_COLUMNS, MOST_FILES = 500, 50
MOST_UNPACKED, MOST_SHARED, MOST_RATIO = 2_000_000_000, 80_000_000, 250  # bytes, bytes, times
MOST_REREAD = 100  # unclosed quotes whose following lines are read again
UNSAFE = "This file is far larger unpacked than it looks: it is not opened."
DAMAGED = "This file is damaged, or was cut off. Please export it once more."
TOO_LONG, TOO_WIDE = "a cell is too long", "too many columns"
OPEN_QUOTE, CUT = "a quote is not closed", "the file was cut off in this row"

Cells = list[str]


class Unreadable(Exception):
    """The whole file, in words for who has it."""


class Row(NamedTuple):
    """``problem``: why it has no cells. ``number``: as a spreadsheet shows it, the names being 1;
    rows, not lines, since a cell may have several."""

    number: int
    cells: Cells
    problem: str = ""


@dataclass
class Table:
    """One file, or one in a zip."""

    name: str
    rows: Iterator[Row]


def tables(file: IO[bytes], name: str) -> Iterator[Table]:
    """Each is to be read before the next is asked for. Raises Unreadable."""
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        yield from packed(file, name)
    elif start.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        raise Unreadable("There is nothing in this zip file.")
    elif start.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise Unreadable("Please save it as CSV or XLSX: this kind of file is not read.")
    else:
        yield Table(name, csv_rows(file))


def packed(file: IO[bytes], name: str) -> Iterator[Table]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = safe_members(archive)
            if any(one.filename.startswith("xl/") for one in members):
                refuse_large_sheets(members)
                refuse_entities(archive, members)
                yield Table(name, xlsx_rows(file))
                return
            texts = [one for one in members if is_text(one.filename)]
            if not texts:
                raise Unreadable("There is no CSV file in this zip.")
            for one in sorted(texts, key=lambda member: member.filename):
                with archive.open(one) as unpacked:
                    yield Table(one.filename.rpartition("/")[2], csv_rows(unpacked))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, KeyError) as error:
        raise Unreadable(DAMAGED) from error


def safe_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What is in it, by its list alone: nothing is unpacked further than that says."""
    members = [one for one in archive.infolist() if not one.is_dir()]
    if any(one.flag_bits & 1 for one in members):
        raise Unreadable("This file has a password. Please save it without one.")
    unpacked = sum(one.file_size for one in members)
    packed_size = sum(one.compress_size for one in members) or 1
    if len(members) > 2000 or unpacked > MOST_UNPACKED or unpacked / packed_size > MOST_RATIO:
        raise Unreadable(UNSAFE)
    if sum(is_text(one.filename) for one in members) > MOST_FILES:
        raise Unreadable(f"There are more than {MOST_FILES} CSV files in this zip.")
    return members


def is_text(name: str) -> bool:
    hidden = name.startswith("__MACOSX") or "/." in f"/{name}"
    return not hidden and name.lower().endswith((".csv", ".tsv", ".txt"))


def refuse_large_sheets(members: list[zipfile.ZipInfo]) -> None:
    """The texts of all cells are kept in memory as one part of the file (openpyxl)."""
    for one in members:
        shared = not one.filename.startswith("xl/worksheets/")
        if shared and one.filename.endswith((".xml", ".rels")) and one.file_size > MOST_SHARED:
            raise Unreadable("This XLSX file is too large. Please save it as CSV.")


def refuse_entities(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """No spreadsheet program writes a document type, where bombs and others' files are named."""
    for one in members:
        if one.filename.endswith((".xml", ".rels")):
            with archive.open(one) as part:
                if b"<!DOCTYPE" in part.read(4096).upper().replace(b"\0", b""):
                    raise Unreadable(DAMAGED)


def xlsx_rows(file: IO[bytes]) -> Iterator[Row]:
    """Of the first sheet. Formulas are what they came to."""
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size need not be so
        rows = sheet.iter_rows(values_only=True)
        for number, cells in enumerate(rows, 1):
            texts = [text_of(cell) for cell in cells[: MOST_COLUMNS + 1]]
            if len(texts) > MOST_COLUMNS:
                yield Row(number, [], TOO_WIDE)
            elif any(len(text) > LONGEST_CELL for text in texts):
                yield Row(number, [], TOO_LONG)
            elif any(texts):
                yield Row(number, texts)
    except Unreadable:
        raise
    except Exception as error:  # of XML, of zip, of openpyxl: it has many
        raise Unreadable(DAMAGED) from error


def text_of(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()
    return str(cell)


# --- CSV ------------------------------------------------------------------------------------


def csv_rows(file: IO[bytes]) -> Iterator[Row]:
    sample = file.read(SAMPLE)
    whole = Rewound(sample, file)
    encoding = encodings.of(sample)
    errors = encodings.errors(encoding)
    text = io.TextIOWrapper(io.BufferedReader(whole, 1 << 16), encoding, errors, newline="")
    lines = Lines(text)
    first = lines.peek()
    named = re.fullmatch(r'\s*"?sep=(.)"?\s*', first)
    separator = named[1] if named else separator_of(first)
    if named:
        next(lines)
    yield from parsed(lines, separator)


class Rewound(io.RawIOBase):
    """A stream with its beginning put back."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self.start, self.rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        size = len(into)
        if self.start:
            piece, self.start = self.start[:size], self.start[size:]
        else:
            piece = self.rest.read(size)
        into[: len(piece)] = piece
        return len(piece)


class Lines:
    """The lines of a text, those of the row in hand kept, so that they can be read once more."""

    def __init__(self, text: io.TextIOBase) -> None:
        self.text = text
        self.again: deque[str] = deque()
        self.row: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
            self.skip()
            raise csv.Error("field larger than field limit")
        if "\0" in line:
            line = line.replace("\0", "")
        self.row.append(line)
        return line

    def skip(self) -> None:
        """The rest of a line that is too long."""
        while (more := self.text.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
            pass

    def peek(self) -> str:
        if not self.again:
            self.again.append(self.text.readline(LONGEST_LINE))
        return self.again[0]


def separator_of(line: str) -> str:
    """The one that a row of names has most of, outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


def parsed(lines: Lines, separator: str) -> Iterator[Row]:
    """Each row is given when the next one has been read: of the last one it matters whether the
    file was cut off in it."""
    reader = csv.reader(lines, delimiter=separator)
    number, width, reread = 0, 0, 0
    held: Row | None = None
    while True:
        before, lines.row = lines.row, []
        try:
            cells = next(reader)
        except StopIteration:
            if held is None or not is_cut(held, before, width):
                break
            yield Row(held.number, [], CUT)
            held = None
            if len(before) == 1 or reread == MOST_REREAD:
                break
            reread += 1  # or a quote is open since long, and took the rest of the file along
            lines.again.extend(before[1:])
            reader = csv.reader(lines, delimiter=separator)
            continue
        except csv.Error:
            if held:
                yield held
            number, held = number + 1, None
            if len(lines.row) > 1 and reread < MOST_REREAD:  # an open quote took them along
                reread += 1
                lines.again.extendleft(reversed(lines.row[1:]))
                yield Row(number, [], OPEN_QUOTE)
            else:
                yield Row(number, [], TOO_LONG)
            continue
        if held:
            yield held
        number, held = number + 1, None
        if len(cells) > MOST_COLUMNS:
            yield Row(number, [], TOO_WIDE)
        elif any(cells):
            width = width or len(cells)
            held = Row(number, cells)
    if held:
        yield held


def is_cut(row: Row, lines: list[str], width: int) -> bool:
    """The last row of a file, made of these lines: it ends inside of a quote, or too early."""
    if "".join(lines).count('"') % 2:
        return True
    return not lines[-1].endswith(("\r", "\n")) and len(row.cells) < width

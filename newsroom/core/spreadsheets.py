"""Rows for spreadsheet programs, as CSV (RFC 4180) and XLSX: the only place that writes either.

A cell's type says what it is: text is text and never a formula, a number a number, ``Decimal`` an
amount with all its decimals, a time the newsroom's own with its distance from UTC. Rows are written
as they come, so a million of them take no more memory than one.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Rows = Iterable[Iterable[object]]

# What starts a formula (OWASP, “CSV Injection”), also in other scripts: NFKC makes a “=” of a
# full-width or a small one.
STARTS = "=+-@−"
# These look like nothing, so a program may take what follows for the beginning.
INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Mn", "Me", "Zl", "Zp", "Zs"}
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
# A program that takes “;” or a tab for the end of a cell, as half of Europe's do, begins a new one.
PIECES = re.compile(r"(?<=[;\t\r\n])")
# In no XML 1.0 file, and a lone surrogate in none at all.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
PRECISE = 15  # digits that a spreadsheet keeps of a number; ids with more are texts
LONGEST = 32_767  # characters in a cell of XLSX
MOST_ROWS = 1_000_000  # on one sheet; a program takes 1,048,576
FIRST_DAY = date(1900, 3, 1)  # before it, Excel's calendar has a day that never was


def csv_file(rows: Rows) -> Iterator[bytes]:
    """A piece for each row, with the mark by which Excel knows UTF-8."""
    writer = csv.writer(Echo(), quoting=csv.QUOTE_MINIMAL)
    yield "\ufeff".encode()
    for row in rows:
        yield writer.writerow([in_csv(cell) for cell in row])


def xlsx_file(rows: Rows) -> IO[bytes]:
    """A file to read from its beginning; it is gone once closed."""
    book = Workbook(write_only=True)
    for number, row in enumerate(rows):
        if number % MOST_ROWS == 0:
            sheet = book.create_sheet()
        sheet.append([in_xlsx(sheet, cell) for cell in row])
    if not book.worksheets:
        book.create_sheet()
    file = TemporaryFile()  # noqa: SIM115 — the caller closes it
    book.save(file)
    file.seek(0)
    return file


class Echo:
    """For ``csv.writer``, whose ``writerow`` returns what this does."""

    def write(self, line: str) -> bytes:
        return line.encode()


def in_csv(cell: object) -> str:
    match value(cell):
        case None:
            return ""
        case datetime() as moment:
            return moment.isoformat(" ", "seconds")
        case date() | time() as moment:
            return moment.isoformat()
        case Decimal() as amount:
            return f"{amount:f}"
        case int() | float() as number:
            return str(number)
        case text:
            return inert(str(text))


def in_xlsx(sheet: Any, cell: object) -> WriteOnlyCell:
    shown = value(cell)
    number_format = "General"
    match shown:
        case datetime() as moment:
            # A real date, to sort and to filter by, which shows its distance from UTC behind it.
            number_format = f'yyyy-mm-dd hh:mm:ss "{moment.isoformat()[19:]}"'
            shown = moment.replace(tzinfo=None)
        case Decimal() as amount:
            decimals = -int(amount.as_tuple().exponent)
            number_format = f"0.{'0' * decimals}" if decimals > 0 else "0"
        case str() as text:
            shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    made = WriteOnlyCell(sheet, shown)
    if isinstance(shown, str):
        made.data_type = "s"  # “=1+1” is no formula, “#N/A” no error
    if number_format != "General":
        made.number_format = number_format
    return made


def value(cell: object) -> Any:
    """The cell as None, datetime (local), date, time, Decimal, int, float or str."""
    match cell:
        case None:
            return None
        case bool():
            return "yes" if cell else "no"
        case datetime():
            local = cell if timezone.is_naive(cell) else as_local(cell)
            return local.replace(microsecond=0) if local.date() >= FIRST_DAY else str(local)
        case date():
            return cell if cell >= FIRST_DAY else str(cell)
        case time():
            return cell.replace(microsecond=0, tzinfo=None)
        case int() | float() | Decimal():
            return cell if is_precise(cell) else UNWRITABLE.sub("", str(cell))
        case list() | tuple() | set():
            return UNWRITABLE.sub("�", ", ".join(map(str, cell)))
        case _:
            return UNWRITABLE.sub("�", str(cell))


def as_local(moment: datetime) -> datetime:
    """In the newsroom's zone, whoever exports: two colleagues' files can be compared."""
    try:
        return moment.astimezone(timezone.get_default_timezone())
    except OverflowError:  # in the first or the last hours of the calendar
        return moment


def is_precise(number: int | float | Decimal) -> bool:
    """Does a spreadsheet keep every digit of it?"""
    if isinstance(number, float):
        return isfinite(number)
    if isinstance(number, int):
        return abs(number) < 10**PRECISE
    return (
        number.is_finite()
        and abs(number) < 10**PRECISE
        and int(number.as_tuple().exponent) >= -PRECISE
        and len(number.as_tuple().digits) <= PRECISE
    )


def inert(text: str) -> str:
    """The text with an apostrophe before whatever a program could take for a formula."""
    first = "'" if text.startswith(("\t", "\r", "\n")) else ""  # a program may drop these
    return first + "".join(
        f"'{piece}" if starts_formula(piece) else piece for piece in PIECES.split(text)
    )


def starts_formula(text: str) -> bool:
    for character in text:
        if unicodedata.normalize("NFKC", character)[0] in STARTS:
            return True
        if character not in BLANKS and unicodedata.category(character) not in INVISIBLE:
            return False
    return False

"""A bank's table: which column is what, how it writes days and amounts. Where that can be read in
two ways, nothing is taken."""

import re
import time
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from donations.books.bank.line import Line, line
from newsroom.core.table_files.reading import Row, Table, Unreadable

# What banks call them, in small letters; the first that is there counts.
DAY = ["booking date", "buchungstag", "buchungsdatum", "date", "datum", "transaction date",
       "completed date", "date completed (utc)", "created on", "valuta", "value date",
       "дата", "data", "fecha"]  # fmt: skip
AMOUNT = ["amount", "betrag", "umsatz", "betrag (eur)", "amount (eur)", "total amount",
          "сумма", "importe", "kwota", "montant"]  # fmt: skip
CAME = ["credit", "paid in", "money in", "haben", "gutschrift"]
WENT = ["debit", "paid out", "money out", "soll", "lastschrift"]
CURRENCY = ["currency", "währung", "waehrung", "waluta", "валюта", "devise", "moneda"]
SAYS = ["description", "verwendungszweck", "buchungstext", "reference", "payment reference", "name",
        "payee", "payer", "auftraggeber", "beguenstigter/zahlungspflichtiger", "begünstigter",
        "name zahlungsbeteiligter", "empfänger", "details", "memo", "note", "id",
        "kundenreferenz (end-to-end)", "назначение", "concepto", "tytuł", "libellé"]  # fmt: skip
WANTED = (
    "Its columns are not known. It needs one for the day (“Date”), the amount (“Amount”), the "
    "currency (“Currency”) and what it is (“Description”), with these names in the first row."
)
TWO_WAYS = "can be read in two ways. Please export it as CAMT.053 or MT940, or with another format."
NUMBER = re.compile(r"[+-]?(\d+[.,])*\d+")
DATES = ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d"]
BOTH_WAYS = ["%d/%m/%Y", "%m/%d/%Y"]
BEFORE_HEADINGS = 20  # rows


Cells = list[str]


def lines(tables: Iterator[Table], most: int) -> list[Line]:
    """Of all tables in it; more than ``most`` are refused. Raises Unreadable."""
    found: list[Line] = []
    for table in tables:
        found += _of_table(table.rows, most - len(found))
    return found


def _of_table(rows: Iterator[Row], most: int) -> list[Line]:
    names = _headings(rows)
    cells = _cells(rows, len(names), most)

    def column(known: Sequence[str]) -> Cells | None:
        place = next((names.index(name) for name in known if name in names), None)
        return None if place is None else [row[place] for row in cells]

    written, amounts = column(DAY), _amounts(column(AMOUNT), column(CAME), column(WENT))
    if written is None or amounts is None:
        raise Unreadable(WANTED)
    codes = column(CURRENCY) or [_code_in(names)] * len(cells)
    says = [place for place, name in enumerate(names) if name in SAYS]
    return [
        line(day, amount, code, [row[place] for place in says])
        for row, day, amount, code in zip(cells, days(written), amounts, codes, strict=True)
    ]


def _headings(rows: Iterator[Row]) -> Cells:
    """The first row that names a day; some banks put the account above it."""
    for row in islice(rows, BEFORE_HEADINGS):
        names = [" ".join(cell.casefold().split()) for cell in row.cells]
        if set(names) & set(DAY):
            return names
    raise Unreadable(WANTED)


def _cells(rows: Iterator[Row], wide: int, most: int) -> list[Cells]:
    found: list[Cells] = []
    for row in rows:
        if row.problem:
            raise Unreadable(f"Row {row.number}: {row.problem}.")
        if any(cell.strip() for cell in row.cells):
            found.append([*row.cells, *[""] * (wide - len(row.cells))])
        if len(found) > most:
            raise Unreadable(f"There are more than {most:,} lines. Please take a shorter time.")
    return found


def _code_in(names: Cells) -> str:
    """“Betrag (EUR)”."""
    found = {match[1] for name in names if (match := re.search(r"\(([a-z]{3})\)", name))}
    if len(found) != 1:
        raise Unreadable("It says no currency. It needs a column “Currency”.")
    return found.pop()


def _amounts(both: Cells | None, came: Cells | None, went: Cells | None) -> list[Decimal] | None:
    """Of one column, or of two, in which what went stands above zero or below."""
    if both is not None:
        return numbers(both)
    if came is None or went is None:
        return None
    pairs = zip(numbers(came), numbers(went), strict=True)
    return [plus - abs(minus) for plus, minus in pairs]


def numbers(written: Cells) -> list[Decimal]:
    """A column of amounts. Its cells tell of each other which sign is the point: “1.234” alone
    may be a thousand. Raises Unreadable."""
    bare = [re.sub(r"[\s'’\u00a0\u202f]", "", cell).replace("−", "-") for cell in written]
    if wrong := next((cell for cell in bare if cell and not NUMBER.fullmatch(cell)), None):
        raise Unreadable(f"“{wrong[:40]}” is no amount.")
    points = {found for cell in bare for found in _points(cell)}
    if len(points) > 1 or (not points and any(re.search("[.,]", cell) for cell in bare)):
        raise Unreadable(f"Its amounts: they {TWO_WAYS}")
    point = points.pop() if points else "."
    group = "," if point == "." else "."
    return [Decimal(cell.replace(group, "").replace(point, ".") or 0) for cell in bare]


def _points(cell: str) -> Iterator[str]:
    """Which sign must be the point: the last of two kinds, or one not before three digits; if it
    stands there often, the other one."""
    signs = re.findall(r"[.,]", cell)
    if not signs:
        return
    last, tail = signs[-1], re.split(r"[.,]", cell)[-1]
    if len(set(signs)) == 2 or len(tail) != 3:
        yield last
    elif len(signs) > 1:
        yield "." if last == "," else ","


def days(written: Cells) -> list[date]:
    """A column of days, all in one format. Raises Unreadable."""
    known = [found for one in DATES if (found := _all(written, one)) is not None]
    if known:
        return known[0]
    either = [found for one in BOTH_WAYS if (found := _all(written, one)) is not None]
    if len(either) == 2 and either[0] != either[1]:
        raise Unreadable(f"Its days: they {TWO_WAYS}")
    if not either:
        raise Unreadable("Its days can't be read: “2026-11-27” and “27.11.2026” can.")
    return either[0]


def _all(written: Cells, form: str) -> list[date] | None:
    try:
        found = [time.strptime(cell.split()[0].split("T")[0], form) for cell in written]
        return [date(one.tm_year, one.tm_mon, one.tm_mday) for one in found]
    except (IndexError, ValueError):
        return None

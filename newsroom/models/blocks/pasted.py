"""Numbers as somebody pastes them from a spreadsheet, whatever country it is set to."""

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

MOST_LINES, MOST_COLUMNS, MOST_CHARACTERS = 500, 6, 100_000
LARGEST = Decimal(10) ** 15
NOTHING = {"", "-", "–", "—", "..", "…", "n/a", "n.a.", ":"}  # as offices of statistics write it
# What spreadsheets show where there is no value, in the languages they speak. “#REF!” and “#####”
# are none of it: a number is there, or was.
NO_VALUE = re.compile(
    r"#(n/?a|n/d|nv|n/b|i/t|н/д|yok|saknas|puuttuu|hiányzik|není_k_dispozici|¡?\w{1,8}/0)!?",
    re.IGNORECASE,
)
GROUP = re.compile(r"(?<=\d)[ '’\u00a0\u2009\u202f\u066c](?=\d{3}(?!\d))")
SIGNS = str.maketrans({"−": "-", "–": "-", "\u066b": ","})
UNSEEN = " \u200b\u200e\u200f\u2060\ufeff"  # around a cell, from a web page say
SHAPE = re.compile(r"([+-]?)([\d.,]*\d[.,]?)(?:[eE]([+-]?\d{1,2}))?")
YEAR = re.compile(r"(1[5-9]|20|21)\d\d")


class Unreadable(ValueError):
    """In words for an editor, with the line that is wrong."""


@dataclass(frozen=True)
class Pasted:
    head: list[str]  # of all columns; the first has the labels
    rows: list[tuple[str, list[Decimal | None]]]
    unit: str  # “%”, or nothing


@dataclass(frozen=True)
class Cell:
    line: int
    text: str

    @property
    def shown(self) -> str:
        return f"Line {self.line}: “{self.text[:40]}”"

    @property
    def is_empty(self) -> bool:
        return self.text.lower() in NOTHING or NO_VALUE.fullmatch(self.text) is not None


def parse(text: str) -> Pasted:
    """Raises Unreadable."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"{len(text):,} characters are too much: {MOST_CHARACTERS:,} at most.")
    lines = list(cells_of(text))
    if len(lines) > MOST_LINES + 1:
        raise Unreadable(f"{len(lines)} lines are too many: a chart shows {MOST_LINES} at most.")
    if not lines:
        raise Unreadable("There are no numbers yet.")
    width = max(len(line) for line in lines)
    if width < 2:
        raise Unreadable("Line 1: there is one column. Copy the labels and the numbers.")
    if width > MOST_COLUMNS + 1:
        raise Unreadable(f"{width} columns are too many: {MOST_COLUMNS} beside the labels at most.")
    head, *body = lines if is_head(lines) else [[], *lines]
    if not body:
        raise Unreadable("There is a line of headings, and no numbers below it.")
    if width > 2 and len(head) < width:
        raise Unreadable("Line 1: name each column, so that readers can tell them apart.")
    names = [cell.text for cell in head] or [""] * width
    numbers = [cell for line in body for cell in line[1:] if not cell.is_empty]
    if not numbers:
        raise Unreadable("There are labels, and no numbers beside them.")
    unit, comma = unit_of(numbers), decimal_sign(numbers)
    rows = [
        (line[0].text, [number_in(cell, comma) for cell in padded(line[1:], width - 1)])
        for line in body
    ]
    return Pasted(names, rows, unit)


def cells_of(text: str) -> Iterator[list[Cell]]:
    """Line by line, without empty ones and without the empty columns that a spreadsheet adds."""
    delimiter = next((sign for sign in "\t;" if sign in text), ",")
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        for row in reader:
            lines = (" ".join(cell.splitlines()) for cell in row)  # a cell may have several
            cells = [Cell(reader.line_num, cell.strip().strip(UNSEEN)) for cell in lines]
            while cells and not cells[-1].text and len(cells) > 2:
                cells.pop()
            if any(cell.text for cell in cells):
                yield cells
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num}: {error}.") from error


def is_head(lines: list[list[Cell]]) -> bool:
    """Are the first line's cells names, or years above what are none?"""
    first, *others = lines
    texts = [cell.text for cell in first[1:]]
    is_data = [
        (cell.text and cell.is_empty) or SHAPE.fullmatch(plain(cell.text)) for cell in first[1:]
    ]
    if not first[0].text or not any(is_data):
        return True
    beside = [cell.text for line in others for cell in line[1:]]
    return all(map(YEAR.fullmatch, texts)) and not all(map(YEAR.fullmatch, beside))


def padded(cells: list[Cell], width: int) -> list[Cell]:
    return cells + [Cell(0, "")] * (width - len(cells))


def plain(text: str) -> str:
    """Digits of any script as ours, minus signs as “-”; without currencies, percent signs, what
    groups thousands and nothing else, and what nobody sees."""
    text = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() and not sign.isascii() else sign
        for sign in text.translate(SIGNS)
        if sign not in "%٪" and unicodedata.category(sign) not in ("Sc", "Cf")
    ).strip()
    if text.startswith("(") and text.endswith(")"):  # as accountants write what is owed
        text = f"-{text[1:-1].strip()}"
    return GROUP.sub("", text)


def decimal_sign(cells: list[Cell]) -> str:
    """“,” or “.”: all lines together tell, where one alone could mean either. Raises Unreadable
    when they contradict each other."""
    for surely in (True, False):
        told: dict[str, Cell] = {}
        for cell in cells:
            if sign := decimal_of(cell.text, surely):
                told.setdefault(sign, cell)
        if len(told) == 2:
            one, other = sorted(told.values(), key=lambda cell: cell.line)
            raise Unreadable(f"{other.shown} is written otherwise than line {one.line}.")
        if told:
            return next(iter(told))
    return "."


def decimal_of(text: str, surely: bool) -> str:
    """What must be the decimal sign of that number; “” when it tells nothing. One sign before three
    digits may be either: unless something else tells, it groups thousands."""
    digits = plain(text).lstrip("+-").lower().partition("e")[0]
    signs = [sign for sign in digits if sign in ".,"]
    if not signs or not SHAPE.fullmatch(digits):
        return ""
    other = "," if signs[-1] == "." else "."
    if len(set(signs)) == 2:
        return signs[-1]
    if len(signs) > 1:
        return other
    before, _, after = digits.partition(signs[0])
    groups_spaced = GROUP.search(text.translate(SIGNS)) is not None
    if len(after) != 3 or before in ("", "0") or len(before) > 3 or groups_spaced:
        return signs[0]
    return "" if surely else other


def number_in(cell: Cell, comma: str) -> Decimal | None:
    if cell.is_empty:
        return None
    found = SHAPE.fullmatch(plain(cell.text))
    if found is None:
        raise Unreadable(f"{cell.shown} is no number. Where there is none, leave it empty.")
    sign, digits, power = found.groups()
    whole, _, rest = digits.partition(comma)
    other = "," if comma == "." else "."
    groups = whole.split(other)
    grouped = len(groups) == 1 or (
        1 <= len(groups[0]) <= 3
        and all(len(group) in (2, 3) for group in groups[1:])
        and len(groups[-1]) == 3
    )
    if not grouped or not (rest.isdecimal() or not rest):
        raise Unreadable(f"{cell.shown} is no number that we can read.")
    number = Decimal(f"{sign}{''.join(groups) or 0}.{rest or 0}e{power or 0}")
    if abs(number) >= LARGEST:
        raise Unreadable(f"{cell.shown} is too large.")
    return number


def unit_of(cells: list[Cell]) -> str:
    """“%” when all have it."""
    with_it = [cell for cell in cells if set("%٪") & set(cell.text)]
    if with_it and len(with_it) < len(cells):
        other = next(cell for cell in cells if cell not in with_it)
        raise Unreadable(f"{other.shown} has no “%”, and line {with_it[0].line} has one.")
    return "%" if with_it else ""


def number_columns(rows: Sequence[Sequence[object]]) -> set[int]:
    """Of a table: those with numbers and nothing else, whose heading stands right, too."""
    columns = [[cell for cell in column if cell] for column in zip(*rows, strict=False)]
    return {n for n, cells in enumerate(columns) if cells and all(map(is_number, cells))}


def is_number(text: object) -> bool:
    """Does a cell of a table hold a number, and belong to the right?"""
    return bool(text) and SHAPE.fullmatch(plain(str(text).strip())) is not None

"""A bank's statement, of whatever kind, as lines: CAMT.053 (ISO 20022), MT940 (SWIFT), CSV.

Where a statement says what the account held before and after, its lines have to come to the
difference: a parser that leaves one out, or counts one twice, is not believed.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from typing import Any

import mt940

from donations.books.bank import camt, columns
from donations.books.bank.camt import DAMAGED
from donations.books.bank.line import Line, line, smallest
from newsroom.core.table_files import encodings
from newsroom.core.table_files.reading import Unreadable, tables

LARGEST = 20_000_000  # bytes
MOST = 100_000  # lines
MT940 = re.compile(rb"^:20:.*^:60[FM]:", re.MULTILINE | re.DOTALL)
SAID_BY_MT940 = [
    "applicant_name", "purpose", "additional_purpose", "transaction_details", "extra_details",
    "end_to_end_reference", "customer_reference", "bank_reference",
]  # fmt: skip


def read(content: bytes, name: str) -> tuple[str, list[Line]]:
    """Which kind it is, and its lines. Raises Unreadable, in words for who has the file."""
    if not content.removeprefix(BOM_UTF8).strip():
        raise Unreadable("This file is empty.")
    if len(content) > LARGEST:
        raise Unreadable("This file is larger than 20 MB. Please take a shorter time.")
    if re.match(rb"[\s\xef\xbb\xbf\xff\xfe\0]*<", content):
        kind, lines = "CAMT.053", _camt(content)
    elif MT940.search(content[:20_000]):
        kind, lines = "MT940", _mt940(content)
    else:
        kind, lines = "CSV", columns.lines(tables(BytesIO(content), name), MOST)
    if not lines:
        raise Unreadable("There is no line in it.")
    if len(lines) > MOST:
        raise Unreadable(f"There are more than {MOST:,} lines. Please take a shorter time.")
    return kind, lines


def _camt(content: bytes) -> list[Line]:
    found = camt.statements(content)
    lines = [one for statement in found for one in statement.lines]
    _must_come_to(lines, [(one.before, one.after) for one in found])
    return lines


def _mt940(content: bytes) -> list[Line]:
    encoding = encodings.of(content)
    text = content.decode(encoding, encodings.errors(encoding))
    try:
        statements = mt940.parse_statements(text)
    except Exception as error:  # its errors have no class in common
        raise Unreadable(DAMAGED) from error
    lines = []
    for statement in statements:
        account = statement.data.get("account_identification")
        for one in statement.transactions:
            if "amount" not in one.data or "date" not in one.data:
                raise Unreadable(DAMAGED)
            day = one.data.get("entry_date") or one.data["date"]
            found, said = one.data["amount"], map(one.data.get, SAID_BY_MT940)
            lines.append(
                line(
                    date(day.year, day.month, day.day), found.amount, found.currency, said, account
                )
            )
    held = [[_held(one, when) for when in ("opening", "closing")] for one in statements]
    if any(after is None for _, after in held):
        raise Unreadable(DAMAGED)  # each has one (“:62F:”, “:62M:” of a page): it was cut off
    _must_come_to(lines, held)
    return lines


def _held(statement: Any, when: str) -> Any:
    """What the account held, of a statement or of one of its pages."""
    names = (f"final_{when}_balance", f"intermediate_{when}_balance")
    found = next((statement.data[name] for name in names if name in statement.data), None)
    return found and found.amount.amount


def _must_come_to(lines: list[Line], balances: Iterable[Any]) -> None:
    """What was before, and the lines, is what was after: where a statement says both, of one
    currency."""
    pairs, codes = list(balances), {one.currency for one in lines}
    if len(codes) != 1 or any(None in pair for pair in pairs):
        return
    [code] = codes
    moved = sum(smallest(after, code) - smallest(before, code) for before, after in pairs)
    if pairs and moved != sum(one.amount for one in lines):
        raise Unreadable(
            "Its lines do not come to the difference of its balances: some are missing, or stand "
            "there twice. Nothing was taken. Please export it once more, or as another kind."
        )

"""One line of a statement, whatever kind of file it came in."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from donations.currencies import DECIMALS
from newsroom.core.table_files.reading import Unreadable

LONGEST = 2000  # characters of its text


class Line(NamedTuple):
    """``amount`` in the smallest unit of the currency, below zero: it went."""

    booked_on: date
    amount: int
    currency: str
    text: str  # who, what for, and all references
    account: str = ""


def line(day: date, amount: Any, currency: Any, texts: Iterable[Any], account: Any = "") -> Line:
    """Raises Unreadable for an amount or a currency that is none."""
    code = str(currency or "").strip().lower()
    said = dict.fromkeys(" ".join(str(text).split()) for text in texts if text)
    text = " · ".join(said)[:LONGEST]
    return Line(day, smallest(amount, code), code, text, str(account or "")[:40])


def smallest(amount: Any, code: str) -> int:
    """Of whole units, as a number or in figures. Raises Unreadable."""
    if code not in DECIMALS:
        raise Unreadable(f"A line is in a currency that is not known here: “{code.upper()[:10]}”.")
    try:
        units = Decimal(str(amount)).scaleb(DECIMALS[code])
    except InvalidOperation as error:
        raise Unreadable(f"“{str(amount)[:40]}” is no amount.") from error
    if not units.is_finite() or units != units.to_integral_value() or abs(units) > 10**15:
        raise Unreadable(f"“{str(amount)[:40]}” is no amount in {code.upper()}.")
    return int(units)

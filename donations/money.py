"""Amounts: integers in a currency's smallest unit, with its ISO 4217 code. Never floats.

Decimals by Stripe, "Supported currencies": zero-decimal and three-decimal currencies. Only
currencies listed here can be given in.
"""

import re
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Currency:
    code: str
    symbol: str
    decimals: int
    minimum: int  # smallest gift, in the smallest unit: about two dollars
    maximum: int  # beyond this somebody has slipped on a key: about 10,000 dollars


CURRENCIES = {
    currency.code: currency
    for currency in (
        Currency("usd", "$", 2, 200, 10_000_00),
        Currency("eur", "€", 2, 200, 10_000_00),
        Currency("gbp", "£", 2, 200, 10_000_00),
        Currency("pln", "zł", 2, 8_00, 40_000_00),
        Currency("jpy", "¥", 0, 300, 1_500_000),
        Currency("kwd", "KD", 3, 1_000, 3_000_000),
    )
}
# A number as people type it: 1234, 12.5, 12,50, 1 234.56, 1,234.56.
NUMBER = re.compile(r"[0-9]{1,30}(?:[.,][0-9]{1,3})?")
GROUPED = re.compile(r"[0-9]{1,3}(?:[ ,\u00a0\u202f][0-9]{3})+(?:\.[0-9]{1,3})?")


class BadAmount(ValueError):
    """Not an amount, or not one that can be given; the message is for the reader."""


def parse(typed: str, code: str, *, any_size: bool = False) -> int:
    """What somebody typed, in the smallest unit of the currency.

    Raises BadAmount with what to do: not a number, too many decimals, and, unless ``any_size``
    will do, too little or too much for a gift.
    """
    currency = CURRENCIES[code]
    text = typed.strip().removeprefix(currency.symbol).strip()
    if GROUPED.fullmatch(text):
        text = re.sub(r"[ ,\u00a0\u202f]", "", text)
    if not NUMBER.fullmatch(text):
        raise BadAmount("Please enter the amount as a number, for example 5 or 12.50.")
    amount = Decimal(text.replace(",", "."))
    exact = amount.scaleb(currency.decimals)
    if exact != exact.to_integral_value():
        raise BadAmount(
            "This currency has no decimals: please enter a whole number."
            if currency.decimals == 0
            else f"Please enter at most {currency.decimals} decimals."
        )
    smallest = int(exact)
    if any_size:
        return smallest
    if smallest < currency.minimum:
        raise BadAmount(f"The smallest amount is {show(currency.minimum, code)}.")
    if smallest > currency.maximum:
        raise BadAmount(
            f"The largest amount here is {show(currency.maximum, code)}. "
            "For more, please write to us: we would love to talk."
        )
    return smallest


def show(amount: int, code: str) -> str:
    """«$5», «€12.50», «¥1,000»: decimals only where there are any."""
    currency = CURRENCIES.get(code)
    if currency is None:  # booked in a currency that we don't offer
        return f"{amount} {code.upper()} (smallest unit)"
    value = plain(amount, code)
    whole, point, fraction = value.partition(".")
    return f"{currency.symbol}{int(whole):,}{point}{fraction}"


def plain(amount: int, code: str) -> str:
    """The amount as a bare number, «12.50»; whole amounts without decimals."""
    decimals = CURRENCIES[code].decimals if code in CURRENCIES else 0
    value = Decimal(amount).scaleb(-decimals)
    return f"{value:f}" if amount % 10**decimals else str(int(value))


def exact(amount: int, code: str) -> Decimal:
    """For spreadsheets: the amount in whole units with all its decimals."""
    return Decimal(amount).scaleb(-(CURRENCIES[code].decimals if code in CURRENCIES else 0))

"""Amounts: integers in a currency's smallest unit, with its ISO 4217 code. Never floats.

Decimals by Stripe, "Supported currencies": zero-decimal and three-decimal currencies. Only
currencies listed here can be given in.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from newsroom.core.languages import apart
from newsroom.core.uris import MARKS


@dataclass(frozen=True)
class Currency:
    code: str
    symbol: str
    decimals: int
    minimum: int  # the least one can give, in the smallest unit: about two dollars
    maximum: int  # beyond this somebody has slipped on a key: about 10,000 dollars
    fee: int  # the fixed part of what the payment provider takes, about 30 cents


CURRENCIES = {
    currency.code: currency
    for currency in (
        Currency("usd", "$", 2, 200, 10_000_00, 30),
        Currency("eur", "€", 2, 200, 10_000_00, 25),
        Currency("gbp", "£", 2, 200, 10_000_00, 20),
        Currency("pln", "zł", 2, 8_00, 40_000_00, 100),
        Currency("jpy", "¥", 0, 300, 1_500_000, 40),
        Currency("kwd", "KD", 3, 1_000, 3_000_000, 100),
    )
}
# Of currencies that are booked but not offered here; two for all others.
DECIMALS = dict.fromkeys(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "krw",
        "kmf",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ],
    0,
)
DECIMALS |= dict.fromkeys(["bhd", "jod", "omr", "tnd"], 3)
# The language a browser asks for -> the currency it most likely pays in. With a region first.
CURRENCY_OF = {"en-gb": "gbp", "en-ie": "eur", "es-419": "usd", "pl": "pln", "ja": "jpy"}
CURRENCY_OF |= {"ar-kw": "kwd"} | {f"es-{region}": "usd" for region in ("us", "mx", "ar", "co")}
EURO = "bg ca de el es et fi fr ga hr it lt lv mt nl pt-pt sk sl"
CURRENCY_OF |= dict.fromkeys(EURO.split(), "eur") | {"fr-ca": "usd"}
FEE_SHARE = Decimal("0.029")  # of the whole charge ("Pricing": cards, standard)

# A number as people type it: 1234, 12.5, 12,50; in groups as any of our languages has them:
# 1 234.56, 1 234,56, 1,234.56, 1.234,56. But 1.234 may be either, and is no amount of most.
NUMBER = re.compile(r"[0-9]{1,30}(?:[.,][0-9]{1,3})?")
GROUPED = re.compile(
    r"(?![0-9]+\.[0-9]+$)[0-9]{1,3}([ ,.\u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*"
    r"(?:(?!\1)[.,][0-9]{1,3})?"
)
# Arabic and Persian keyboards have digits and signs of their own.
LATIN = {ord(one): str(n) for row in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for n, one in enumerate(row)}
LATIN |= {ord("٫"): ".", ord("٬"): ","}


class BadAmount(ValueError):
    """Not an amount, or not one that can be given; the message is for the reader."""


def parse(typed: str, code: str, *, any_size: bool = False) -> int:
    """What somebody typed, in the smallest unit of the currency.

    Raises BadAmount with what to do: not a number, too many decimals, and, unless ``any_size``
    will do, too little or too much for a contribution.
    """
    currency = CURRENCIES[code]
    text = typed.translate(LATIN).strip(f"{MARKS} ").removeprefix(currency.symbol).strip()
    if found := GROUPED.fullmatch(text):
        text = text.replace(found[1], "")
    if not NUMBER.fullmatch(text):
        raise BadAmount(_("Please enter the amount as a number, for example 5 or 12.50."))
    amount = Decimal(text.replace(",", "."))
    exact = amount.scaleb(currency.decimals)
    if exact != exact.to_integral_value():
        raise BadAmount(
            _("This currency has no decimals: please enter a whole number.")
            if currency.decimals == 0
            else _("Please enter at most {count} decimals.").format(count=currency.decimals)
        )
    smallest = int(exact)
    if currency.decimals == 3 and smallest % 10:
        raise BadAmount(_("Please round the last decimal to 0."))  # “Supported currencies”
    if any_size:
        return smallest
    if smallest < currency.minimum:
        least = apart(show(currency.minimum, code))
        raise BadAmount(_("The smallest amount is {amount}.").format(amount=least))
    if smallest > currency.maximum:
        raise BadAmount(
            _(
                "The largest amount here is {amount}. For more, please write to us: we would love "
                "to talk."
            ).format(amount=apart(show(currency.maximum, code)))
        )
    return smallest


def show(amount: int, code: str) -> str:
    """“$5”, “€12.50”, “¥1,000”: decimals only where there are any."""
    currency = CURRENCIES.get(code)
    if currency is None:  # booked in a currency that we don't offer
        return f"{amount} {code.upper()} (smallest unit)"
    value = plain(amount, code)
    whole, point, fraction = value.partition(".")
    return f"{currency.symbol}{int(whole):,}{point}{fraction}"


def plain(amount: int, code: str) -> str:
    """The amount as a bare number, “12.50”; whole amounts without decimals."""
    decimals = CURRENCIES[code].decimals if code in CURRENCIES else 0
    value = Decimal(amount).scaleb(-decimals)
    return f"{value:f}" if amount % 10**decimals else str(int(value))


def exact(amount: int, code: str) -> Decimal:
    """For spreadsheets: the amount in whole units with all its decimals, of any currency."""
    known = CURRENCIES.get(code)
    return Decimal(amount).scaleb(-(known.decimals if known else DECIMALS.get(code, 2)))


def with_fee(amount: int, code: str) -> int:
    """What to charge so that about ``amount`` is left when the provider has taken its fee.

    An estimate: the true fee depends on the card and is known only when it is booked.
    """
    currency = CURRENCIES[code]
    whole = (Decimal(amount + currency.fee) / (1 - FEE_SHARE)).to_integral_value(ROUND_UP)
    step = 10 if currency.decimals == 3 else 1  # “Supported currencies”: multiples of 10
    return min(-(-int(whole) // step) * step, currency.maximum)


def currency_of(accept_language: str, offered: list[str]) -> str:
    """The currency for a reader's languages (RFC 9110, 12.5.4), "" if none of them tells."""
    for tag, _quality in parse_accept_lang_header(accept_language):
        code = CURRENCY_OF.get(tag) or CURRENCY_OF.get(tag.partition("-")[0])
        if code in offered:
            return str(code)
    return ""

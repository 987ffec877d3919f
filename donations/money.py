"""Amounts: integers in a currency's smallest unit, with its ISO 4217 code. Never floats.

Read as people type them, and written in the habit of the language that is spoken (CLDR, by
Babel). What can be read in two ways is never guessed: it is asked about.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from donations.currencies import DECIMALS, OFFERED, STEPS, bare, signs
from newsroom.core.languages import NAMES, apart, spoken
from newsroom.core.uris import MARKS

FEE_SHARE = Decimal("0.029")  # of the whole charge ("Pricing": cards, standard)
MOST = 10**12 - 1  # "Supported currencies": twelve digits, in those that are worth least
NBSP = "\u00a0"

# Digits of Arabic and Persian keyboards (CLDR: numbering systems arab and arabext).
ARABIC, PERSIAN = "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"
LATIN = str.maketrans(f"{ARABIC}{PERSIAN}،’ʼ`´−–—", "01234567890123456789,''''---")
PERSIAN_POINT = re.compile(rf"(?<=[{PERSIAN}])/(?=[{PERSIAN}])")
# “5,-”, “1'000.–”: no cents.
NO_CENTS = re.compile(r"(?<=\d)([.,])-{1,2}(?!\d)")
# A number, and what stands on either side of it.
TYPED = re.compile(r"([^0-9]*?)([.,٫]?[0-9](?:[0-9.,٫٬' ]*[0-9])?)[.,]?([^0-9]*)", re.ASCII)
# 1,234,567 by one separator throughout; 12,34,567 as in India.
_GROUPS = (
    r"[1-9][0-9]{0,2}(?P<one>[.,٬' ])[0-9]{3}(?:(?P=one)[0-9]{3})*"
    r"|[1-9][0-9]?(?:(?P<india>,)[0-9]{2})+,[0-9]{3}"
)
GROUPED = re.compile(_GROUPS)
DECIMAL = re.compile(
    rf"(?P<whole>{_GROUPS}|[0-9]*)(?!(?P=one)|(?P=india))[.,٫](?P<fraction>[0-9]+)"
)
NO_DIGIT = re.compile("[^0-9]")
MOST_DIGITS = 25  # beyond, Decimal rounds


class BadAmount(ValueError):
    """Not an amount, or not one that can be given; the message is for the reader."""

    choices: Sequence[int] = ()


class Ambiguous(BadAmount):
    """It can be read in more than one way. ``choices``: the amounts that it may mean, in the
    smallest unit, at least one."""

    def __init__(self, typed: str, code: str, choices: list[int]) -> None:
        self.choices = choices
        amounts = " / ".join(apart(show(amount, code)) for amount in choices)
        words = _("Please say which amount you mean by “{typed}”: {amounts}")
        super().__init__(words.format(typed=apart(typed), amounts=amounts))


# --- Reading ------------------------------------------------------------------------------------


def parse(typed: str, code: str, *, any_size: bool = False) -> int:
    """What somebody typed, in the smallest unit of the currency.

    Raises Ambiguous when it can be read in two ways; BadAmount with what to do: not a number,
    another currency, too many decimals, and, unless ``any_size`` will do, too little or too much.
    """
    if code not in DECIMALS:
        raise BadAmount(
            _("We can't read amounts in {currency}. Please write to us.").format(
                currency=apart(code.upper())
            )
        )
    readings = list(_readings(_number(typed, code)))
    if len(readings) > 1 and not _fraction(code):
        readings = readings[1:]  # a currency without decimals: it can only be a group
    if len(readings) > 1:
        possible = [_smallest(one, code) for one in readings if _fits(one, code)]
        raise Ambiguous(typed.strip(), code, possible)
    if not readings:
        raise BadAmount(_("Please enter the amount as a number, for example 5 or 12.50."))
    [amount] = readings
    if not _fits(amount, code):
        raise BadAmount(_too_fine(amount, code))
    smallest = _smallest(amount, code)
    if not any_size:
        _within(smallest, code)
    return smallest


def _number(typed: str, code: str) -> str:
    """The number alone, its digits Latin, its spaces plain; "" when there is none.

    Raises BadAmount when a sign of another currency stands beside it.
    """
    if any(unicodedata.category(one) in ("No", "Nl") for one in typed):
        return ""  # ½, ², ①: none of them is a digit of a number
    text = PERSIAN_POINT.sub("٫", typed).translate(dict.fromkeys(map(ord, MARKS)))
    text = unicodedata.normalize("NFKC", text.translate(LATIN)).translate(LATIN)
    text = NO_CENTS.sub(r"\g<1>00", " ".join(text.split()))
    found = TYPED.fullmatch(text)
    if not found or sum(map(str.isdigit, text)) > MOST_DIGITS:
        return ""
    for side in (found[1].strip(), found[3].strip()):
        sign = bare(side)
        if not side or code in signs().get(sign, ()):
            continue
        if sign in signs() or any(unicodedata.category(one) == "Sc" for one in sign):
            words = _("You wrote “{sign}”, but this is an amount in {currency}.")
            raise BadAmount(words.format(sign=apart(side), currency=apart(code.upper())))
        return ""
    return found[2]


def _readings(number: str) -> Iterator[Decimal]:
    """What it may mean: with decimals first, then in groups of thousands; two when the one
    separator in it has three digits behind it."""
    if found := DECIMAL.fullmatch(number):
        yield Decimal(f"{NO_DIGIT.sub('', found['whole'])}.{found['fraction']}")
    if GROUPED.fullmatch(number) or number.isdigit():
        yield Decimal(NO_DIGIT.sub("", number))


def _fraction(code: str) -> bool:
    """Has it anything smaller than one that can be charged?"""
    return STEPS.get(code, 1) < 10 ** DECIMALS[code]


def _smallest(amount: Decimal, code: str) -> int:
    return int(amount.scaleb(DECIMALS[code]))


def _fits(amount: Decimal, code: str) -> bool:
    return amount.scaleb(DECIMALS[code]) % STEPS.get(code, 1) == 0


def _too_fine(amount: Decimal, code: str) -> str:
    if not _fraction(code):
        return _("This currency has no decimals: please enter a whole number.")
    exact = amount.scaleb(DECIMALS[code])
    if exact != exact.to_integral_value():
        return _("Please enter at most {count} decimals.").format(count=DECIMALS[code])
    return _("Please round the last decimal to 0.")  # “Supported currencies”


def bounds(code: str) -> tuple[int, int]:
    """The least and the most that can be given. Of a currency that we don't offer we know only
    that one of it is little."""
    offered = OFFERED.get(code)
    return (offered.minimum, offered.maximum) if offered else (10 ** DECIMALS.get(code, 0), MOST)


def _within(smallest: int, code: str) -> None:
    least, most = bounds(code)
    if smallest < least:
        amount = apart(show(least, code))
        raise BadAmount(_("The smallest amount is {amount}.").format(amount=amount))
    if smallest > most:
        raise BadAmount(
            _(
                "The largest amount here is {amount}. For more, please write to us: we would love "
                "to talk."
            ).format(amount=apart(show(most, code)))
        )


# --- Writing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Habit:
    """How a language writes amounts, around the number, where “¤” is the currency's sign, and in
    it. The digits are Latin in all of them, as in our dates and in the numbers of receipts."""

    before: str
    after: str
    group: str
    point: str

    def number(self, value: str, group: str | None = None) -> str:
        """“1234.50” as this language has it."""
        whole, point, fraction = value.partition(".")
        grouped = f"{int(whole):,}".replace(",", self.group if group is None else group)
        return f"{grouped}{self.point if point else ''}{fraction}"


@cache
def habit(language: str) -> Habit:
    locale = Locale.parse(language if language in NAMES else "en")  # staff may have others
    pattern = locale.currency_formats["standard"]
    return Habit(
        before=pattern.prefix[0],
        after=pattern.suffix[0],
        group=get_group_symbol(locale),
        point=get_decimal_symbol(locale),
    )


def show(amount: int, code: str) -> str:
    """“$5”, “€12.50”, “¥1,000”, in German “12,50 €”: decimals only where there are any. A currency
    that we don't offer has its code for a sign: “SEK 100”."""
    if code not in DECIMALS:  # Stripe has it since today: nobody knows yet where the point is
        return _("{amount} {currency} (smallest unit)").format(amount=amount, currency=code.upper())
    if amount < 0:
        return f"-{show(-amount, code)}"
    value = f"{units(amount, code):f}" if amount % 10 ** DECIMALS[code] else plain(amount, code)
    written = habit(spoken())
    sign = OFFERED[code].symbol if code in OFFERED else code.upper()
    gap = NBSP if written.before.endswith("¤") and code not in OFFERED else ""
    around = [part.replace("¤", sign) for part in (written.before, written.after)]
    return f"{around[0]}{gap}{written.number(value)}{around[1]}"


def signed(amount: int, code: str) -> str:
    """As a table of movements has it, with a true minus."""
    return show(amount, code).replace("-", "−", 1) if amount < 0 else show(amount, code)


shown = lazy(show, str)  # in the language that is spoken when it is read: for mails


def plain(amount: int, code: str) -> str:
    """The amount as a bare number for machines, “12.50”; whole amounts without decimals. Never
    with three digits behind the point, which could be read as thousands."""
    decimals = DECIMALS.get(code, 0)
    if amount % 10**decimals == 0:
        return str(amount // 10**decimals)
    value = f"{units(amount, code):f}"
    return value[:-1] if decimals == 3 and value.endswith("0") else value


def editable(amount: int, code: str) -> str:
    """What stands in a field for somebody to change: “12,50” in German."""
    return habit(spoken()).number(plain(amount, code), group="")


def coded(amount: int, code: str) -> str:
    """“12.50 EUR”, with all decimals: by its ISO code, which no tax office mistakes."""
    if code not in DECIMALS:
        return show(amount, code)
    return f"{habit(spoken()).number(f'{units(amount, code):f}')} {code.upper()}"


def units(amount: int, code: str) -> Decimal:
    """In whole units; of a currency that we don't know, the amount as it is, which is more."""
    return Decimal(amount).scaleb(-DECIMALS.get(code, 0))


def worth(amount: int, code: str) -> Decimal:
    """About how many dollars, to judge whether it is much: by the least one can give, which is
    about two of them everywhere. Of a currency in which nothing is offered, its whole units."""
    offered = OFFERED.get(code)
    return Decimal(amount) * 2 / offered.minimum if offered else units(amount, code)


def most_worth(dollars: int, code: str) -> int:
    """The largest amount that is worth no more, in the smallest unit."""
    offered = OFFERED.get(code)
    return dollars * (offered.minimum if offered else 2 * 10 ** DECIMALS.get(code, 0)) // 2


def exact(amount: int, code: str) -> Decimal | str:
    """For spreadsheets: in whole units with all decimals; words, which nobody adds up, for a
    currency that we don't know."""
    return units(amount, code) if code in DECIMALS else show(amount, code)


# --- Reckoning ----------------------------------------------------------------------------------


def chargeable(amount: int, code: str) -> int:
    """The largest amount up to this that Stripe can charge, within bounds."""
    step = STEPS.get(code, 1)
    least, most = bounds(code)
    return min(max(amount // step * step, least), most)


def with_fee(amount: int, code: str) -> int:
    """What to charge so that about ``amount`` is left when the provider has taken its fee.

    An estimate: the true fee depends on the card and is known only when it is booked.
    """
    offered, step = OFFERED[code], STEPS.get(code, 1)
    whole = (Decimal(amount + offered.fee) / (1 - FEE_SHARE)).to_integral_value(ROUND_UP)
    return min(-(-int(whole) // step) * step, offered.maximum)

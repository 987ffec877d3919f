"""The bookings of some months, to take away: as a table, for beancount, and for DATEV."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import Max, Min
from django.utils import timezone

from donations import money
from donations.books.closing import trial_balance
from donations.models import Account, Booking, Posting
from newsroom.core.database import keyset

HEADINGS: list[object] = [
    "Date", "Booking", "What", "Reference", "Account", "Debit", "Credit", "Currency", "Happened",
    "Note",
]  # fmt: skip
IN_BEANCOUNT = {
    Account.CLEARING: "Assets:Stripe",
    Account.TRANSIT: "Assets:OnItsWay",
    Account.BANK: "Assets:Bank",
    Account.RESERVE: "Assets:HeldBack",
    Account.CONTESTED: "Assets:Contested",
    Account.OFFLINE: "Assets:WithoutStripe",
    Account.UNCONFIRMED: "Liabilities:Unconfirmed",
    Account.DONATIONS: "Income:Donations",
    Account.REFUNDS: "Income:GivenBack",
    Account.FEES: "Expenses:Fees",
    Account.FEE_TAX: "Expenses:TaxOnFees",
    Account.FX_FEES: "Expenses:Conversion",
    Account.DISPUTE_FEES: "Expenses:DisputeFees",
    Account.DISPUTE_LOSS: "Expenses:Disputes",
    Account.FX_RESULT: "Expenses:Rates",
    Account.SUSPENSE: "Assets:NotExplained",
}
OPENING = "Equity:OpeningBalances"


def bookings(first: date, after: date) -> Iterator[tuple[Booking, list[Posting]]]:
    """Those of the days from ``first`` until ``after``, without it, in the order of their numbers,
    each with its postings. Constant memory."""
    numbers = Booking.objects.filter(booked_on__gte=first, booked_on__lt=after)
    ends = numbers.aggregate(least=Min("pk"), most=Max("pk"))
    if ends["least"] is None:
        return
    found = Posting.objects.filter(
        booking__gte=ends["least"],
        booking__lte=ends["most"],
        booking__booked_on__gte=first,
        booking__booked_on__lt=after,
    )
    in_order = keyset(found.select_related("booking").order_by("booking_id", "pk"))
    for _, lines in groupby(in_order, key=lambda line: line.booking_id):
        group = list(lines)
        yield group[0].booking, group


def rows(first: date, after: date) -> Iterator[list[object]]:
    """For a spreadsheet: a row for each posting."""
    yield HEADINGS
    for booking, lines in bookings(first, after):
        for line in lines:
            amount = money.exact(abs(line.amount), booking.currency)
            yield [
                booking.booked_on, booking.pk, str(booking.get_kind_display()), booking.reference,
                str(Account(line.account).label), amount if line.amount > 0 else "",
                amount if line.amount < 0 else "", booking.currency.upper(),
                timezone.localtime(booking.happened_at), booking.memo,
            ]  # fmt: skip


def beancount(first: date, after: date) -> Iterator[str]:
    """A ledger by itself: what was before is opened with, and what is at its end is asserted
    (beancount, “Language Syntax”)."""
    balances = trial_balance(first, after)
    yield f'option "title" "Books from {first} until {after}"\n'
    for currency in balances:
        yield f'option "operating_currency" "{currency.upper()}"\n'
    day_before = first - timedelta(days=1)
    yield f"\n{day_before} open {OPENING}\n"
    for name in IN_BEANCOUNT.values():
        yield f"{day_before} open {name}\n"
    for currency, accounts in balances.items():
        yield f'\n{day_before} * "Before" ""\n'
        for row in accounts:
            if row.before:
                yield _posted(IN_BEANCOUNT[row.account], row.before, currency)
        yield _posted(OPENING, 0, currency)  # both sides are equal: nothing is left to it
    for booking, lines in bookings(first, after):
        what, reference = _quoted(booking.get_kind_display()), _quoted(booking.reference)
        yield f"\n{booking.booked_on} * {what} {reference}\n  number: {booking.pk}\n"
        for line in lines:
            account = IN_BEANCOUNT[Account(line.account)]
            yield _posted(account, line.amount, booking.currency)
    yield "\n"
    for currency, accounts in balances.items():
        for row in accounts:
            amount = f"{money.units(row.after, currency):f} {currency.upper()}"
            yield f"{after} balance {IN_BEANCOUNT[row.account]}  {amount}\n"


def _posted(account: str, amount: int, currency: str) -> str:
    value: Decimal = money.units(amount, currency)
    return f"  {account}  {value:f} {currency.upper()}\n"


def _quoted(text: object) -> str:
    plain = " ".join(str(text).split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'

"""The bookings of some months as a ledger of beancount's (“Language Syntax”)."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from donations import money
from donations.books.closing import trial_balance
from donations.books.exports.journal import bookings
from donations.models import Account

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


def ledger(first: date, after: date) -> Iterator[str]:
    """A ledger by itself: what was before is opened with, and what is at its end is asserted."""
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

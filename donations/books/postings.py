"""What a movement of Stripe's balance comes to in the books. Pure: amounts in, postings out.

Each posts what the balance got (``net``) to CLEARING, each fee to an account of fees, and the whole
amount, the other way, to the account that says why. So it adds up to nothing whatever Stripe sends:
a kind that is not known here goes to SUSPENSE, which somebody has to look at, and never nowhere.

Fees are read, never computed: Stripe gives some back, and takes others later (“Dispute fees”).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from donations.models.books import Account

Postings = Mapping[Account, int]

# By what they are, where the category says less (Stripe: “Balance transaction types”).
BY_TYPE = {
    # A debit is booked when it is sent off, and may be refused for weeks.
    "payment": Account.UNCONFIRMED,
    "payment_failure_refund": Account.UNCONFIRMED,
    "payment_reversal": Account.DISPUTE_LOSS,  # taken back by the bank, for good
    "stripe_fx_fee": Account.FX_FEES,
    "tax_fee": Account.FEE_TAX,
    "payout_minimum_balance_hold": Account.RESERVE,
    "payout_minimum_balance_release": Account.RESERVE,
    "reserve_hold": Account.RESERVE,
    "reserve_release": Account.RESERVE,
    "reserved_funds": Account.RESERVE,
    "payment_network_reserve_hold": Account.RESERVE,
    "payment_network_reserve_release": Account.RESERVE,
}
# By what they are for (Stripe: “Reporting categories”).
BY_CATEGORY = {
    "charge": Account.DONATIONS,
    "partial_capture_reversal": Account.DONATIONS,
    "charge_failure": Account.UNCONFIRMED,
    "refund": Account.REFUNDS,
    "refund_failure": Account.REFUNDS,
    "dispute": Account.CONTESTED,
    "dispute_reversal": Account.CONTESTED,
    "fee": Account.FEES,
    "network_cost": Account.FEES,
    "tax": Account.FEE_TAX,
    "payout": Account.TRANSIT,
    "payout_reversal": Account.TRANSIT,
    "topup": Account.TRANSIT,
    "topup_reversal": Account.TRANSIT,
    "risk_reserved_funds": Account.RESERVE,
}
DISPUTES = ("dispute", "dispute_reversal")
# Of ``fee_details``.
BY_FEE = {
    "stripe_fee": Account.FEES,
    "payment_method_passthrough_fee": Account.FEES,
    "application_fee": Account.FEES,
    "tax": Account.FEE_TAX,
    "withheld_tax": Account.FEE_TAX,
}


@dataclass(frozen=True)
class Fee:
    kind: str
    amount: int
    description: str = ""


@dataclass(frozen=True)
class Moved:
    """A balance transaction, as far as it is booked; amounts in the smallest unit of its currency.

    ``at_the_first_rate`` is of a refund of a converted gift: how much of what the gift had come to
    went back. Stripe converts at the rate of the day, so it is rarely the amount.
    """

    kind: str  # Stripe's ``type``
    category: str  # … ``reporting_category``
    amount: int
    net: int
    fees: tuple[Fee, ...] = ()
    description: str = ""
    at_the_first_rate: int | None = None


def of(moved: Moved) -> Postings:
    """Account -> what is posted there; no account with nothing."""
    found: Counter[Account] = Counter()
    found[Account.CLEARING] += moved.net
    for fee in moved.fees:
        found[account_of_fee(moved, fee)] += fee.amount
    # What is taken and stands in no detail.
    found[Account.FEES] += moved.amount - moved.net - sum(fee.amount for fee in moved.fees)
    counter, first = account_of(moved), moved.at_the_first_rate
    if counter == Account.REFUNDS and first is not None:
        found[Account.REFUNDS] += first
        found[Account.FX_RESULT] += -moved.amount - first
    else:
        found[counter] -= moved.amount
    return {account: amount for account, amount in found.items() if amount}


def account_of(moved: Moved) -> Account:
    """Why it moved."""
    known = BY_TYPE.get(moved.kind) or BY_CATEGORY.get(moved.category)
    account = known or BY_CATEGORY.get(moved.kind, Account.SUSPENSE)
    # One for an answer to a dispute comes by itself.
    is_of_dispute = account == Account.FEES and "dispute" in moved.description.lower()
    return Account.DISPUTE_FEES if is_of_dispute else account


def account_of_fee(moved: Moved, fee: Fee) -> Account:
    account = BY_FEE.get(fee.kind, Account.SUSPENSE)
    if account == Account.FEES and moved.category in DISPUTES:
        return Account.DISPUTE_FEES
    if account == Account.FEES and "conversion" in fee.description.lower():
        return Account.FX_FEES
    return account


def confirmed(amount: int) -> Postings:
    """A debit that was unconfirmed went through."""
    if not amount:
        return {}
    return {Account.UNCONFIRMED: amount, Account.DONATIONS: -amount}


def dispute_ended(contested: int, *, lost: bool) -> Postings:
    """What is still contested then: lost, or, of one that was won, what other rates have left."""
    if not contested:
        return {}
    other = Account.DISPUTE_LOSS if lost else Account.FX_RESULT
    return {other: contested, Account.CONTESTED: -contested}


def share(came_to: int, given: int, back_before: int, back_now: int) -> int:
    """Of what a converted gift had come to: how much goes back with a refund.

    ``given`` and what goes ``back`` are in the donor's currency. The last refund takes what
    rounding has left, so that all of it is gone when all was given back.
    """

    def until(back: int) -> int:
        return (2 * came_to * back + given) // (2 * given)  # halves up

    return until(back_before + back_now) - until(back_before)

"""The books: double entry, one currency at a time, nothing is ever changed (booking.py); and what
Stripe says of its balance (at_stripe.py)."""

from .account import Account
from .at_stripe import BalanceTransaction, Mark, Payout
from .booking import Booking, Posting
from .closed_month import ClosedMonth

__all__ = [
    "Account", "BalanceTransaction", "Booking", "ClosedMonth", "Mark", "Payout", "Posting",
]  # fmt: skip

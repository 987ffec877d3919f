"""The books: double entry, one currency at a time, nothing is ever changed (booking.py); and what
Stripe says of its balance (at_stripe.py)."""

from .account import Account
from .account_month import AccountMonth
from .at_stripe import BalanceTransaction, Mark, Payout
from .booking import Booking, ClosedMonth, Posting

__all__ = [
    "Account", "AccountMonth", "BalanceTransaction", "Booking", "ClosedMonth", "Mark", "Payout",
    "Posting",
]  # fmt: skip

"""The books: double entry, one currency at a time, nothing is ever changed (booking.py); what
Stripe says of its balance (at_stripe.py), and the bank (at_bank.py); what came by hand."""

from .account import Account
from .account_month import AccountMonth
from .at_bank import BankFile, BankLine
from .at_stripe import BalanceTransaction, Mark, Payout
from .booking import Booking, Posting
from .closed_month import ClosedMonth
from .datev import Datev
from .offline_gift import GiftDocument, OfflineGift

__all__ = [
    "Account", "AccountMonth", "BalanceTransaction", "BankFile", "BankLine", "Booking",
    "ClosedMonth", "Datev", "GiftDocument", "Mark", "OfflineGift", "Payout", "Posting",
]  # fmt: skip

"""The books: double entry, one currency at a time, nothing is ever changed (booking.py)."""

from .account import Account
from .booking import Booking, ClosedMonth, Posting

__all__ = ["Account", "Booking", "ClosedMonth", "Posting"]

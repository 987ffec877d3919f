"""Readers: who is on which list, what they agreed to, and how many they are."""

from .address_change import AddressChange
from .leaving_reason import LeavingReason
from .reader_count import ReaderCount
from .subscriber import Consent, Seed, Subscriber, Subscription

__all__ = [
    "AddressChange",
    "Consent",
    "LeavingReason",
    "ReaderCount",
    "Seed",
    "Subscriber",
    "Subscription",
]

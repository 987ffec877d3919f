"""Readers: who is on which list, what they agreed to, and how many they are."""

from .reader_count import ReaderCount
from .subscriber import Consent, Seed, Subscriber, Subscription

__all__ = ["Consent", "ReaderCount", "Seed", "Subscriber", "Subscription"]

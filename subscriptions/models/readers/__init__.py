"""Readers: who is on which list, what they agreed to, and how many they are."""

from .address_change import AddressChange
from .leaving_reason import LeavingReason
from .reader_count import ReaderCount
from .reader_import import ImportedChange, ImportPiece, ImportProblem, ReaderImport
from .reader_move import ReaderMove
from .reader_tag import ReaderTag
from .segment import Segment
from .subscriber import Consent, Seed, Subscriber, Subscription
from .welcome_mail import WelcomeMail

__all__ = [
    "AddressChange",
    "Consent",
    "ImportPiece",
    "ImportProblem",
    "ImportedChange",
    "LeavingReason",
    "ReaderCount",
    "ReaderImport",
    "ReaderMove",
    "ReaderTag",
    "Seed",
    "Segment",
    "Subscriber",
    "Subscription",
    "WelcomeMail",
]

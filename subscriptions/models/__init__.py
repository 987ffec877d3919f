"""What subscriptions keeps: readers, newsletters, issues, mailings and their batches.

Uses newsroom (models, mail's look and words, core).
Begin with readers/ and newsletter.py; mailing.py and batch.py have the tables of moves.
"""

from .batch import Batch
from .days import Holiday
from .delivery_log import BatchEvent, DeliveryFailure
from .issue import IssuePage, OtherSubject
from .link import IssueLink
from .link_check import LinkCheck
from .mailing import Mailing, MailingBody
from .newsletter import (
    Newsletter,
    NewsletterIndexPage,
    NewsletterRule,
)
from .piece import Piece
from .provider_event import ProviderEvent, ProviderEventKey
from .readers import (
    AddressChange,
    Consent,
    ImportedChange,
    ImportPiece,
    ImportProblem,
    LeavingReason,
    ReaderCount,
    ReaderImport,
    ReaderMove,
    ReaderTag,
    Seed,
    Segment,
    Subscriber,
    Subscription,
    WelcomeMail,
)
from .readers.edition import Edition
from .readers.words import NewsletterWords
from .test_send import TestSend
from .throttle import Throttle

__all__ = [
    "AddressChange",
    "Batch",
    "BatchEvent",
    "Consent",
    "DeliveryFailure",
    "Edition",
    "Holiday",
    "ImportPiece",
    "ImportProblem",
    "ImportedChange",
    "IssueLink",
    "IssuePage",
    "LeavingReason",
    "LinkCheck",
    "Mailing",
    "MailingBody",
    "Newsletter",
    "NewsletterIndexPage",
    "NewsletterRule",
    "NewsletterWords",
    "OtherSubject",
    "Piece",
    "ProviderEvent",
    "ProviderEventKey",
    "ReaderCount",
    "ReaderImport",
    "ReaderMove",
    "ReaderTag",
    "Seed",
    "Segment",
    "Subscriber",
    "Subscription",
    "TestSend",
    "Throttle",
    "WelcomeMail",
]

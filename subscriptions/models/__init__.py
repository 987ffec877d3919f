from .checks import LinkCheck, TestSend
from .delivery_log import BatchEvent, DeliveryFailure
from .mailing import Batch, Mailing
from .newsletter import IssueItem, IssuePage, Newsletter, NewsletterIndexPage
from .subscriber import Consent, Subscriber, Subscription, Suppression
from .throttle import Throttle
from .transactional import TransactionalMail

__all__ = [
    "Batch",
    "BatchEvent",
    "Consent",
    "DeliveryFailure",
    "IssueItem",
    "IssuePage",
    "LinkCheck",
    "Mailing",
    "Newsletter",
    "NewsletterIndexPage",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TestSend",
    "Throttle",
    "TransactionalMail",
]

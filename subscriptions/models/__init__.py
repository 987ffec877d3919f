from .mailing import Batch, Mailing
from .newsletter import IssueItem, IssuePage, Newsletter, NewsletterIndexPage
from .subscriber import Consent, Subscriber, Subscription, Suppression
from .transactional import TransactionalMail

__all__ = [
    "Batch",
    "Consent",
    "IssueItem",
    "IssuePage",
    "Mailing",
    "Newsletter",
    "NewsletterIndexPage",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TransactionalMail",
]

from .appeal import Appeal, AppealAmounts, Country, Frequency
from .contribution import (
    Checkout,
    Contribution,
    ContributionChange,
    Donor,
    RecurringContribution,
)
from .deferral import Deferral
from .receipt import Receipt, ReceiptNumber
from .recurring_change import RecurringChange
from .refund import Refund
from .review import Dispute, Review
from .stripe_event import CatchUp, StripeEvent
from .wording import GivingWords

__all__ = [
    "Appeal",
    "AppealAmounts",
    "CatchUp",
    "Checkout",
    "Contribution",
    "ContributionChange",
    "Country",
    "Deferral",
    "Dispute",
    "Donor",
    "Frequency",
    "GivingWords",
    "Receipt",
    "ReceiptNumber",
    "RecurringChange",
    "RecurringContribution",
    "Refund",
    "Review",
    "StripeEvent",
]

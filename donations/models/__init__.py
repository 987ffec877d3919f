from .appeal import Appeal, AppealAmounts, Frequency
from .contribution import (
    Checkout,
    Contribution,
    ContributionChange,
    Donor,
    RecurringContribution,
)
from .deferral import Deferral
from .recurring_change import RecurringChange
from .refund import Refund
from .review import Dispute, Review
from .stripe_event import CatchUp, StripeEvent

__all__ = [
    "Appeal",
    "AppealAmounts",
    "CatchUp",
    "Checkout",
    "Contribution",
    "ContributionChange",
    "Deferral",
    "Dispute",
    "Donor",
    "Frequency",
    "RecurringChange",
    "RecurringContribution",
    "Refund",
    "Review",
    "StripeEvent",
]

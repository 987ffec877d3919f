from .appeal import Appeal, AppealAmounts, Frequency
from .contribution import (
    Checkout,
    Contribution,
    ContributionChange,
    Donor,
    RecurringContribution,
)
from .deferral import Deferral
from .stripe_event import StripeEvent

__all__ = [
    "Appeal",
    "AppealAmounts",
    "Checkout",
    "Contribution",
    "ContributionChange",
    "Deferral",
    "Donor",
    "Frequency",
    "RecurringContribution",
    "StripeEvent",
]

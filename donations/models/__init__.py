from .appeal import Appeal, AppealAmounts
from .contribution import (
    Checkout,
    Contribution,
    ContributionChange,
    Donor,
    Frequency,
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

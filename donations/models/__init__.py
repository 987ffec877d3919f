"""What donations keeps: appeals, checkouts, contributions, donors, receipts, reviews.

Uses money.py and newsroom's core.
Begin with contribution.py.
"""

from .asking import Appeal, AppealAmounts, Deferral, DeferralCount, Frequency, KeepInTouch
from .checkout import Checkout
from .contribution import Contribution, ContributionChange
from .country import Country
from .donor import Customer, Donor, DonorAddress, ErasedCustomer, Erasure
from .movement import Dispute, Movement, StripeRefund
from .receipt import Receipt, ReceiptNumber
from .recurring import RecurringChange, RecurringContribution
from .refund import Refund
from .review import Review
from .stripe_event import CatchUp, Lease, StripeEvent
from .wording import GivingWords

__all__ = [
    "Appeal",
    "AppealAmounts",
    "CatchUp",
    "Checkout",
    "Contribution",
    "ContributionChange",
    "Country",
    "Customer",
    "Deferral",
    "DeferralCount",
    "Dispute",
    "Donor",
    "DonorAddress",
    "ErasedCustomer",
    "Erasure",
    "Frequency",
    "GivingWords",
    "KeepInTouch",
    "Lease",
    "Movement",
    "Receipt",
    "ReceiptNumber",
    "RecurringChange",
    "RecurringContribution",
    "Refund",
    "Review",
    "StripeEvent",
    "StripeRefund",
]

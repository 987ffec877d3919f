"""What donations keeps: appeals, checkouts, contributions, donors, receipts, reviews.

Uses money.py and newsroom's core.
Begin with contribution.py.
"""

from .asking import Appeal, AppealAmounts, Deferral, Frequency
from .books import (
    Account,
    AccountMonth,
    BalanceTransaction,
    Booking,
    ClosedMonth,
    Mark,
    Payout,
    Posting,
)
from .checkout import Checkout
from .contribution import Contribution, ContributionChange
from .country import Country
from .donor import Customer, Donor, DonorAddress, ErasedCustomer, Erasure
from .movement import Dispute, Movement, StripeRefund
from .note import Note
from .receipt import Receipt, ReceiptNumber
from .recurring import RecurringChange, RecurringContribution, RecurringMove
from .refund import Refund
from .review import Review
from .stripe_event import CatchUp, Lease, StripeEvent
from .wording import GivingWords

__all__ = [
    "Account",
    "AccountMonth",
    "Appeal",
    "AppealAmounts",
    "BalanceTransaction",
    "Booking",
    "CatchUp",
    "Checkout",
    "ClosedMonth",
    "Contribution",
    "ContributionChange",
    "Country",
    "Customer",
    "Deferral",
    "Dispute",
    "Donor",
    "DonorAddress",
    "ErasedCustomer",
    "Erasure",
    "Frequency",
    "GivingWords",
    "Lease",
    "Mark",
    "Movement",
    "Note",
    "Payout",
    "Posting",
    "Receipt",
    "ReceiptNumber",
    "RecurringChange",
    "RecurringContribution",
    "RecurringMove",
    "Refund",
    "Review",
    "StripeEvent",
    "StripeRefund",
]

"""What donations keeps: appeals, checkouts, contributions, donors, receipts, reviews.

Uses money.py and newsroom's core.
Begin with contribution.py.
"""

from .asking import (
    Appeal,
    AppealAmounts,
    AskedOn,
    AskShown,
    Deferral,
    DeferralCount,
    Experiment,
    Frequency,
    KeepInTouch,
    Variant,
)
from .books import (
    Account,
    AccountMonth,
    BalanceTransaction,
    BankFile,
    BankLine,
    Booking,
    ClosedMonth,
    Datev,
    GiftDocument,
    Mark,
    OfflineGift,
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
from .reviews import BlockedMark, Review, ReviewRules, ReviewStep
from .statement_mail import StatementMail
from .stripe_event import CatchUp, Lease, StripeEvent
from .wording import GivingWords

__all__ = [
    "Account",
    "AccountMonth",
    "Appeal",
    "AppealAmounts",
    "AskShown",
    "AskedOn",
    "BalanceTransaction",
    "BankFile",
    "BankLine",
    "BlockedMark",
    "Booking",
    "CatchUp",
    "Checkout",
    "ClosedMonth",
    "Contribution",
    "ContributionChange",
    "Country",
    "Customer",
    "Datev",
    "Deferral",
    "DeferralCount",
    "Dispute",
    "Donor",
    "DonorAddress",
    "ErasedCustomer",
    "Erasure",
    "Experiment",
    "Frequency",
    "GiftDocument",
    "GivingWords",
    "KeepInTouch",
    "Lease",
    "Mark",
    "Movement",
    "Note",
    "OfflineGift",
    "Payout",
    "Posting",
    "Receipt",
    "ReceiptNumber",
    "RecurringChange",
    "RecurringContribution",
    "RecurringMove",
    "Refund",
    "Review",
    "ReviewRules",
    "ReviewStep",
    "StatementMail",
    "StripeEvent",
    "StripeRefund",
    "Variant",
]

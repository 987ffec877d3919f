"""The accounts, a set for each currency."""

from django.db import models


class Account(models.TextChoices):
    """In the order of a balance sheet. Below each what its balance says."""

    # Assets: what is ours, and where it is. Debit (+) is more of it.
    CLEARING = "clearing", "At Stripe"
    TRANSIT = "transit", "On its way to the bank"
    BANK = "bank", "In the bank"
    RESERVE = "reserve", "Held back by Stripe"
    CONTESTED = "contested", "Taken for disputes that last"
    OFFLINE = "offline", "Given without Stripe, not in the bank yet"
    # A liability: what may have to be given back.
    UNCONFIRMED = "unconfirmed", "Debits that the bank may refuse"
    # Income: credit (−) is more of it.
    DONATIONS = "donations", "Donations"
    REFUNDS = "refunds", "Given back"
    # Expenses: debit (+) is more of it.
    FEES = "fees", "Fees"
    FEE_TAX = "fee_tax", "Tax on fees"
    FX_FEES = "fx_fees", "Fees of conversion"
    DISPUTE_FEES = "dispute_fees", "Fees of disputes"
    DISPUTE_LOSS = "dispute_loss", "Lost in disputes"
    FX_RESULT = "fx_result", "Lost and won by rates"
    # What nobody has explained yet. It has to be empty.
    SUSPENSE = "suspense", "Not explained"

"""What was posted in a month, kept by PostgreSQL itself as it is posted, so that a balance adds up
months and not postings."""

from django.db import models

from .account import Account


class AccountMonth(models.Model):
    """Written by a trigger alone (donations/migrations/0003_account_months.py)."""

    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    account = models.CharField(max_length=16, choices=Account)
    debit = models.BigIntegerField(default=0, db_default=0)
    credit = models.BigIntegerField(default=0, db_default=0, help_text="Without its sign.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "account", "month"], name="one_sum_of_an_account_and_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.account} {self.currency}"

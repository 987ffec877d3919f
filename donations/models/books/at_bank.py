"""What the bank says: the statements that finance brought, line by line, and what each one is."""

from django.db import models
from django.db.models import Q

from donations import money
from newsroom.core.privacy import EncryptedField

from .at_stripe import Payout
from .booking import Booking


class BankFile(models.Model):
    """A statement as the bank gave it out. The file itself is not kept."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, help_text="CAMT.053, MT940 or CSV.")
    who = models.CharField(max_length=150, help_text="Brought it.")
    first_on = models.DateField(help_text="Of its lines.")
    last_on = models.DateField()
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return self.name


class BankLineQuerySet(models.QuerySet["BankLine"]):
    def open(self) -> "BankLineQuerySet":
        """Nobody has said yet what they are."""
        return self.filter(booking=None, not_ours=False)


class BankLine(models.Model):
    """One line of a statement: money that came to the bank's account, or went."""

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField(
        max_length=64, unique=True, help_text="Of what it says: in two files it is one line."
    )
    booked_on = models.DateField()
    amount = models.BigIntegerField(help_text="In the smallest unit; below zero: it went.")
    currency = models.CharField(max_length=3)
    text = EncryptedField(context="bank_line.text", help_text="Who, and what for.")
    payout = models.OneToOneField(
        Payout, null=True, on_delete=models.PROTECT, related_name="bank_line"
    )
    booking = models.OneToOneField(
        Booking, null=True, on_delete=models.PROTECT, related_name="bank_line"
    )
    not_ours = models.BooleanField(default=False, help_text="Rent, wages: no gift, no payout.")

    forgotten = models.BooleanField(default=False, help_text="Its text, half a year later.")

    objects = BankLineQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-pk"]
        indexes = [
            models.Index(
                fields=["-booked_on", "-id"],
                condition=Q(booking=None, not_ours=False),
                name="bank_lines_to_explain",
            ),
            models.Index(
                fields=["booked_on"],
                condition=Q(forgotten=False),
                name="bank_lines_to_forget",
            ),
        ]
        permissions = [("explain_bankline", "Can bring bank statements and explain their lines")]

    def __str__(self) -> str:
        return f"{self.shown_amount}, {self.booked_on:%-d %B %Y}"

    @property
    def shown_amount(self) -> str:
        return money.signed(self.amount, self.currency)

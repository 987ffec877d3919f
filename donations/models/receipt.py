"""Receipts: one for each contribution, numbered without gaps per year."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from .contribution import Contribution


class ReceiptNumber(models.Model):
    """The last number of a year. Its row is locked until the receipt is committed, so a number
    is never given twice and none is left out."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Receipt(models.Model):
    """That money arrived. Made in the transaction that first sees it; never changed.

    The document is written from it and the contribution whenever it is asked for. It outlives
    the donor's erasure: accounts must be kept, the person need not.
    """

    contribution = models.OneToOneField(
        Contribution, on_delete=models.PROTECT, related_name="receipt"
    )
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    issued_on = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="one_receipt_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.number:06}"

    @classmethod
    def issue(cls, contribution: Contribution, received_at: datetime) -> "Receipt":
        """The next number of the year in which the money came. Call it in a transaction."""
        year = timezone.localtime(received_at).year
        ReceiptNumber.objects.bulk_create([ReceiptNumber(year=year)], ignore_conflicts=True)
        ReceiptNumber.objects.filter(year=year).update(last=models.F("last") + 1)  # locks the row
        last = ReceiptNumber.objects.get(year=year).last
        return cls.objects.create(contribution=contribution, year=year, number=last)

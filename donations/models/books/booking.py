"""One thing that happened to money, as the books have it.

PostgreSQL itself holds what the books promise (donations/migrations/0002_books.py), also against
who owns the tables: a booking is whole and balanced at the end of its transaction, is never changed
or deleted, and none comes into a month that is closed. A mistake is reversed by another booking.
"""

from django.db import models
from django.db.models import Q, Sum

from donations import money

from .account import Account


class BookingQuerySet(models.QuerySet["Booking"]):
    def balances(self) -> dict[tuple[str, str], int]:
        """Of these bookings: currency and account -> debit less credit, in the smallest unit."""
        rows = (
            Posting.objects.filter(booking__in=self)
            .order_by()
            .values_list("booking__currency", "account")
            .annotate(balance=Sum("amount"))
        )
        return {(currency, account): balance for currency, account, balance in rows}


class Booking(models.Model):
    class Kind(models.TextChoices):
        BALANCE = "balance", "Stripe’s balance moved"
        CONFIRMED = "confirmed", "A debit went through"
        DISPUTE_ENDED = "dispute_ended", "A dispute ended"
        BANK = "bank", "The bank’s statement says so"
        OFFLINE = "offline", "Given without Stripe"
        REVERSAL = "reversal", "An earlier booking was wrong"

    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.CharField(
        max_length=255, help_text="What it is about, once: Stripe's id of a balance transaction."
    )
    currency = models.CharField(max_length=3)
    lines = models.PositiveSmallIntegerField(help_text="How many postings make it whole.")
    memo = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField()
    booked_on = models.DateField(
        help_text="By the newsroom's clock; later than it happened if that month was closed."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="booked_once"),
            models.CheckConstraint(condition=Q(lines__gte=2), name="a_booking_has_two_sides"),
        ]
        indexes = [models.Index(fields=["-booked_on", "-id"], name="bookings_newest_first")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reference}"


class Posting(models.Model):
    """One line of a booking: above zero a debit, below a credit."""

    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="postings",
        db_index=False,  # the constraint below is one, too
    )  # fmt: skip
    account = models.CharField(max_length=16, choices=Account)
    amount = models.BigIntegerField(help_text="In the currency's smallest unit.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "account"], name="one_posting_for_each_account"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="a_posting_moves_something"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="postings_of_account")]

    def __str__(self) -> str:
        return f"{self.get_account_display()}: {money.signed(self.amount, self.booking.currency)}"

"""What Stripe says of its balance, mirrored: each movement, each payout, and how far we have read.

Nothing here names anybody. A movement's description is kept only where it is about no charge: that
of a charge is whatever was written on the payment.
"""

from django.db import models
from django.db.models import F, Q

from donations import money

from .account import Account
from .booking import Booking


class PayoutQuerySet(models.QuerySet["Payout"]):
    def to_add_up(self) -> "PayoutQuerySet":
        """Those of which Stripe says, or will say, what is in them."""
        waiting = self.filter(added_up_at=None, automatic=True)
        return waiting.exclude(status__in=Payout.UNDONE).exclude(reconciliation="not_applicable")


class Payout(models.Model):
    """Money on its way to the bank, or from it when the balance is below zero ("Payout object").

    Which movements it is made of Stripe says of automatic ones only, once it has reconciled them.
    """

    UNDONE = ["failed", "canceled"]

    id = models.CharField(primary_key=True, max_length=255)
    status = models.CharField(max_length=40, help_text="Stripe's; even paid may become failed.")
    amount = models.BigIntegerField(help_text="In the smallest unit; below zero: from the bank.")
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    arrival_on = models.DateField(help_text="When the bank is expected to have it.")
    automatic = models.BooleanField()
    method = models.CharField(max_length=20)
    trace = models.CharField(max_length=255, blank=True, help_text="By which banks find it.")
    reconciliation = models.CharField(max_length=40, help_text="Stripe's word.")
    failure = models.CharField(max_length=300, blank=True)
    comes_to = models.BigIntegerField(null=True, help_text="What Stripe lists as in it.")
    added_up_at = models.DateTimeField(null=True, help_text="When that was found to be its amount.")

    objects = PayoutQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payouts_newest_first"),
            models.Index(
                fields=["id"],
                condition=Q(added_up_at=None, automatic=True, reconciliation="completed"),
                name="payouts_to_add_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{money.signed(self.amount, self.currency)} ({self.status})"

    @property
    def why_not(self) -> str:
        """What is odd about one that does not add up; "" of all others."""
        if self.added_up_at or self.comes_to is None:
            return ""
        if difference := self.amount - self.comes_to:
            return f"{money.signed(difference, self.currency)} not explained"
        return "something in it is of another currency, or its own movement is of another amount"

    @property
    def adds_up(self) -> str:
        """Whether what is in it comes to its amount; "" while nobody can tell."""
        if self.added_up_at:
            return "yes"
        if self.why_not:
            return f"no: {self.why_not}"
        return "" if self.automatic else "Stripe does not say"


class BalanceTransactionQuerySet(models.QuerySet["BalanceTransaction"]):
    def not_booked(self) -> "BalanceTransactionQuerySet":
        """In the order in which they are booked: what goes back comes after what it is of."""
        return self.filter(booking=None, counts=True).order_by("created_at", "pk")

    def of_charge(self, charge: str) -> "BalanceTransactionQuerySet":
        """By which its amount came; none of what went back, and none for \"\"."""
        return self.filter(charge=charge, source=charge, amount__gt=0).exclude(charge="")


class BalanceTransaction(models.Model):
    """A movement of Stripe's balance ("Balance transaction object"). It never changes there."""

    id = models.CharField(primary_key=True, max_length=255)
    kind = models.CharField(max_length=60, help_text="Stripe's type.")
    category = models.CharField(max_length=60, help_text="Stripe's reporting category.")
    amount = models.BigIntegerField(help_text="In the smallest unit; below zero: it went.")
    fee = models.BigIntegerField()
    net = models.BigIntegerField()
    currency = models.CharField(max_length=3, help_text="Of the balance.")
    exchange_rate = models.FloatField(null=True, help_text="As Stripe says; nothing is computed.")
    fees = models.JSONField(default=list, help_text="Type, amount, description of each.")
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    available_on = models.DateField()
    source = models.CharField(max_length=255, blank=True)
    source_status = models.CharField(max_length=40, blank=True, help_text="When it was last read.")
    charge = models.CharField(max_length=255, blank=True, help_text="Which it is about.")
    given_amount = models.BigIntegerField(
        null=True, help_text="In the donor's currency, with the sign of the amount."
    )
    given_currency = models.CharField(max_length=3, blank=True)
    payout = models.ForeignKey(
        Payout, null=True, on_delete=models.PROTECT, related_name="balance_transactions"
    )
    booking = models.OneToOneField(
        Booking, null=True, on_delete=models.PROTECT, related_name="balance_transaction"
    )
    counts = models.BooleanField(default=True, help_text="No: there is nothing in it to book.")
    waits = models.CharField(
        max_length=16,
        choices=Account,
        blank=True,
        help_text="Where it stands until a debit went through, or a dispute ended.",
    )

    objects = BalanceTransactionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="balance_newest_first"),
            models.Index(
                fields=["created_at", "id"],
                condition=Q(booking=None, counts=True),
                name="balance_to_book",
            ),
            models.Index(fields=["charge"], condition=~Q(charge=""), name="balance_of_charge"),
            models.Index(
                fields=["charge"],
                condition=Q(payout=None) & ~Q(charge=""),
                name="balance_in_no_payout",
            ),
            # Of charges whose fee is more than a tenth: there are few, and finance filters by it.
            models.Index(
                fields=["charge"],
                condition=Q(source=F("charge"), amount__gt=0, fee__gt=F("amount") / 10),
                name="balance_dear",
            ),
            models.Index(fields=["waits"], condition=~Q(waits=""), name="balance_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {money.signed(self.amount, self.currency)}"


class Mark(models.Model):
    """How far one of Stripe's lists has been read, of which the newest comes first.

    ``cursor`` is the last one of a pass that is not over, which began at ``newest``: all between
    is here. Until it is over, ``until`` stays.
    """

    name = models.CharField(primary_key=True, max_length=30)
    until = models.DateTimeField(null=True, help_text="By Stripe's clock. All before this is here.")
    newest = models.DateTimeField(null=True)
    cursor = models.CharField(max_length=255, blank=True)
    read_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"

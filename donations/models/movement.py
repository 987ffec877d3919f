"""The ledger: refunds and disputes as Stripe holds them, and each day on which money moved.

Whatever is added up, anywhere, is added up of ``Movement``.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from donations import money

from .contribution import Contribution


class TakenBack(models.Model):
    """What takes money of a contribution away again: since when, and until when if it came back."""

    amount = models.PositiveBigIntegerField(help_text="In the currency's smallest unit.")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=40, help_text="Stripe's word.")
    created_at = models.DateTimeField()
    went_at = models.DateTimeField(null=True, help_text="When the money went.")
    came_back_at = models.DateTimeField(null=True, help_text="When it came back after all.")

    contribution: models.ForeignKey[Contribution, Contribution]

    class Meta:
        abstract = True

    @property
    def counted(self) -> int:
        """Of the contribution. In another currency nobody can tell how much: then all of it."""
        same = self.currency == self.contribution.currency
        return self.amount if same else self.contribution.amount


class StripeRefund(TakenBack):
    """Money that goes back, by staff here or at Stripe. Mirrors Stripe's Refund; it counts from
    the day it is made, also while it is pending, until the bank sends it back ("Refund object")."""

    UNDONE = ["failed", "canceled"]
    STATUSES = ["pending", "requires_action", "succeeded", *UNDONE]

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="stripe_refunds"
    )
    stripe_refund = models.CharField(max_length=255, unique=True)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"refund {self.stripe_refund} ({self.status})"

    @property
    def undone(self) -> bool:
        return self.status in self.UNDONE


class Dispute(TakenBack):
    """A donor's bank takes money back. Mirrors Stripe's Dispute. The money is gone as its balance
    transactions say: an inquiry (``warning_…``) takes none, and neither does a dispute of what had
    been refunded before."""

    # A formal dispute: the bank has decided against us, or may yet. A won one leaves all as it was.
    GONE = [
        "needs_response",
        "under_review",
        "lost",
        "appeal_needs_response",
        "appeal_under_review",
    ]
    NEEDS_RESPONSE = ["needs_response", "warning_needs_response", "appeal_needs_response"]
    STATUSES = [*GONE, *NEEDS_RESPONSE, "warning_under_review", "warning_closed", "won"]
    STATUSES += ["prevented"]
    # While it lasts Stripe refunds nothing of the charge.
    LASTS = [status for status in GONE if status != "lost"]

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="disputes"
    )
    stripe_dispute = models.CharField(max_length=255, unique=True)
    reason = models.CharField(max_length=60)
    evidence_due_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"dispute {self.stripe_dispute} ({self.status})"


class MovementQuerySet(models.QuerySet["Movement"]):
    def within(self, time: slice | None) -> "MovementQuerySet":
        """Of a time, both ends of which belong to it; an end that is None is open."""
        found = self
        if time and time.start:
            found = found.filter(at__gte=time.start)
        if time and time.stop:
            found = found.filter(at__lte=time.stop)
        return found

    def totals(self, *by: str) -> list[dict[str, Any]]:
        """Per currency, and before that per whatever ``by`` names: how many contributions arrived,
        what came, what went back, what is left of both, in the smallest unit. One query."""
        came = Q(kind=Movement.Kind.RECEIVED)
        return list(
            self.order_by()
            .annotate(currency=models.F("contribution__currency"))
            .values(*by, "currency")
            .annotate(
                count=Count("pk", filter=came),
                received=Sum("amount", filter=came, default=0),
                returned=-Sum("amount", filter=~came, default=0),
                left=Sum("amount", default=0),
            )
            .order_by(*by, "currency")
        )

    def by_month(self) -> list[dict[str, Any]]:
        """The totals of each month by the newsroom's clock, the newest first."""
        months = self.annotate(month=TruncMonth("at")).totals("month")
        return sorted(months, key=lambda row: row["month"], reverse=True)


class Movement(models.Model):
    """Money of a contribution that came, went back, or came back after all, on that day.

    Written by ``book`` alone, anew from what is mirrored. What went back never exceeds what came:
    of a charge that is refunded and then disputed Stripe may take the amount twice, but nothing is
    left of the contribution once. The rest is lost to Stripe's balance, not to the contribution.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received"
        REFUND = "refund", "Given back"
        REFUND_UNDONE = "refund_undone", "Refund that the bank sent back"
        DISPUTE = "dispute", "Taken back by the bank"
        DISPUTE_WON = "dispute_won", "Dispute that was won"

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="movements"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    source = models.CharField(max_length=255, help_text="Stripe's id of what moved it.")
    amount = models.BigIntegerField(help_text="In the smallest unit; below zero: it went back.")
    at = models.DateTimeField()

    objects = MovementQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "kind"], name="one_movement_per_source")
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="movements_newest_first"),
            models.Index(
                fields=["at"], condition=~Q(kind="received"), name="movements_other_than_received"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shown_amount}"

    @property
    def shown_amount(self) -> str:
        return money.signed(self.amount, self.contribution.currency)

    @property
    def exact_amount(self) -> object:
        return money.exact(self.amount, self.contribution.currency)

    @classmethod
    def book(cls, contribution: Contribution) -> None:
        """Write down what has moved of it, and ``returned``, which follows. Call it in the
        transaction that mirrors it."""
        moved = list(_moved(contribution))
        there = contribution.movements.order_by("pk")
        if list(there.values_list("kind", "source", "amount", "at")) != [
            (one.kind, one.source, one.amount, one.at) for one in moved
        ]:
            there.delete()
            cls.objects.bulk_create(moved)
        returned = -sum(one.amount for one in moved if one.kind != cls.Kind.RECEIVED)
        if returned != contribution.returned:
            contribution.returned = returned
            contribution.save(update_fields=["returned"])


def _moved(contribution: Contribution) -> Iterator[Movement]:
    """What has moved, oldest first: nothing before the money came, nor more than came."""
    came, whole = contribution.received_at, contribution.amount
    if not contribution.arrived or not came:
        return

    def movement(kind: str, source: str, amount: int, at: datetime) -> Movement:
        return Movement(contribution=contribution, kind=kind, source=source, amount=amount, at=at)

    yield movement(Movement.Kind.RECEIVED, contribution.stripe_payment_intent, whole, came)
    gone = back = 0
    steps = sorted(_steps(contribution), key=lambda step: (step[0], -step[1]))
    for at, amount, kind, source in steps:
        gone += amount
        if delta := min(gone, whole) - back:
            yield movement(kind, source, -delta, max(at, came))
        back = min(gone, whole)


def _steps(contribution: Contribution) -> Iterator[tuple[datetime, int, str, str]]:
    """When, how much went (below zero: came back), how, by what."""
    kinds = Movement.Kind
    for refund in contribution.stripe_refunds.all():
        yield from _step(refund, refund.stripe_refund, kinds.REFUND, kinds.REFUND_UNDONE)
    for dispute in contribution.disputes.order_by("pk"):
        yield from _step(dispute, dispute.stripe_dispute, kinds.DISPUTE, kinds.DISPUTE_WON)


def _step(
    found: TakenBack, source: str, away: str, home: str
) -> Iterator[tuple[datetime, int, str, str]]:
    if found.went_at:
        yield found.went_at, found.counted, away, source
        if found.came_back_at:
            yield max(found.went_at, found.came_back_at), -found.counted, home, source

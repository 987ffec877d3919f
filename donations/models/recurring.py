"""What is given monthly or annually, and what its donor changed about it since."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations import money
from newsroom.core.clock import months_later
from newsroom.core.languages import apart
from newsroom.core.privacy import EncryptedField

from .asking.amounts import CHARGED, Frequency
from .asking.appeal import Appeal
from .checkout import Checkout
from .donor import Donor

REGULARLY: dict[str, Any] = {
    Frequency.MONTHLY: _("{amount} monthly"),
    Frequency.ANNUAL: _("{amount} annual"),
    "other": _("{amount} regularly"),
}


# Said with every “nothing more is charged”, if it is so.
UNDER_WAY = _("Only your payment of {under_way}, which has begun already, is still taken.")


def regularly(amount: int, currency: str, frequency: str) -> str:
    """“$5 monthly”, in the language that is spoken."""
    return str(REGULARLY[frequency]).format(amount=apart(money.show(amount, currency)))


class RecurringQuerySet(models.QuerySet["RecurringContribution"]):
    def going(self) -> "RecurringQuerySet":
        """What will be charged again, as things are; some are paused."""
        return self.filter(status__in=RecurringContribution.GOING, cancels_at=None)

    def expected(self) -> "RecurringQuerySet":
        """What may be counted on."""
        return self.going().filter(ended_at=None, paused=False)

    def past_due(self) -> "RecurringQuerySet":
        """A payment has failed, and Stripe will try it again."""
        return self.filter(status="past_due")

    def card_expires_soon(self, today: date) -> "RecurringQuerySet":
        """Within 30 days, as long as a mail is remembered (newsroom/retention.py), and will be
        charged again after."""
        return self.going().filter(card_expires_on__range=(today, today + timedelta(days=30)))

    def renews_soon(self, today: date, days: int) -> "RecurringQuerySet":
        """What is given each year, and will be charged within so many days."""
        within = (today, today + timedelta(days=days))
        each_year = self.going().filter(frequency=Frequency.ANNUAL, paused=False)
        return each_year.filter(renews_at__date__range=within)


class RecurringContribution(models.Model):
    """A donor gives monthly or annually; each charge is a Contribution.

    Mirrors a Stripe Subscription: the status is Stripe's own word ("Subscription object").
    """

    donor = models.ForeignKey(Donor, null=True, on_delete=models.SET_NULL, related_name="recurring")
    checkout = models.ForeignKey(
        Checkout, null=True, on_delete=models.SET_NULL, related_name="recurring"
    )
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    frequency = models.CharField(max_length=8, choices=CHARGED)
    amount = models.PositiveBigIntegerField(help_text="What the next payment takes.")
    changeable = models.BooleanField(
        default=True, help_text="Made as ours are: its donor may set amount, frequency and day."
    )
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=30)
    stripe_subscription = models.CharField(max_length=255, unique=True)
    stripe_customer = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    renews_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancels_at = models.DateTimeField(null=True)
    # Taken over from another system, which has thanked for what came before.
    adopted_at = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)
    resumes_at = models.DateTimeField(null=True)
    # The card it is paid with: what tells the donor which one, and that it will expire.
    card = EncryptedField(context="recurring.card", blank=True, help_text="“visa 4242”.")
    card_expires_on = models.DateField(null=True, help_text="The last day it is good.")
    # When Stripe will try a failed renewal again; None: not at all.
    next_attempt_at = models.DateTimeField(null=True)
    links = models.PositiveIntegerField(
        default=0, help_text="Raised when its donor's address changes: older links open nothing."
    )

    objects = RecurringQuerySet.as_manager()

    GOING = ["active", "trialing", "past_due"]  # will be charged again
    STATUSES = [*GOING, "incomplete", "incomplete_expired", "canceled", "unpaid", "paused"]

    class Meta:
        verbose_name = "recurring contribution"
        indexes = [
            models.Index(fields=["donor", "-started_at"], name="recurring_of_donor"),
            models.Index(
                fields=["status", "renews_at"],
                include=["currency", "amount", "frequency", "paused", "cancels_at"],
                condition=Q(ended_at=None),
                name="recurring_not_over",
            ),
            models.Index(fields=["-started_at", "-id"], name="recurring_newest_first"),
            models.Index(
                fields=["-ended_at", "-id"],
                condition=Q(ended_at__isnull=False),
                name="recurring_ended_last",
            ),
        ]

    def __str__(self) -> str:
        return regularly(self.amount, self.currency, self.frequency)

    @property
    def under_way(self) -> str:
        """The amount of a debit that the bank has not answered yet, "" if there is none: a
        cancellation can't call it back."""
        waiting = self.contributions.filter(status="processing").first()
        return apart(waiting.shown_amount) if waiting else ""

    @property
    def going(self) -> bool:
        return self.status in self.GOING

    def in_later_months(self, now: datetime) -> dict[int, datetime]:
        """Where the next payment stands if it moves by so many months, within a year. None is
        earlier: what is paid stays paid."""
        due = self.renews_at or now
        return {by: months_later(due, by) for by in range(1, 12)}

    @property
    def monthly_worth(self) -> int:
        """What is expected of it in a month, in the smallest unit; 0 when nothing is."""
        if not self.going or self.cancels_at or self.paused:
            return 0
        return self.amount // 12 if self.frequency == Frequency.ANNUAL else self.amount


class RecurringChange(models.Model):
    """One change asked for on the donor's own page; Stripe's idempotency key is made of its id."""

    class What(models.TextChoices):
        AMOUNT = "amount"
        FREQUENCY = "frequency"
        DAY = "day", "day of payment"
        PAUSE = "pause"
        RESUME = "resume"
        CANCEL = "cancel"
        KEEP = "keep", "cancellation taken back"

    recurring = models.ForeignKey(
        RecurringContribution, on_delete=models.CASCADE, related_name="asked_changes"
    )
    what = models.CharField(max_length=10, choices=What)
    detail = models.CharField(max_length=300, blank=True, help_text="From, to; or the reason.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    why = EncryptedField(
        context="recurring_change.why", blank=True, help_text="Of a colleague, who did it for them."
    )
    form_id = models.UUIDField(unique=True, help_text="One press, however often it arrives.")
    at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".strip()


class RecurringMove(models.Model):
    """What is expected each month became more or less by so much: written by ``note`` alone, with
    what it follows from."""

    class Kind(models.TextChoices):
        NEW = "new"
        MORE = "more"
        LESS = "less"
        LOST = "lost", "Lost: ended, ending or paused"
        RECOVERED = "recovered", "Goes on again"

    recurring = models.ForeignKey(
        RecurringContribution, on_delete=models.CASCADE, related_name="moves"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    amount = models.BigIntegerField(help_text="A month, in the smallest unit; below zero: less.")
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(
                fields=["-at"],
                include=["kind", "currency", "amount"],
                name="recurring_moves_by_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"

    @classmethod
    def note(cls, before: RecurringContribution | None, now: RecurringContribution) -> None:
        """In the transaction in which it changes."""
        was, worth = before.monthly_worth if before else 0, now.monthly_worth
        if was == worth:
            return
        at = timezone.now()
        if not now.moves.exists():  # begun, and paid at once or some moments later
            kind, at = cls.Kind.NEW, now.started_at
        elif not was:
            kind = cls.Kind.RECOVERED
        elif not worth:
            kind = cls.Kind.LOST
        else:
            kind = cls.Kind.MORE if worth > was else cls.Kind.LESS
        change = {"amount": worth - was, "currency": now.currency}
        cls.objects.create(recurring=now, kind=kind, at=at, **change)

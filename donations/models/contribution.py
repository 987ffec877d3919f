"""Gifts: who gave (sealed), what was promised, what arrived, and every change since."""

from datetime import datetime

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from donations import money
from newsroom.privacy import BlindIndexField, EncryptedField

from .appeal import Appeal, Frequency
from .deferral import Deferral


class Donor(models.Model):
    """A person who gave: address and name sealed, found by the blind index."""

    email = EncryptedField()
    email_index = BlindIndexField(unique=True)
    name = EncryptedField(blank=True)
    language = models.CharField(max_length=8, default="en", help_text="Of her receipts.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"donor {self.pk}"


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def abandoned_siblings(self, of: "Checkout") -> "CheckoutQuerySet":
        """Earlier presses of the same form, for another gift, which nobody should pay now."""
        mine = self.filter(form_id=of.form_id, closed_at=None, expires_at__gt=timezone.now())
        return mine.exclude(pk=of.pk).exclude(session_id=None)


class Checkout(models.Model):
    """One press of «Continue»: what was asked for, and the Stripe session made of it.

    ``form_id`` comes with the form, made by the browser, so that a double click or the back
    button finds this row again. ``key`` is made of it and of what was asked: it is Stripe's
    idempotency key, and how Stripe's objects name this row. Without JavaScript each press is a
    row and a session of its own, of which the reader pays one.
    """

    key = models.UUIDField(unique=True)
    form_id = models.UUIDField()
    frequency = models.CharField(max_length=8, choices=Frequency)
    amount = models.PositiveBigIntegerField(help_text="With the fee, in the smallest unit.")
    fee = models.PositiveBigIntegerField(default=0, help_text="What was added to cover the fee.")
    currency = models.CharField(max_length=3)
    anonymous = models.BooleanField(default=False, help_text="No name is kept.")
    newsletter = models.BooleanField(default=False, help_text="She asked for the newsletter too.")
    language = models.CharField(max_length=8, default="en")
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    deferral = models.ForeignKey(Deferral, null=True, on_delete=models.SET_NULL, related_name="+")
    session_id = models.CharField(max_length=255, null=True, unique=True)
    session_url = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="When the session at Stripe closes by itself.")
    closed_at = models.DateTimeField(null=True, help_text="Paid, given up, or replaced.")

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["form_id"], name="checkouts_of_form")]

    def __str__(self) -> str:
        return f"checkout {self.pk}"

    def close(self, now: datetime) -> bool:
        """Paid, given up, or replaced: one winner."""
        return bool(Checkout.objects.filter(pk=self.pk, closed_at=None).update(closed_at=now))


class RecurringContribution(models.Model):
    """A promise to give monthly or annually; each charge is a Contribution.

    Mirrors a Stripe Subscription: the status is Stripe's own word ("Subscription object").
    """

    donor = models.ForeignKey(Donor, null=True, on_delete=models.SET_NULL, related_name="recurring")
    checkout = models.ForeignKey(
        Checkout, null=True, on_delete=models.SET_NULL, related_name="recurring"
    )
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    frequency = models.CharField(max_length=8, choices=Frequency)
    amount = models.PositiveBigIntegerField()
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
    card = models.CharField(max_length=60, blank=True, help_text="«visa 4242».")
    card_expires_on = models.DateField(null=True, help_text="The last day it is good.")
    # When Stripe will try a failed renewal again; None: not at all.
    next_attempt_at = models.DateTimeField(null=True)

    GOING = ["active", "trialing", "past_due"]  # will be charged again
    STATUSES = [*GOING, "incomplete", "incomplete_expired", "canceled", "unpaid", "paused"]

    class Meta:
        verbose_name = "recurring contribution"

    def __str__(self) -> str:
        return f"{money.show(self.amount, self.currency)} {self.get_frequency_display().lower()}"

    @property
    def going(self) -> bool:
        return self.status in self.GOING


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def totals(self) -> list[dict[str, object]]:
        """Per currency: how many gifts, what came in, what went back, in the smallest unit."""
        arrived = Q(status__in=Contribution.ARRIVED)
        return list(
            self.order_by()
            .values("currency")
            .annotate(
                count=models.Count("pk", filter=arrived),
                received=Sum("amount", filter=arrived, default=0),
                returned=Sum("refunded", filter=arrived, default=0),
            )
            .order_by("currency")
        )


class Contribution(models.Model):
    """One gift of money that arrived, is on its way, failed, was refunded or disputed.

    Mirrors a Stripe PaymentIntent and its newest Charge; only donations/sync.py writes it, from
    what Stripe says now, so there are no moves to guard: the newest object wins.
    """

    class Status(models.TextChoices):
        PROCESSING = "processing", "On its way"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        PARTLY_REFUNDED = "partly_refunded", "Partly refunded"
        REFUNDED = "refunded"
        DISPUTED = "disputed"

    ARRIVED = [Status.SUCCEEDED, Status.PARTLY_REFUNDED, Status.REFUNDED, Status.DISPUTED]

    donor = models.ForeignKey(
        Donor, null=True, on_delete=models.SET_NULL, related_name="contributions"
    )
    recurring = models.ForeignKey(
        RecurringContribution, null=True, on_delete=models.SET_NULL, related_name="contributions"
    )
    checkout = models.ForeignKey(
        Checkout, null=True, on_delete=models.SET_NULL, related_name="contributions"
    )
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    message = EncryptedField(blank=True)
    frequency = models.CharField(max_length=8, choices=Frequency)
    amount = models.PositiveBigIntegerField(help_text="In the currency's smallest unit.")
    refunded = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=16, choices=Status)
    stripe_payment_intent = models.CharField(max_length=255, unique=True)
    stripe_charge = models.CharField(max_length=255, blank=True)
    stripe_invoice = models.CharField(max_length=255, blank=True)
    payment_method = models.CharField(max_length=60, blank=True, help_text="«visa 4242».")
    failure = models.CharField(max_length=300, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    stripe_customer = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at"], name="contributions_newest_first"),
            models.Index(fields=["donor", "-created_at"], name="contributions_of_donor"),
        ]

    def __str__(self) -> str:
        return f"{self.shown_amount} {self.get_frequency_display().lower()}"

    @property
    def shown_amount(self) -> str:
        return money.show(self.amount, self.currency)

    @property
    def exact_amount(self) -> object:
        return money.exact(self.amount, self.currency)

    @property
    def exact_refunded(self) -> object:
        return money.exact(self.refunded, self.currency)

    @property
    def donor_name(self) -> str:
        if self.checkout and self.checkout.anonymous:
            return "anonymous"
        return (self.donor.name or "no name") if self.donor else "not known"

    @property
    def donor_email(self) -> str:
        return self.donor.email if self.donor else ""

    @property
    def receipt_number(self) -> str:
        return str(self.receipt) if hasattr(self, "receipt") else ""

    @property
    def arrived(self) -> bool:
        return self.status in self.ARRIVED


class ContributionChange(models.Model):
    """The history of a contribution: rows are only ever added."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="changes")
    status = models.CharField(max_length=16, choices=Contribution.Status)
    refunded = models.PositiveBigIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.status} {self.note}".strip()

"""What arrived, or failed to, and every change since."""

from django.db import models
from django.db.models import F, Q

from donations import money
from newsroom.core.privacy import BlindIndexField, EncryptedField

from .asking.amounts import CHARGED
from .asking.appeal import Appeal
from .checkout import Checkout
from .donor import Donor
from .recurring import RecurringContribution


class Contribution(models.Model):
    """Money that was given: it is on its way, arrived, failed, was refunded or disputed.

    Mirrors a Stripe PaymentIntent and its newest Charge; only ``payments/sync.py`` writes it, from
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
    STILL_THERE = [Status.SUCCEEDED, Status.PARTLY_REFUNDED]

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
    message = EncryptedField(context="contribution.message", blank=True)
    frequency = models.CharField(max_length=8, choices=CHARGED)
    amount = models.PositiveBigIntegerField(help_text="In the currency's smallest unit.")
    returned = models.PositiveBigIntegerField(
        default=0, help_text="What went back; written by Movement.book."
    )
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=16, choices=Status)
    stripe_payment_intent = models.CharField(max_length=255, unique=True)
    stripe_charge = models.CharField(max_length=255, blank=True)
    stripe_invoice = models.CharField(max_length=255, blank=True)
    payment_method = EncryptedField(
        context="contribution.payment_method", blank=True, help_text="“visa 4242”."
    )
    last_four_index = BlindIndexField(  # type: ignore[misc]  # may be NULL
        null=True, help_text="Of the last digits of the card or account: card_index."
    )
    instrument_index = BlindIndexField(  # type: ignore[misc]  # may be NULL
        null=True, help_text="Of Stripe's fingerprint of the card or account: instrument_index."
    )
    method = models.CharField(max_length=40, blank=True, help_text="Stripe's word: card, paypal.")
    country = models.CharField(max_length=2, blank=True, help_text="Of the card or account.")
    failure = models.CharField(max_length=300, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    stripe_customer = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, help_text="When the money came: it counts then.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(returned__lte=F("amount")), name="no_more_goes_back_than_came"
            )
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="contributions_newest_first"),
            models.Index(fields=["amount", "created_at", "id"], name="contributions_by_amount"),
            # What is rare among millions is found at once, the newest first.
            *(
                models.Index(fields=[name, "-created_at"], name=f"contributions_by_{name}")
                for name in ("currency", "method", "country")
            ),
            # All that is filtered by and added up: totals read no row, which are wide.
            models.Index(
                fields=["-received_at", "-id"],
                include=[
                    "currency",
                    "amount",
                    "returned",
                    "status",
                    "frequency",
                    "appeal",
                    "method",
                    "country",
                ],
                name="contributions_to_add_up",
            ),
            models.Index(
                fields=["status", "-created_at"],
                include=["currency", "amount", "returned"],
                condition=~Q(status="succeeded"),
                name="contributions_unusual",
            ),
            models.Index(
                fields=["stripe_customer"],
                condition=~Q(stripe_customer=""),
                name="contributions_of_customer",
            ),
            models.Index(
                fields=["stripe_invoice"],
                condition=~Q(stripe_invoice=""),
                name="contributions_of_invoice",
            ),
            models.Index(
                fields=["last_four_index"],
                condition=Q(last_four_index__isnull=False),
                name="contributions_by_last_four",
            ),
            models.Index(fields=["donor", "-created_at"], name="contributions_of_donor"),
            models.Index(
                fields=["stripe_charge"],
                condition=~Q(stripe_charge=""),
                name="contributions_by_charge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown_amount} {self.get_frequency_display().lower()}"

    @property
    def shown_amount(self) -> str:
        return money.show(self.amount, self.currency)

    @property
    def shown_status(self) -> str:
        """The status; of a dispute that is over, which leaves it “disputed” when it is lost, how
        it ended."""
        ends = {one.status for one in self.disputes.all()} if self.is_disputed else set()
        if "lost" not in ends or ends & set(self.disputes.model.LASTS):
            return self.get_status_display()
        return f"{'Partly taken' if self.left else 'Taken'} back by the bank (lost dispute)"

    @property
    def is_disputed(self) -> bool:
        return self.status == self.Status.DISPUTED

    @property
    def exact_amount(self) -> object:
        return money.exact(self.amount, self.currency)

    @property
    def exact_returned(self) -> object:
        return money.exact(self.returned, self.currency)

    @property
    def shown_returned(self) -> str:
        return money.show(self.returned, self.currency) if self.returned else ""

    @property
    def shown_left(self) -> str:
        return money.show(self.left, self.currency)

    @property
    def left(self) -> int:
        """What is left of it, in the smallest unit: nothing of what has not arrived."""
        return self.amount - self.returned if self.arrived else 0

    @property
    def exact_left(self) -> object:
        return money.exact(self.left, self.currency)

    def gave_back(self) -> None:
        """Of what came without Stripe: as much as its movements say by now."""
        returned = self.Status.PARTLY_REFUNDED if self.left else self.Status.REFUNDED
        self.status = returned
        self.save(update_fields=["status"])
        self.changes.create(status=returned, returned=self.returned)

    @property
    def sent_back(self) -> int:
        """What the donor's bank would not take back, when that was the last try; else 0."""
        refunds = list(self.stripe_refunds.all())
        return refunds[-1].amount if refunds and refunds[-1].undone else 0

    @property
    def donor_name(self) -> str:
        if self.checkout and self.checkout.anonymous:
            return "anonymous"
        if self.donor is None and hasattr(self, "offline"):
            return self.offline.name or "not known"
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
    returned = models.PositiveBigIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["at"], condition=Q(status="failed"), name="failures_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.note}".strip()

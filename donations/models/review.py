"""What finance has to look at: why, until when, and what was decided."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsroom.core.privacy import EncryptedField

from .contribution import Contribution


class ReviewQuerySet(models.QuerySet["Review"]):
    def waiting(self) -> "ReviewQuerySet":
        """Those nobody has closed, the most urgent first."""
        return self.filter(closed_at=None).order_by(
            models.F("due_at").asc(nulls_last=True), "opened_at"
        )


class Review(models.Model):
    """Something a machine must not decide. One for each kind and object.

    What happened settles it, and may open it again; what a person closed stays closed. So a turn
    for the worse is of another kind: an inquiry that becomes a dispute is a new review.
    """

    class Kind(models.TextChoices):
        INQUIRY = "inquiry", "Inquiry of a bank"
        DISPUTE = "dispute", "Dispute"
        APPEAL = "appeal", "Lost dispute that can be appealed"
        FRAUD_WARNING = "fraud_warning", "Early fraud warning"
        REFUND_FAILED = "refund_failed", "Refund failed"
        REFUND_WAITS = "refund_waits", "Refund waits for a second person"
        EVENT = "event", "Event that can't be processed"
        UNKNOWN = "unknown", "Stripe says something new"
        OFF_STRIPE = "off_stripe", "Paid outside of Stripe"
        PAYOUT = "payout", "Payout that came back"
        CARD_TESTING = "card_testing", "Somebody tries cards"
        # Where the books don't agree with Stripe (donations/books/agreement.py).
        PAYOUT_SUM = "payout_sum", "Payout that does not add up"
        BALANCE = "balance", "Balance that is not Stripe’s"
        CHARGE = "charge", "Charge of no contribution"
        NO_CHARGE = "no_charge", "Contribution without its charge"
        SUSPENSE = "suspense", "Movement that nobody has explained"
        BANK = "bank", "Line of the bank’s that is no payout"
        NOT_IN_BANK = "not_in_bank", "Payout that the bank does not have"

    kind = models.CharField(max_length=16, choices=Kind)
    about = models.CharField(max_length=255, help_text="The id of what it is about.")
    contribution = models.ForeignKey(
        Contribution, null=True, on_delete=models.CASCADE, related_name="reviews"
    )
    why = EncryptedField(context="review.why")
    due_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    settled = models.BooleanField(default=False, help_text="Closed by what happened.")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision = EncryptedField(context="review.decision", blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], name="one_review_per_kind_and_object")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="reviews_waiting")
        ]
        permissions = [("decide_review", "Can decide reviews and refund contributions")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.why}"

    @classmethod
    def open(cls, kind: str, about: str, why: str, **fields: Any) -> None:
        """Once, however often it is asked for, and again if what had settled it is over. The
        deadline and the reason are the newest, while it is open."""
        found, new = Review.objects.get_or_create(
            kind=kind, about=about, defaults={"why": why[:300], **fields}
        )
        if new:
            return
        same = Review.objects.filter(pk=found.pk)
        same.filter(settled=True).update(closed_at=None, settled=False, decision="")
        newest: dict[str, Any] = {"due_at": fields["due_at"]} if "due_at" in fields else {}
        if found.why != why[:300]:
            newest["why"] = why[:300]
        if newest:
            same.filter(closed_at=None).update(**newest)

    @classmethod
    def settle(cls, kind: str, about: str, decision: str) -> None:
        """Closed by what happened, not by a person."""
        Review.objects.filter(kind=kind, about=about, closed_at=None).update(
            closed_at=timezone.now(), settled=True, decision=decision[:300]
        )

    def close(self, by: Any, decision: str, now: datetime) -> bool:
        """One winner."""
        mine = Review.objects.filter(pk=self.pk, closed_at=None)
        return bool(mine.update(closed_at=now, closed_by=by, decision=decision[:300]))

"""Money that staff give back: asked for, approved by a second person if it is much, done."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from newsroom.core.moves import Moves, transition
from newsroom.core.privacy import EncryptedField

from .contribution import Contribution


class RefundQuerySet(models.QuerySet["Refund"]):
    def alone(self, by: Any, since: datetime) -> "RefundQuerySet":
        """What one officer has given back without a second person's word."""
        gone = [Refund.Status.APPROVED, Refund.Status.DONE]
        return self.filter(asked_by=by, approved_by=None, status__in=gone, asked_at__gt=since)


class Refund(models.Model):
    """A refund by staff, a small one approved from the beginning. What came of it at Stripe is
    mirrored as StripeRefund."""

    class Status(models.TextChoices):
        WAITING = "waiting", "waits for a second person"
        APPROVED = "approved"
        DECLINED = "declined"
        DONE = "done"
        FAILED = "failed"

    MOVES: Moves = {  # to: from
        Status.APPROVED: {Status.WAITING},  # by a second person
        Status.DECLINED: {Status.WAITING},
        Status.DONE: {Status.APPROVED},
        Status.FAILED: {Status.APPROVED, Status.DONE},  # done: the bank sent the money back
    }

    contribution = models.ForeignKey(Contribution, on_delete=models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField(help_text="In the currency's smallest unit.")
    reason = EncryptedField(context="refund.reason")
    stripe_reason = models.CharField(
        max_length=25, blank=True, help_text="Stripe's word for why: fraudulent, or none."
    )
    status = models.CharField(max_length=8, choices=Status)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    form_id = models.UUIDField(
        unique=True, default=uuid.uuid4, help_text="One press, however often it arrives."
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    stripe_refund = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=300, blank=True)
    # After a restore, until a person has decided: newsroom/hold/gate.py.
    held = models.BooleanField(default=False, db_default=False)

    objects = RefundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contribution"],
                condition=Q(status__in=["waiting", "approved"]),
                name="one_open_refund_per_contribution",
            )
        ]

    def __str__(self) -> str:
        return f"refund {self.pk} ({self.status})"

    def move(self, to: str, **fields: Any) -> bool:
        """One winner of each step."""
        moved = transition(self, to, **fields)
        self.refresh_from_db()
        return bool(moved)

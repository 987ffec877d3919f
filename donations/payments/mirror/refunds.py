"""Money that goes back, and what of it the bank sent back to us."""

from datetime import datetime
from typing import Any

import stripe
from django.utils import timezone

from donations import money
from donations.models import Contribution, Refund, Review, StripeRefund
from donations.payments.mirror.values import say_unknown, time_of


def mirror_refund(found: stripe.Refund, contribution: Contribution) -> None:
    """One that came to nothing opens a review, and the officer's own row says so."""
    status = found.status or "succeeded"
    if status not in StripeRefund.STATUSES:
        say_unknown(found.id, f"the status “{status}”", contribution=contribution)
    made_at = time_of(found.created)
    before = StripeRefund.objects.filter(stripe_refund=found.id).first()
    undone = status in StripeRefund.UNDONE
    StripeRefund.objects.update_or_create(
        stripe_refund=found.id,
        defaults={
            "contribution": contribution,
            "amount": found.amount,
            "currency": found.currency,
            "status": status,
            "created_at": made_at,
            "went_at": made_at,
            "came_back_at": _came_back_at(found, before) if undone else None,
        },
    )
    if undone:
        amount = money.show(found.amount, found.currency)
        why = f"The bank sent {amount} back. Find another way."
        Review.open(Review.Kind.REFUND_FAILED, found.id, why, contribution=contribution)
        for refund in Refund.objects.filter(stripe_refund=found.id):
            refund.move(Refund.Status.FAILED, error="The bank sent it back.")


def _came_back_at(found: stripe.Refund, before: StripeRefund | None) -> datetime:
    """As Stripe books it; for what it never booked, when we first heard of it."""
    booked: Any = found.failure_balance_transaction
    if booked:
        return time_of(booked.created)
    return (before and before.came_back_at) or timezone.now()

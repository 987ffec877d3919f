"""Which events matter and why; and what happens to each: its object is pulled.

An event is a hint. Unknown types are stored and ignored; one that can't be processed stays open,
is tried again with back-off, and lands in finance's review.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from donations.models import Review, StripeEvent
from donations.models.stripe_event import RETRY_AFTER
from donations.payments import sync
from donations.payments.leases import Busy

log = logging.getLogger(__name__)

Puller = Callable[[str], object]
TRIES_BEFORE_REVIEW = 3
AFTER_ANOTHER = timedelta(seconds=10)  # tried again when another was at it

# Type -> what is pulled, and why it matters ("Types of events").
EVENTS: dict[str, tuple[Puller, str]] = {
    "checkout.session.completed": (sync.pull_session, "the journey ended at Stripe"),
    "checkout.session.async_payment_succeeded": (sync.pull_session, "a delayed payment arrived"),
    "checkout.session.async_payment_failed": (sync.pull_session, "a delayed payment failed"),
    "checkout.session.expired": (sync.pull_expired_session, "nobody paid in time"),
    "payment_intent.processing": (sync.pull_payment, "money is on its way"),
    "payment_intent.succeeded": (sync.pull_payment, "money arrived"),
    "payment_intent.payment_failed": (sync.pull_payment, "a card was declined"),
    "payment_intent.canceled": (sync.pull_payment, "a payment was given up"),
    "charge.succeeded": (sync.pull_charge, "the charge behind a payment"),
    "charge.failed": (sync.pull_charge, "the charge behind a refusal"),
    "charge.updated": (sync.pull_charge, "its booking became known"),
    "charge.refunded": (sync.pull_charge, "money went back"),
    "refund.created": (sync.pull_refund, "money is going back"),
    "refund.updated": (sync.pull_refund, "a refund changed"),
    "refund.failed": (sync.pull_refund, "the bank sent a refund back to us"),
    "charge.dispute.created": (sync.pull_dispute, "a donor's bank asks for the money back"),
    "charge.dispute.updated": (sync.pull_dispute, "evidence went in, a deadline changed"),
    "charge.dispute.closed": (sync.pull_dispute, "a dispute was won or lost"),
    "charge.dispute.funds_withdrawn": (sync.pull_dispute, "the disputed money is gone"),
    "charge.dispute.funds_reinstated": (sync.pull_dispute, "the disputed money is back"),
    "radar.early_fraud_warning.created": (sync.pull_fraud_warning, "a refund now avoids a dispute"),
    "customer.subscription.created": (sync.pull_subscription, "a recurring contribution began"),
    "customer.subscription.updated": (
        sync.pull_subscription,
        "amount, card, pause or state changed",
    ),
    "customer.subscription.deleted": (sync.pull_subscription, "a recurring contribution ended"),
    "customer.subscription.paused": (sync.pull_subscription, "no charges for a while"),
    "customer.subscription.resumed": (sync.pull_subscription, "charges go on"),
    "invoice.paid": (sync.pull_invoice, "a renewal was paid"),
    "invoice.payment_failed": (sync.pull_invoice, "a renewal failed; Stripe tries again"),
    "invoice.payment_action_required": (sync.pull_invoice, "the donor's bank wants to ask them"),
    "invoice.finalization_failed": (sync.pull_invoice, "a renewal can't be charged"),
    "invoice.voided": (sync.pull_invoice, "a paused renewal is not charged"),
    "invoice.marked_uncollectible": (sync.pull_invoice, "Stripe gave a renewal up"),
    "invoice_payment.paid": (sync.pull_invoice_payment, "a renewal's payment was booked"),
    "payment_method.attached": (sync.pull_method, "another card"),
    "payment_method.automatically_updated": (sync.pull_method, "the bank sent a new card"),
    "payment_method.detached": (sync.pull_method, "a card was taken away"),
    "mandate.updated": (sync.pull_mandate, "a bank account was closed or its debit withdrawn"),
    "payout.failed": (sync.pull_payout, "our bank sent a payout back"),
    "payout.canceled": (sync.pull_payout, "a payout was called off"),
    "customer.updated": (sync.pull_customer, "another card or address"),
    "customer.deleted": (sync.pull_customer, "what they gave regularly ended with them"),
}


def process(event: StripeEvent) -> None:
    """Pull what the event hints at. A failure keeps it open, to be tried again. That another is at
    it, who may be dead until the lease is over, is no failure."""
    pull = EVENTS[event.type][0] if event.type in EVENTS else None
    try:
        if pull:
            pull(event.object_id)
    except Busy:
        soon = timezone.now() + AFTER_ANOTHER
        StripeEvent.objects.filter(pk=event.pk, handled_at=None).update(next_try_at=soon)
        return
    except Exception as error:
        _keep_open(event, error)
        return
    mine = StripeEvent.objects.filter(pk=event.pk, handled_at=None)
    mine.update(handled_at=timezone.now(), tries=event.tries + 1, error="")
    if event.tries:
        Review.settle(Review.Kind.EVENT, event.pk, "Processed at last.")


def _keep_open(event: StripeEvent, error: Exception) -> None:
    """``reason`` is the kind of error: its text may hold what nobody should read in a log. The
    wait begins now: a try may have taken a minute itself."""
    wait = RETRY_AFTER[min(event.tries, len(RETRY_AFTER) - 1)]
    reason = f"{type(error).__name__}: {getattr(error, 'code', '') or ''}"[:300]
    StripeEvent.objects.filter(pk=event.pk, handled_at=None).update(
        tries=event.tries + 1, next_try_at=timezone.now() + wait, error=reason
    )
    log.warning("Event %s (%s) stays open: %s", event.pk, event.type, reason)
    if event.tries + 1 >= TRIES_BEFORE_REVIEW:
        why = f"{event.type} about {event.object_id}: {reason}. It is tried again."
        Review.open(Review.Kind.EVENT, event.pk, why)

"""State by retrieval: pull the newest object from Stripe and mirror it. Order never matters.

An event is a hint that something changed. Whatever it says is not used: the object is retrieved
and written under a lock of its own, so late, doubled, reordered and lost events do no harm.
"""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import stripe
from django.db import connection, transaction
from django.utils import timezone

from donations import gateway, money
from donations.models import (
    Checkout,
    Contribution,
    ContributionChange,
    Deferral,
    Dispute,
    Donor,
    Frequency,
    RecurringContribution,
    Review,
)
from newsroom.privacy import email_index
from subscriptions import outbox

Status = Contribution.Status
FREQUENCY_OF = {"month": Frequency.MONTHLY, "year": Frequency.ANNUAL}


@contextmanager
def lock(pk: str) -> Iterator[None]:
    """One puller per object, across processes. A session lock, not a transaction: it is held
    while Stripe is asked, so that what is written is never older than what is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [pk])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [pk])


# --- Pullers: one per object that matters ---------------------------------------------------


def pull_session(pk: str) -> Contribution | None:
    """The gift behind a Checkout Session, when it is paid or on its way."""
    session = gateway.session(pk)
    if session.subscription:
        pull_subscription(_id(session.subscription))
    if session.invoice:
        return pull_invoice(_id(session.invoice))
    if session.payment_intent:
        return pull_payment(_id(session.payment_intent))
    return None


def pull_invoice(pk: str) -> Contribution | None:
    """Every payment of a recurring gift's invoice; the newest contribution."""
    if subscription := _subscription_of(pk):
        pull_subscription(subscription)
    contribution = None
    for intent in gateway.payments_of_invoice(pk):
        contribution = pull_payment(intent) or contribution
    return contribution


def pull_charge(pk: str) -> None:
    """A charge changed (refunded, disputed …): its payment is what we mirror."""
    if intent := gateway.charge(pk).payment_intent:
        pull_payment(_id(intent))


def pull_refund(pk: str) -> None:
    """Money goes back, or comes back because the bank could not take it."""
    refund = gateway.refund(pk)
    contribution = pull_payment(_id(refund.payment_intent)) if refund.payment_intent else None
    if refund.status == "failed" and contribution:
        why = f"The bank sent {money.show(refund.amount, refund.currency)} back. Find another way."
        Review.open(Review.Kind.REFUND_FAILED, pk, why, contribution=contribution)


def pull_dispute(pk: str) -> None:
    if intent := gateway.dispute(pk).payment_intent:
        pull_payment(_id(intent))


def pull_fraud_warning(pk: str) -> None:
    """The card's bank says that it was stolen: refunding now avoids a dispute."""
    warning = gateway.fraud_warning(pk)
    contribution = pull_payment(_id(warning.payment_intent)) if warning.payment_intent else None
    if warning.actionable and contribution:
        why = "The bank reports fraud. A refund now avoids a dispute and its fee."
        Review.open(Review.Kind.FRAUD_WARNING, pk, why, contribution=contribution)


def pull_customer(pk: str) -> None:
    """A customer changed or was deleted, and with her perhaps what she promised."""
    for recurring in RecurringContribution.objects.filter(stripe_customer=pk):
        pull_subscription(recurring.stripe_subscription)


def pull_subscription(pk: str, *, adopt: bool = False) -> RecurringContribution | None:
    """Mirror a promise of ours; ``adopt`` takes one that was made elsewhere."""
    with lock(pk):
        subscription = gateway.subscription(pk)
        checkout = _checkout(subscription.metadata)
        known = RecurringContribution.objects.filter(stripe_subscription=pk).exists()
        if checkout is None and not known and not adopt:
            return None
        return _mirror_subscription(subscription, checkout)


def pull_payment(pk: str) -> Contribution | None:
    """Mirror a PaymentIntent; None while it has neither succeeded, failed nor begun."""
    with lock(pk):
        intent = gateway.payment_intent(pk)
        checkout = _checkout(intent.metadata)
        recurring, invoice_id = None, ""
        if checkout is None:
            invoice_id = gateway.invoice_of_payment(pk)
            recurring = _recurring_of_invoice(invoice_id) if invoice_id else None
            if recurring is None:
                return None  # not ours
        charge: Any = intent.latest_charge
        disputes = gateway.disputes_of(charge.id) if charge and charge.disputed else []
        return _mirror_payment(intent, checkout, recurring, invoice_id, disputes)


def _subscription_of(invoice_id: str) -> str:
    """The subscription that an invoice is for, "" for any other invoice."""
    parent = gateway.invoice(invoice_id).parent
    details = parent.subscription_details if parent else None
    return _id(details.subscription) if details else ""


def _recurring_of_invoice(pk: str) -> RecurringContribution | None:
    subscription = _subscription_of(pk)
    if not subscription:
        return None
    known = RecurringContribution.objects.filter(stripe_subscription=subscription).first()
    return known or pull_subscription(subscription)


# --- Mirrors --------------------------------------------------------------------------------


def _mirror_subscription(
    subscription: stripe.Subscription, checkout: Checkout | None
) -> RecurringContribution:
    item = subscription["items"].data[0]
    price = item.price
    interval = price.recurring.interval if price.recurring else ""
    customer: Any = subscription.customer
    invoice: Any = subscription.latest_invoice
    paused = subscription.pause_collection
    fields = {
        "frequency": FREQUENCY_OF.get(interval, Frequency.MONTHLY),
        "amount": price.unit_amount or 0,
        "currency": price.currency,
        "status": subscription.status,
        "stripe_customer": _id(customer),
        "started_at": _time(subscription.start_date),
        "renews_at": _time(item.current_period_end),
        "ended_at": _time_or_none(subscription.ended_at),
        "cancels_at": _time_or_none(subscription.cancel_at),
        "paused": bool(paused),
        "resumes_at": _time_or_none(paused.resumes_at) if paused else None,
        "next_attempt_at": _time_or_none(getattr(invoice, "next_payment_attempt", None)),
        **_card(subscription.default_payment_method),
    }
    if checkout:
        fields |= {"appeal": checkout.appeal, "checkout": checkout}
    donor = _donor(getattr(customer, "email", None), getattr(customer, "name", None))
    if donor:  # a customer that was deleted has no address any more; who gave stays known
        fields["donor"] = donor
    with transaction.atomic():
        before = RecurringContribution.objects.filter(stripe_subscription=subscription.id).first()
        recurring, _ = RecurringContribution.objects.update_or_create(
            stripe_subscription=subscription.id, defaults=fields
        )
        _tell_donor(before, recurring, invoice)
    return recurring


def _card(method: Any) -> dict[str, Any]:
    """Facts worth keeping of a payment method: which card, and how long it is good."""
    card = getattr(method, "card", None)
    if card is None:
        return {}
    last_day = monthrange(card.exp_year, card.exp_month)[1]
    expires_on = date(card.exp_year, card.exp_month, last_day)
    return {"card": f"{card.brand} {card.last4}", "card_expires_on": expires_on}


LAST_CALL_AFTER = 3  # failed attempts at one renewal


def _tell_donor(
    before: RecurringContribution | None, now: RecurringContribution, invoice: Any
) -> None:
    """A mail for each turn for the worse, once: the renewal failed, is about to end, has ended."""
    if now.status == "past_due" and invoice:
        outbox.post("payment_failed", now.pk, key=f"{now.pk}-{invoice.id}")
        if (invoice.attempt_count or 0) >= LAST_CALL_AFTER:
            outbox.post("last_call", now.pk, key=f"{now.pk}-{invoice.id}")
    if now.ended_at and before and not before.ended_at:
        outbox.post("recurring_ended", now.pk, key=str(now.pk))


def _mirror_payment(
    intent: stripe.PaymentIntent,
    checkout: Checkout | None,
    recurring: RecurringContribution | None,
    invoice_id: str,
    disputes: list[stripe.Dispute],
) -> Contribution | None:
    charge: Any = intent.latest_charge
    status = _status(intent, charge, disputes)
    if status is None:
        return None
    asked: Any = checkout or recurring
    card = charge.payment_method_details.card if charge and charge.payment_method_details else None
    customer: Any = intent.customer
    with transaction.atomic():
        before = Contribution.objects.filter(stripe_payment_intent=intent.id).first()
        donor = recurring.donor if recurring else None
        if donor is None:
            donor = _donor(getattr(customer, "email", None), getattr(customer, "name", None))
        contribution, _ = Contribution.objects.update_or_create(
            stripe_payment_intent=intent.id,
            defaults={
                "donor": donor,
                "recurring": recurring,
                "appeal": asked.appeal,
                "frequency": asked.frequency,
                "amount": intent.amount,
                "refunded": charge.amount_refunded if charge else 0,
                "currency": intent.currency,
                "status": status,
                "stripe_charge": charge.id if charge else "",
                "stripe_invoice": invoice_id,
                "payment_method": f"{card.brand} {card.last4}" if card else "",
                "failure": _failure(intent, charge) if status == Status.FAILED else "",
                "created_at": _time(intent.created),
                "received_at": _time(charge.created) if charge and charge.paid else None,
            },
        )
        _record_change(before, contribution)
        for dispute in disputes:
            _mirror_dispute(dispute, contribution)
        if contribution.arrived and not (before and before.arrived):
            _welcome_gift(contribution, checkout or (recurring.checkout if recurring else None))
    return contribution


def _mirror_dispute(dispute: stripe.Dispute, contribution: Contribution) -> None:
    """One that waits for an answer opens a review, which its end closes again."""
    due_at = _time_or_none(dispute.evidence_details.due_by)
    Dispute.objects.update_or_create(
        stripe_dispute=dispute.id,
        defaults={
            "contribution": contribution,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason": dispute.reason,
            "status": dispute.status,
            "evidence_due_at": due_at,
            "created_at": _time(dispute.created),
        },
    )
    if dispute.status in Dispute.NEEDS_RESPONSE:
        why = f"The bank asks why ({dispute.reason}). Answer at Stripe, or accept it."
        Review.open(Review.Kind.DISPUTE, dispute.id, why, contribution=contribution, due_at=due_at)
    else:
        Review.settle(Review.Kind.DISPUTE, dispute.id, f"At Stripe: {dispute.status}.")


def _status(
    intent: stripe.PaymentIntent, charge: Any, disputes: list[stripe.Dispute]
) -> str | None:
    """Our word for where the money is; None while there is nothing to tell."""
    if intent.status == "succeeded" and charge:
        if any(dispute.status in Dispute.GONE for dispute in disputes):
            return Status.DISPUTED
        if charge.refunded:
            return Status.REFUNDED
        return Status.PARTLY_REFUNDED if charge.amount_refunded else Status.SUCCEEDED
    if intent.status == "processing":
        return Status.PROCESSING
    if intent.status == "canceled" or intent.last_payment_error:
        return Status.FAILED
    return None


def _failure(intent: stripe.PaymentIntent, charge: Any) -> str:
    error = intent.last_payment_error
    return str((error and error.message) or (charge and charge.failure_message) or "")[:300]


def _record_change(before: Contribution | None, now: Contribution) -> None:
    """A line of history when something that finance cares about has changed."""
    if before and (before.status, before.refunded) == (now.status, now.refunded):
        return
    ContributionChange.objects.create(
        contribution=now, status=now.status, refunded=now.refunded, note=now.failure
    )


def _welcome_gift(contribution: Contribution, checkout: Checkout | None) -> None:
    """The first moment the money is there: one thanks, and no more reminders."""
    outbox.post("thanks", contribution.pk, key=str(contribution.pk))
    now = timezone.now()
    open_ones = Deferral.objects.none()
    if checkout and checkout.deferral_id:
        open_ones |= Deferral.objects.filter(pk=checkout.deferral_id)
    if contribution.donor:
        open_ones |= Deferral.objects.of_address(contribution.donor.email_index)
    for deferral in open_ones:
        deferral.end(Deferral.Status.GIVEN, now)


def _donor(email: str | None, name: str | None) -> Donor | None:
    if not email:
        return None
    donor, _ = Donor.objects.get_or_create(
        email_index=email_index(email), defaults={"email": email, "name": name or ""}
    )
    return donor


def _checkout(metadata: Any) -> Checkout | None:
    """Our own row, by the id we put into the object's metadata."""
    pk = (metadata.to_dict() if metadata else {}).get("checkout")
    return Checkout.objects.filter(pk=pk).first() if pk else None


def _id(expandable: Any) -> str:
    return expandable if isinstance(expandable, str) else str(expandable.id)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time_or_none(seconds: int | None) -> datetime | None:
    return _time(seconds) if seconds else None

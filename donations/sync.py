"""State by retrieval: pull the newest object from Stripe and mirror it. Order never matters.

An event is a hint that something changed. Whatever it says is not used: the object is retrieved
and written under a lock of its own, so late, doubled, reordered and lost events do no harm.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stripe
from django.db import connection, transaction
from django.utils import timezone

from donations import gateway
from donations.models import (
    Checkout,
    Contribution,
    ContributionChange,
    Deferral,
    Donor,
    Frequency,
    RecurringContribution,
    StripeEvent,
)
from donations.models.stripe_event import RETRY_AFTER
from newsroom.privacy import email_index
from subscriptions import outbox

log = logging.getLogger(__name__)

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


def pull_subscription(pk: str) -> RecurringContribution | None:
    with lock(pk):
        subscription = gateway.subscription(pk)
        checkout = _checkout(subscription.metadata)
        if checkout is None:
            return None  # not made by our form
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
        return _mirror_payment(intent, checkout, recurring, invoice_id)


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
    subscription: stripe.Subscription, checkout: Checkout
) -> RecurringContribution:
    item = subscription["items"].data[0]
    price = item.price
    interval = price.recurring.interval if price.recurring else ""
    customer: Any = subscription.customer
    recurring, _ = RecurringContribution.objects.update_or_create(
        stripe_subscription=subscription.id,
        defaults={
            "frequency": FREQUENCY_OF.get(interval, checkout.frequency),
            "amount": price.unit_amount or 0,
            "currency": price.currency,
            "status": subscription.status,
            "stripe_customer": _id(customer),
            "started_at": _time(subscription.start_date),
            "renews_at": _time(item.current_period_end),
            "ended_at": _time_or_none(subscription.ended_at),
            "cancels_at": _time_or_none(subscription.cancel_at),
            "appeal": checkout.appeal,
            "checkout": checkout,
            "donor": _donor(getattr(customer, "email", None), getattr(customer, "name", None)),
        },
    )
    return recurring


def _mirror_payment(
    intent: stripe.PaymentIntent,
    checkout: Checkout | None,
    recurring: RecurringContribution | None,
    invoice_id: str,
) -> Contribution | None:
    charge: Any = intent.latest_charge
    status = _status(intent, charge)
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
        if contribution.arrived and not (before and before.arrived):
            _welcome_gift(contribution, checkout or (recurring.checkout if recurring else None))
    return contribution


def _status(intent: stripe.PaymentIntent, charge: Any) -> str | None:
    """Our word for where the money is; None while there is nothing to tell."""
    if intent.status == "succeeded" and charge:
        if charge.disputed:
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


# --- Events ---------------------------------------------------------------------------------

# Which object an event hints at, by the first words of its type. Anything else is stored and
# ignored. The reason each matters:
PULLERS: dict[str, Callable[[str], object]] = {
    "checkout.session.": pull_session,  # the journey has ended: completed, paid later, expired
    "payment_intent.": pull_payment,  # money arrived, is on its way, or was declined
    "charge.": pull_charge,  # refunds; the charge's own success or failure
    "customer.subscription.": pull_subscription,  # a promise began, changed, or ended
    "invoice.": pull_invoice,  # a renewal was paid or failed
}
# Not a name of the table's objects although it begins like one.
IGNORED = ("charge.dispute.", "charge.refund.", "invoice.upcoming")


def puller_for(event_type: str) -> Callable[[str], object] | None:
    if event_type.startswith(IGNORED):
        return None
    return next((pull for start, pull in PULLERS.items() if event_type.startswith(start)), None)


def process(event: StripeEvent) -> None:
    """Pull what the event hints at. A failure keeps it open, to be tried again with back-off."""
    pull = puller_for(event.type)
    now = timezone.now()
    mine = StripeEvent.objects.filter(pk=event.pk, handled_at=None)
    try:
        if pull:
            pull(event.object_id)
    except Exception as error:
        wait = RETRY_AFTER[min(event.tries, len(RETRY_AFTER) - 1)]
        reason = f"{type(error).__name__}: {getattr(error, 'code', '') or ''}"[:300]
        mine.update(tries=event.tries + 1, next_try_at=now + wait, error=reason)
        log.warning("Event %s (%s) stays open: %s", event.pk, event.type, reason)
    else:
        mine.update(handled_at=now, tries=event.tries + 1, error="")

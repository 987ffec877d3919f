"""From an object that Stripe holds now to our rows. Only sync.py calls this, under a lock.

Nothing here asks Stripe. A value that Stripe has added since opens a review; it breaks nothing.
"""

from calendar import monthrange
from datetime import UTC, date, datetime
from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

from donations.models import (
    Checkout,
    Contribution,
    ContributionChange,
    Deferral,
    Dispute,
    Donor,
    ErasedCustomer,
    Frequency,
    Receipt,
    RecurringContribution,
    Review,
)
from donations.payments.gateway import id_of
from newsroom.core.privacy import giving_index
from newsroom.mail import outbox
from newsroom.mail.asked import ask
from subscriptions.models import Newsletter

Status = Contribution.Status
FREQUENCY_OF = {"month": Frequency.MONTHLY, "year": Frequency.ANNUAL}


# --- Recurring contributions -----------------------------------------------------------------


def subscription(found: stripe.Subscription, checkout: Checkout | None) -> RecurringContribution:
    """A Stripe Subscription as a recurring contribution."""
    item = found["items"].data[0]
    price = item.price
    repeats = price.recurring
    interval = repeats.interval if repeats and repeats.interval_count == 1 else "another"
    if interval not in FREQUENCY_OF:
        _say_unknown(found.id, f"a frequency other than monthly and annual ({interval})")
    if found.status not in RecurringContribution.STATUSES:
        _say_unknown(found.id, f"the status “{found.status}”")
    customer: Any = found.customer
    invoice: Any = found.latest_invoice
    paused = found.pause_collection
    fields = {
        "frequency": FREQUENCY_OF.get(interval, Frequency.MONTHLY),
        "amount": price.unit_amount or 0,
        "currency": price.currency,
        "status": found.status,
        "stripe_customer": id_of(customer),
        "started_at": time_of(found.start_date),
        "renews_at": time_of(item.current_period_end),
        "ended_at": time_or_none(found.ended_at),
        "cancels_at": time_or_none(found.cancel_at),
        "paused": bool(paused),
        "resumes_at": time_or_none(paused.resumes_at) if paused else None,
        "next_attempt_at": time_or_none(getattr(invoice, "next_payment_attempt", None)),
    }
    if checkout:
        fields |= {"appeal": checkout.appeal, "checkout": checkout}
    with transaction.atomic():
        before = RecurringContribution.objects.filter(stripe_subscription=found.id).first()
        donor = _donor(customer, checkout)
        if donor:  # a customer that was deleted has no address any more; who gave stays known
            fields["donor"] = donor
        owner = donor or (before and before.donor)
        if found.ended_at or not owner:  # over, or its donor erased: nothing of a person is kept
            fields |= {"card": "", "card_expires_on": None}
        else:
            fields |= _paid_with(found.default_payment_method)
        recurring, _ = RecurringContribution.objects.update_or_create(
            stripe_subscription=found.id, defaults=fields
        )
        if recurring.ended_at and before and not before.ended_at:
            outbox.post("recurring_ended", recurring.pk, key=str(recurring.pk))
    return recurring


def _paid_with(method: Any) -> dict[str, Any]:
    """Facts worth keeping of a payment method: which card or account, how long a card is good."""
    if method is None:
        return {}
    card = method.card if method.type == "card" else None
    expires_on = None
    if card:
        last_day = monthrange(card.exp_year, card.exp_month)[1]
        expires_on = date(card.exp_year, card.exp_month, last_day)
    return {"card": _name_of(method), "card_expires_on": expires_on}


def _name_of(method: Any) -> str:
    """“visa 4242”, “sepa 3000”, “paypal”: of a PaymentMethod or a charge's details of one."""
    if method is None:
        return ""
    part = getattr(method, method.type, None)
    brand = getattr(part, "brand", None) or method.type.removesuffix("_debit")
    return f"{brand} {getattr(part, 'last4', None) or ''}".strip()[:60]


LAST_CALL_AFTER = 3  # failed attempts at one renewal


def tell_of_failure(recurring: RecurringContribution, invoice: Any) -> None:
    """A mail for each turn for the worse, once: the bank asks, the renewal failed, the last but
    one attempt failed. Called when the renewal's payment is mirrored too."""
    newest = recurring.contributions.filter(stripe_invoice=invoice.id).first()
    asks = newest and newest.failure_code == "authentication_required"
    kind = "action_required" if asks else "payment_failed"
    outbox.post(kind, recurring.pk, key=f"{recurring.pk}-{invoice.id}")
    if (invoice.attempt_count or 0) >= LAST_CALL_AFTER:
        outbox.post("last_call", recurring.pk, key=f"{recurring.pk}-{invoice.id}")


# --- Contributions --------------------------------------------------------------------------


def payment(
    intent: stripe.PaymentIntent,
    checkout: Checkout | None,
    recurring: RecurringContribution | None,
    invoice_id: str,
    disputes: list[stripe.Dispute],
) -> Contribution | None:
    """A Stripe PaymentIntent and its newest Charge as a contribution; None while nothing moved."""
    charge: Any = intent.latest_charge
    customer = id_of(intent.customer) if intent.customer else ""
    status = _status(intent, charge, disputes)
    if status is None:
        return None
    asked: Any = checkout or recurring
    checkout = checkout or (recurring.checkout if recurring else None)
    fields: dict[str, Any] = {
        "recurring": recurring,
        "checkout": checkout,
        "appeal": asked.appeal,
        "frequency": asked.frequency,
        "amount": intent.amount,
        "refunded": charge.amount_refunded if charge else 0,
        "currency": intent.currency,
        "status": status,
        "stripe_charge": charge.id if charge else "",
        "stripe_invoice": invoice_id,
        "stripe_customer": customer,
        "payment_method": _name_of(charge.payment_method_details) if charge else "",
        "created_at": time_of(intent.created),
        "received_at": time_of(charge.created) if charge and charge.paid else None,
        **_failure(intent, charge, status),
    }
    with transaction.atomic():
        before = Contribution.objects.filter(stripe_payment_intent=intent.id).first()
        donor = (recurring and recurring.donor) or _donor(intent.customer, checkout)
        if donor:  # who gave stays known when the customer is deleted at Stripe
            fields["donor"] = donor
        elif _erased(customer):
            fields["payment_method"] = fields["payment_method"].partition(" ")[0]
        contribution, _ = Contribution.objects.update_or_create(
            stripe_payment_intent=intent.id, defaults=fields
        )
        _record_change(before, contribution)
        for found in disputes:
            dispute(found, contribution)
        if contribution.arrived and not (before and before.arrived) and _ours(contribution):
            _welcome(contribution)
        late = before and before.status == Status.PROCESSING and status == Status.FAILED
        if late and not recurring:
            outbox.post("contribution_failed", contribution.pk, key=str(contribution.pk))
    return contribution


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


def _failure(intent: stripe.PaymentIntent, charge: Any, status: str) -> dict[str, str]:
    if status != Status.FAILED:
        return {"failure": "", "failure_code": ""}
    error = intent.last_payment_error
    words = (error and error.message) or (charge and charge.failure_message) or ""
    code = (error and error.code) or (charge and charge.failure_code) or ""
    return {"failure": str(words)[:300], "failure_code": str(code)[:60]}


def _record_change(before: Contribution | None, now: Contribution) -> None:
    """A line of history when something that finance cares about has changed."""
    if before and (before.status, before.refunded) == (now.status, now.refunded):
        return
    ContributionChange.objects.create(
        contribution=now, status=now.status, refunded=now.refunded, note=now.failure
    )


def _ours(contribution: Contribution) -> bool:
    """Not from before we took the recurring one over: another system has thanked for that."""
    adopted_at = contribution.recurring.adopted_at if contribution.recurring else None
    return not (adopted_at and contribution.received_at and contribution.received_at < adopted_at)


def _welcome(contribution: Contribution) -> None:
    """The first moment the money is there: one receipt, one thanks, no more reminders, and what
    else they asked for when they gave."""
    now = timezone.now()
    Receipt.issue(contribution, contribution.received_at or now)
    outbox.post("thanks", contribution.pk, key=str(contribution.pk))
    donor, checkout = contribution.donor, contribution.checkout
    open_ones = Deferral.objects.none()
    if checkout and checkout.deferral_id:
        open_ones |= Deferral.objects.filter(pk=checkout.deferral_id)
    if donor:
        open_ones |= Deferral.objects.of_address(donor.email_index)
    for deferral in open_ones:
        deferral.end(Deferral.Status.GIVEN, now)
    if checkout:
        checkout.close(now)
        _sign_up(checkout, donor)


def _sign_up(checkout: Checkout, donor: Donor | None) -> None:
    """The newsletter, once, if the box was ticked. Nothing stays of that: neither which donor it
    was, nor that a reader came this way."""
    ticked = Checkout.objects.filter(form_id=checkout.form_id, newsletter=True)
    newsletter = Newsletter.objects.live().order_by("path").first()
    if ticked.update(newsletter=False) and checkout.newsletter and donor and newsletter:
        ask("signup", donor.email, newsletter=newsletter.pk, how="form")


def dispute(found: stripe.Dispute, contribution: Contribution) -> None:
    """One that waits for an answer opens a review, which its end closes again."""
    due_at = time_or_none(found.evidence_details.due_by)
    if found.status not in Dispute.STATUSES:
        _say_unknown(found.id, f"the status “{found.status}”", contribution=contribution)
    Dispute.objects.update_or_create(
        stripe_dispute=found.id,
        defaults={
            "contribution": contribution,
            "amount": found.amount,
            "currency": found.currency,
            "reason": found.reason,
            "status": found.status,
            "evidence_due_at": due_at,
            "created_at": time_of(found.created),
        },
    )
    if found.status in Dispute.NEEDS_RESPONSE:
        why = f"The bank asks why ({found.reason}). Answer at Stripe, or accept it."
        Review.open(Review.Kind.DISPUTE, found.id, why, contribution=contribution, due_at=due_at)
    else:
        Review.settle(Review.Kind.DISPUTE, found.id, f"At Stripe: {found.status}.")


# --- Small things ---------------------------------------------------------------------------


def _donor(customer: Any, checkout: Checkout | None) -> Donor | None:
    """The person behind a customer; without their name if they did not want it kept. None once they
    were erased: what Stripe was asked a moment before must not bring them back."""
    email = getattr(customer, "email", None)
    if not email or _erased(customer.id):
        return None
    name = "" if checkout and checkout.anonymous else getattr(customer, "name", None) or ""
    fields = {"email": email, "name": name}
    if checkout:
        fields["language"] = checkout.language
    donor, _ = Donor.objects.get_or_create(email_index=giving_index(email), defaults=fields)
    if name and not donor.name:  # they gave anonymously before
        donor.name = name
        donor.save(update_fields=["name"])
    return donor


def _erased(customer_id: str) -> bool:
    return ErasedCustomer.objects.filter(pk=customer_id).exists()


def _say_unknown(pk: str, what: str, **fields: Any) -> None:
    why = f"{pk} has {what}, which we don't know. It is kept; please look at it at Stripe."
    Review.open(Review.Kind.UNKNOWN, pk, why, **fields)


def time_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def time_or_none(seconds: int | None) -> datetime | None:
    return time_of(seconds) if seconds else None

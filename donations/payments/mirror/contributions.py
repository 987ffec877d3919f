"""A Stripe PaymentIntent and its newest Charge as a contribution; and what follows its arrival."""

from datetime import datetime
from typing import Any, NamedTuple

import stripe
from django.db import transaction
from django.utils import timezone

from donations.models import (
    Checkout,
    Contribution,
    ContributionChange,
    Deferral,
    Donor,
    Movement,
    Receipt,
    RecurringContribution,
    Review,
)
from donations.payments.gateway import id_of
from donations.payments.mirror.disputes import mirror_dispute, takes_money
from donations.payments.mirror.donors import donor_of, is_erased
from donations.payments.mirror.refunds import mirror_refund
from donations.payments.mirror.values import facts_of, name_of, time_of
from newsroom.mail import outbox
from newsroom.mail.asked import ask
from newsroom.models import readable
from subscriptions.models import Newsletter

Status = Contribution.Status


class Payment(NamedTuple):
    """A payment as Stripe holds it, with what its own object leaves out."""

    before: Contribution | None  # our row, as it was when Stripe was asked
    intent: stripe.PaymentIntent  # with its newest charge and its customer
    received_at: datetime | None
    refunds: list[stripe.Refund]
    disputes: list[stripe.Dispute]


def mirror_payment(
    payment: Payment,
    checkout: Checkout | None,
    recurring: RecurringContribution | None,
    invoice_id: str,
) -> Contribution | None:
    """Write down what a payment is now; None while nothing moved."""
    fields = fields_from_intent(payment)
    if fields is None:
        return None
    asked: Any = checkout or recurring
    before = payment.before
    # Given monthly, though its donor may have turned to annual since.
    frequency = before.frequency if before else asked.frequency
    fields |= {"appeal": asked.appeal, "frequency": frequency, "stripe_invoice": invoice_id}
    fields |= {"recurring": recurring, "checkout": checkout or asked.checkout}
    with transaction.atomic():
        contribution = record(payment.intent, fields)
        for refund in payment.refunds:
            mirror_refund(refund, contribution)
        for dispute in payment.disputes:
            mirror_dispute(dispute, contribution)
        Movement.book(contribution)
        _write_history(before, contribution)
        if contribution.status == Status.REFUNDED:
            Review.settle_given_back(contribution)
        if contribution.arrived and not (before and before.arrived) and _ours(contribution):
            on_first_arrival(contribution)
        if before and before.status == Status.DISPUTED:
            _dispute_is_over(contribution)
        late = before and before.status == Status.PROCESSING
        if late and contribution.status == Status.FAILED and not recurring:
            outbox.post("contribution_failed", contribution.pk, key=str(contribution.pk))
    return contribution


def fields_from_intent(payment: Payment) -> dict[str, Any] | None:
    """What the payment itself says, None while there is nothing to tell."""
    intent = payment.intent
    charge: Any = intent.latest_charge
    status = _status(intent, charge, payment.disputes)
    if status is None:
        return None
    return {
        "amount": intent.amount,
        "currency": intent.currency,
        "status": status,
        "stripe_charge": charge.id if charge else "",
        "stripe_customer": id_of(intent.customer) if intent.customer else "",
        "payment_method": name_of(charge.payment_method_details) if charge else "",
        "created_at": time_of(intent.created),
        "received_at": payment.received_at,
        **facts_of(charge.payment_method_details if charge else None),
        **_failure(intent, charge, status),
    }


def record(intent: stripe.PaymentIntent, fields: dict[str, Any]) -> Contribution:
    """The row as it is now."""
    donor = donor_of(intent.customer, fields["checkout"])
    if donor:  # who gave stays known when the customer is deleted at Stripe
        fields["donor"] = donor
    elif is_erased(fields["stripe_customer"]):
        fields["payment_method"] = fields["payment_method"].partition(" ")[0]
        fields["last_four_index"] = fields["instrument_index"] = None
    now, _ = Contribution.objects.update_or_create(stripe_payment_intent=intent.id, defaults=fields)
    return now


def _write_history(before: Contribution | None, now: Contribution) -> None:
    """A line, if finance cares about the change."""
    if before is None or (before.status, before.returned) != (now.status, now.returned):
        ContributionChange.objects.create(
            contribution=now, status=now.status, returned=now.returned, note=now.failure
        )


def _status(
    intent: stripe.PaymentIntent, charge: Any, disputes: list[stripe.Dispute]
) -> str | None:
    """Our word for where the money is; None while there is nothing to tell."""
    if intent.status == "succeeded" and charge:
        if any(takes_money(dispute) for dispute in disputes):
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


def _ours(contribution: Contribution) -> bool:
    """Not from before we took the recurring one over: another system has thanked for that."""
    adopted_at = contribution.recurring.adopted_at if contribution.recurring else None
    return not (adopted_at and contribution.received_at and contribution.received_at < adopted_at)


def _dispute_is_over(contribution: Contribution) -> None:
    """What was not thanked for while nobody knew whether it stays."""
    if contribution.status in Contribution.STILL_THERE:
        outbox.wake("thanks", contribution.pk, key=str(contribution.pk))


def on_first_arrival(contribution: Contribution) -> None:
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
        open_ones |= Deferral.objects.of_donor(donor)
    # A debit takes days: who cancelled while it was on its way may still be asked when they said.
    open_ones.not_after(contribution.created_at).give(contribution, now)
    if donor:
        begun = contribution.recurring.started_at if contribution.recurring else None
        donor.began_a_gift(begun or contribution.created_at)
    if checkout:
        checkout.close(now)
        Checkout.objects.filter(form_id=checkout.form_id).forget_choices()
        _sign_up(checkout, donor)


def _sign_up(checkout: Checkout, donor: Donor | None) -> None:
    """The newsletter, once, if the box was ticked. Nothing stays of that: neither which donor it
    was, nor that a reader came this way."""
    ticked = Checkout.objects.filter(form_id=checkout.form_id, newsletter=True)
    newsletter = readable(Newsletter.objects).order_by("path").first()
    if ticked.update(newsletter=False) and checkout.newsletter and donor and newsletter:
        ask("signup", donor.email, newsletters=[newsletter.pk], how="form", source="page")

"""A Stripe Subscription as a recurring contribution, and the mails when its renewal fails."""

from calendar import monthrange
from datetime import date
from typing import Any

import stripe
from django.db import transaction

from donations.models import Checkout, Frequency, RecurringContribution
from donations.payments.gateway import id_of
from donations.payments.mirror.donors import donor_of
from donations.payments.mirror.values import name_of, say_unknown, time_of, time_or_none
from newsroom.mail import outbox

FREQUENCY_OF = {"month": Frequency.MONTHLY, "year": Frequency.ANNUAL}


def mirror_subscription(
    found: stripe.Subscription, checkout: Checkout | None
) -> RecurringContribution:
    """A Stripe Subscription as a recurring contribution."""
    item = found["items"].data[0]
    price = item.price
    repeats = price.recurring
    interval = repeats.interval if repeats and repeats.interval_count == 1 else "another"
    if interval not in FREQUENCY_OF:
        say_unknown(found.id, f"a frequency other than monthly and annual ({interval})")
    if found.status not in RecurringContribution.STATUSES:
        say_unknown(found.id, f"the status “{found.status}”")
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
        donor = donor_of(customer, checkout)
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
    return {"card": name_of(method), "card_expires_on": expires_on}


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

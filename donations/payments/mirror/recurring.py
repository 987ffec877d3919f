"""A Stripe Subscription as a recurring contribution, and the mails when its renewal fails."""

from calendar import monthrange
from datetime import date
from typing import Any

import stripe
from django.db import transaction

from donations.models import Checkout, Frequency, RecurringContribution, RecurringMove
from donations.payments.gateway import id_of
from donations.payments.mirror.donors import donor_of
from donations.payments.mirror.values import name_of, say_unknown, time_of, time_or_none
from newsroom.mail import outbox

FREQUENCY_OF = {("month", 1): Frequency.MONTHLY, ("month", 12): Frequency.ANNUAL,
                ("year", 1): Frequency.ANNUAL}  # fmt: skip


def is_plain(found: stripe.Subscription) -> bool:
    """Made as ours are: one item, one of it, whole cents, monthly or annual, nothing taken off and
    nothing added, charged by itself, with no schedule that sets another price. Then its price is
    what the next payment takes, and may be set anew."""
    items = found["items"].data
    return (
        len(items) == 1
        and items[0].quantity == 1
        and items[0].price.unit_amount is not None
        and items[0].price.billing_scheme == "per_unit"
        and not items[0].price.transform_quantity
        and frequency_of(found) in Frequency.values
        and found.collection_method == "charge_automatically"
        and not found.schedule
        and not (found.discounts or items[0].discounts or getattr(found.customer, "discount", None))
        and not (found.default_tax_rates or items[0].tax_rates or found.automatic_tax.enabled)
    )


def frequency_of(found: stripe.Subscription) -> str:
    """Monthly, annual, or “other”: every week, every three months."""
    rhythms = {
        (item.price.recurring.interval, item.price.recurring.interval_count)
        for item in found["items"].data
        if item.price.recurring
    }
    return FREQUENCY_OF.get(rhythms.pop(), "other") if len(rhythms) == 1 else "other"


def _amount_of(found: stripe.Subscription, next_payment: int | None) -> int | None:
    """None when nobody can tell: it ends, or is billed by what is used."""
    items = found["items"].data
    return items[0].price.unit_amount if is_plain(found) else next_payment


def mirror_subscription(
    found: stripe.Subscription, checkout: Checkout | None, next_payment: int | None = None
) -> RecurringContribution:
    """A Stripe Subscription as a recurring contribution. ``next_payment``, of one that is not
    plain: what Stripe says that it takes; None when there is none."""
    amount = _amount_of(found, next_payment)
    if found.status not in RecurringContribution.STATUSES:
        say_unknown(found.id, f"the status “{found.status}”")
    customer: Any = found.customer
    invoice: Any = found.latest_invoice
    paused = found.pause_collection
    fields = {
        "frequency": frequency_of(found),
        "changeable": is_plain(found),
        "currency": found.currency,
        "status": found.status,
        "stripe_customer": id_of(customer),
        "started_at": time_of(found.start_date),
        "renews_at": min(
            (time_of(item.current_period_end) for item in found["items"].data), default=None
        ),
        "ended_at": time_or_none(found.ended_at),
        "cancels_at": time_or_none(found.cancel_at),
        "paused": bool(paused),
        "resumes_at": time_or_none(paused.resumes_at) if paused else None,
        "next_attempt_at": time_or_none(getattr(invoice, "next_payment_attempt", None)),
    }
    if amount is not None:
        fields["amount"] = amount
    if checkout:
        fields |= {"appeal": checkout.appeal, "checkout": checkout}
    with transaction.atomic():
        donor = donor_of(customer, checkout)
        # Read behind their lock: an erasure at the same moment comes before this or after it.
        known = RecurringContribution.objects.select_related("donor")
        before = known.filter(stripe_subscription=found.id).first()
        if donor:  # a customer that was deleted has no address any more; who gave stays known
            fields["donor"] = donor
        owner = donor or (before and before.donor)
        if found.ended_at or not owner:  # over, or its donor erased: nothing of a person is kept
            fields |= {"card": "", "card_expires_on": None}
        else:
            fields |= _paid_with(found.default_payment_method)
        recurring, _ = RecurringContribution.objects.update_or_create(
            stripe_subscription=found.id, defaults=fields, create_defaults={"amount": 0} | fields
        )
        RecurringMove.note(before, recurring)
        if amount is None and recurring.going and not found.cancel_at:
            say_unknown(found.id, "an amount that only its invoices tell")
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

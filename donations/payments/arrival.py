"""When a payment's money came: it counts from that moment, for receipts, statements and totals."""

from datetime import datetime
from typing import Any

import stripe

from donations.models import Contribution
from donations.payments import gateway
from donations.payments.mirror.values import time_of


def received_at(
    intent: stripe.PaymentIntent, bill: stripe.InvoicePayment | None, before: Contribution | None
) -> datetime | None:
    """None until it has come. It never changes afterwards: a receipt has been numbered by it.
    ``before``: the row as it is, if there is one.

    A card's money comes with its charge. A debit's charge begins days before: Stripe's objects say
    when it succeeded only of what an invoice asked for (``InvoicePayment.status_transitions``), so
    for the rest its list of events is asked. Not the balance transaction's ``created``, which is
    the day the debit was handed in ("Changes to Balance Transaction behavior for debit payment
    methods"). Where Stripe has forgotten the event, after 30 days, the money counts from when it
    could be paid out (``available_on``), which is never too early.
    """
    charge: Any = intent.latest_charge
    if intent.status != "succeeded" or charge is None:
        return None
    if before and before.received_at:
        return before.received_at
    waited = before and before.status == Contribution.Status.PROCESSING
    if charge.payment_method_details.type == "card" and not waited:
        return time_of(charge.created)
    if bill and (paid_at := bill.status_transitions.paid_at):
        return time_of(paid_at)
    began = time_of(charge.created)
    known = gateway.succeeded_at(intent.id, began) or gateway.available_on(charge.id)
    return time_of(known) if known else began

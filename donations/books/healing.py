"""Before the night compares: what Stripe's balance knows and no event has told is pulled."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import QuerySet

from donations.models import BalanceTransaction
from donations.payments import gateway, sync
from donations.payments.gateway import id_of
from donations.payments.leases import Busy

MOST = 100  # payments a night: the rest becomes reviews, or waits for the next
LATELY = timedelta(days=8)
BACK = ["refund", "refund_failure", "dispute", "dispute_reversal", "charge_failure"]


def pull_what_was_missed(nobodys: QuerySet[BalanceTransaction], now: datetime) -> int:
    """How many payments were asked for: charges of which there is no contribution, and those of
    which something went back lately. Raises stripe.StripeError."""
    back = BalanceTransaction.objects.filter(category__in=BACK, created_at__gte=now - LATELY)
    found = (nobodys, back.exclude(charge=""))
    charges = {pk for some in found for pk in some.values_list("charge", flat=True)[:MOST]}
    for pk in charges:
        with suppress(Busy):  # who is at it does it
            if intent := gateway.charge(pk).payment_intent:
                sync.pull_payment(id_of(intent))
    return len(charges)

"""Before the night compares: what Stripe knows and no event has told is pulled.

Its balance tells of all that moved. What ended without a movement shows here as what lasts too
long: a debit that went through, a dispute that was lost, a renewal that failed, or was paid
elsewhere.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet

from donations.models import (
    BalanceTransaction,
    Contribution,
    Dispute,
    RecurringContribution,
    StripeRefund,
)
from donations.payments import gateway, sync
from donations.payments.leases import Busy

MOST = 100  # of a kind, a night: the rest becomes reviews, or waits for the next
LATELY = timedelta(days=8)
A_DAY = timedelta(days=1)
DEBITS_TAKE = timedelta(days=15)  # at most (“SEPA Direct Debit payments”: 14 days)
BACK = ["refund", "refund_failure", "dispute", "dispute_reversal", "charge_failure"]


def pull_what_was_missed(nobodys: QuerySet[BalanceTransaction], now: datetime) -> int:
    """How many things were asked for. ``nobodys``: charges of which there is no contribution.
    Raises stripe.StripeError."""
    back = BalanceTransaction.objects.filter(category__in=BACK, created_at__gte=now - LATELY)
    found = (nobodys, back.exclude(charge=""))
    charges = {pk for some in found for pk in some.values_list("charge", flat=True)[:MOST]}
    disputes = gateway.objects_since("disputes", now - LATELY)  # an inquiry moves nothing
    return (
        _each(sync.pull_charge, charges)
        + _each(sync.pull_dispute, islice(disputes, MOST))
        + _each(sync.pull_payment, payments_that_last(now))
        + _each(sync.pull_newest_invoice, renewals_that_are_late(now))
    )


def _each(pull: Callable[[str], object], found: Iterable[str]) -> int:
    number = 0
    for pk in found:
        with suppress(Busy):  # who is at it does it
            pull(pk)
        number += 1
    return number


def payments_that_last(now: datetime) -> list[str]:
    """Debits that have been answered, or should have been; disputes and refunds that are not over.
    When there are more than a night asks for, each has its turn."""
    answered = BalanceTransaction.objects.filter(
        source=OuterRef("stripe_charge"), source_status__in=["succeeded", "failed"]
    ).exclude(source="")
    debits = Contribution.objects.filter(status="processing")
    debits = debits.filter(Q(created_at__lt=now - DEBITS_TAKE) | Exists(answered))
    open_ones = [*Dispute.LASTS, "warning_needs_response", "warning_under_review"]
    disputes = Dispute.objects.filter(status__in=open_ones, created_at__lt=now - A_DAY)
    refunds = StripeRefund.objects.filter(status__in=["pending", "requires_action"])
    of_contribution = "contribution__stripe_payment_intent"
    found = [
        (debits, "stripe_payment_intent"), (disputes, of_contribution),
        (refunds.filter(created_at__lt=now - A_DAY), of_contribution),
    ]  # fmt: skip
    return [
        pk for some, name in found for pk in some.order_by("?").values_list(name, flat=True)[:MOST]
    ]


def renewals_that_are_late(now: datetime) -> list[str]:
    """Subscriptions whose day is over and of which nothing was heard, or whose next try is."""
    going = RecurringContribution.objects.filter(
        status__in=RecurringContribution.GOING, ended_at=None
    )
    tried = Q(status="past_due") & (Q(next_attempt_at=None) | Q(next_attempt_at__lt=now - A_DAY))
    late = going.filter(Q(renews_at__lt=now - A_DAY) | tried).order_by("?")
    return list(late.values_list("stripe_subscription", flat=True)[:MOST])

"""Each payout, and whether what Stripe lists as in it comes to its amount.

Only of automatic payouts does Stripe say what is in them, once it has reconciled them ("Payout
reconciliation"). The list holds the payout's own movement, too, so all of it comes to nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import stripe
from django.db.models import Count, Q, Sum

from donations.books.following import mirror
from donations.books.reading import read
from donations.models import BalanceTransaction, Payout
from donations.payments import balance
from donations.payments.leases import Held
from donations.payments.mirror.values import time_of

NAME = "payouts"
# One that was paid may fail a week later, a bank's trace comes within ten days ("Payout object").
CHANGE_FOR = timedelta(days=30)
CHANGES = ("status", "arrival_on", "trace", "reconciliation", "failure")


def follow(mine: Held, now: datetime, *, again: bool = False) -> int:
    """What has changed of them, then add up what can be; how many do. ``again``: also what did not
    add up before."""
    read(NAME, balance.payouts, mirror_payouts, mine, CHANGE_FOR)
    found = Payout.objects.filter(added_up_at=None, automatic=True, reconciliation="completed")
    if not again:
        found = found.filter(comes_to=None)
    waiting = list(found.order_by("created_at").values_list("pk", flat=True))
    return sum(add_up(pk, mine, now) for pk in waiting)


def mirror_payouts(page: Sequence[stripe.Payout]) -> None:
    rows = [_row(one) for one in page]
    Payout.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=CHANGES
    )


def _row(one: stripe.Payout) -> Payout:
    return Payout(
        id=one.id,
        status=one.status,
        amount=one.amount,
        currency=one.currency,
        created_at=time_of(one.created),
        arrival_on=time_of(one.arrival_date).date(),
        automatic=one.automatic,
        method=one.method,
        trace=((one.trace_id.value if one.trace_id else "") or "")[:255],
        reconciliation=one.reconciliation_status,
        failure=(one.failure_message or one.failure_code or "")[:300],
    )


def add_up(pk: str, mine: Held, now: datetime) -> bool:
    """Link what is in it, as Stripe lists it now; does it come to its amount?"""
    of_it = BalanceTransaction.objects.filter(payout=pk)
    with mine.writing():
        of_it.update(payout=None)  # of a try that was killed, or did not add up
    for page in balance.movements(payout=pk):
        with mine.writing():
            mirror(page)
            BalanceTransaction.objects.filter(pk__in=[one.id for one in page]).update(payout=pk)
        mine.renew()
    own = Q(source=pk, category="payout")
    payout = Payout.objects.get(pk=pk)
    sums = of_it.aggregate(
        own=Sum("net", filter=own, default=0),
        parts=Sum("net", filter=~own, default=0),
        foreign=Count("pk", filter=~Q(currency=payout.currency)),
    )
    payout.comes_to = sums["parts"]
    same = sums["own"] == -payout.amount and sums["parts"] == payout.amount
    payout.added_up_at = now if same and not sums["foreign"] else None
    with mine.writing():
        payout.save(update_fields=["comes_to", "added_up_at"])
    return payout.added_up_at is not None

"""What is booked later: a debit went through, a dispute ended. Each leaves the account in which its
movement of the balance had to wait.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Sum

from donations.books import postings
from donations.books.booking import Entry, write
from donations.models import Account, BalanceTransaction, Booking, Contribution, Dispute
from donations.payments.leases import Held

AT_ONCE = 500
Groups = QuerySet[Any, Any]


def book_what_followed(mine: Held, now: datetime) -> int:
    """How many debits and disputes are over. Safe to run twice."""
    over = 0
    for find, entries in ((_debits, _confirmed), (_disputes, _ended)):
        while groups := list(find()[:AT_ONCE]):
            with mine.writing():
                write([entry for entry in entries(groups, now) if entry.postings])
                rows = [pk for group in groups for pk in group["rows"]]
                BalanceTransaction.objects.filter(pk__in=rows).update(waits="")
            mine.renew()
            over += len(groups)
    return over


def _groups(account: Account, about: str) -> Groups:
    waiting = BalanceTransaction.objects.filter(waits=account).order_by(about, "currency")
    return waiting.values("currency", about=F(about)).annotate(
        came_to=Sum("amount"), rows=ArrayAgg("pk"), most=Max("amount")
    )


def _debits() -> Groups:
    """Those that went through, and those that failed: then as much went as had come."""
    arrived = Contribution.objects.filter(
        stripe_charge=OuterRef("charge"), status__in=Contribution.ARRIVED
    )
    went_through = Exists(arrived) | Q(source=F("charge"), source_status="succeeded")
    groups = _groups(Account.UNCONFIRMED, "charge").annotate(ok=BoolOr(went_through))
    return groups.filter(Q(ok=True) | Q(came_to=0))


def _confirmed(groups: list[dict[str, Any]], now: datetime) -> Iterator[Entry]:
    mirrored = Contribution.objects.filter(stripe_charge__in=[group["about"] for group in groups])
    received = dict(mirrored.values_list("stripe_charge", "received_at"))
    kind = Booking.Kind.CONFIRMED
    for group, reference in zip(groups, _references(kind, groups), strict=True):
        posted = postings.confirmed(group["came_to"])
        at = received.get(group["about"]) or now
        yield Entry(kind, reference, group["currency"], posted, at)


def _disputes() -> Groups:
    """Those that are lost, and those of which the money is back: that one was won is not enough, as
    its money may come a little later."""
    mirrored = Dispute.objects.filter(stripe_dispute=OuterRef("source"))
    lost = Exists(mirrored.filter(status="lost")) | Q(source_status="lost")
    won = Exists(mirrored.filter(status="won")) | Q(source_status="won")
    groups = _groups(Account.CONTESTED, "source").annotate(lost=BoolOr(lost), won=BoolOr(won))
    return groups.filter(Q(came_to=0) | Q(won=True, most__gt=0) | Q(lost=True))


def _ended(groups: list[dict[str, Any]], now: datetime) -> Iterator[Entry]:
    kind = Booking.Kind.DISPUTE_ENDED
    for group, reference in zip(groups, _references(kind, groups), strict=True):
        # What was lost once and comes back, after an appeal, is lost no longer.
        lost = group["most"] < 0 or reference != group["about"]
        posted = postings.dispute_ended(-group["came_to"], lost=lost)
        yield Entry(kind, reference, group["currency"], posted, now)


def _references(kind: str, groups: list[dict[str, Any]]) -> Iterable[str]:
    """Each its own id; what follows once more, as after an appeal, is numbered."""
    numbers = range(1, 10)
    abouts = {_numbered(group["about"], n): group["about"] for group in groups for n in numbers}
    taken = Booking.objects.filter(kind=kind, reference__in=abouts)
    before = Counter(abouts[reference] for reference in taken.values_list("reference", flat=True))
    return [_numbered(group["about"], before[group["about"]] + 1) for group in groups]


def _numbered(about: str, number: int) -> str:
    return about if number == 1 else f"{about} {number}"

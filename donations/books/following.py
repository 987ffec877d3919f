"""Stripe's balance, followed: each of its movements is mirrored, then booked, once.

They come newest first and are booked oldest first: what a refund of a converted contribution takes
depends on what that had come to, and on what went back before.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import stripe
from django.db.models import F, OuterRef, Subquery, Sum

from donations.books import postings
from donations.books.booking import Entry, write
from donations.books.postings import Fee, Moved
from donations.books.reading import read
from donations.models import Account, BalanceTransaction, Booking
from donations.payments import balance
from donations.payments.gateway import id_of
from donations.payments.leases import Held
from donations.payments.mirror.values import time_of

NAME = "balance transactions"
OVERLAP = timedelta(hours=1)
AT_ONCE = 500  # booked in a transaction
WAIT_FOR_MORE = (Account.UNCONFIRMED, Account.CONTESTED)


def follow(mine: Held, overlap: timedelta = OVERLAP) -> int:
    """All that has moved since; how many were booked."""
    read(NAME, balance.movements, mirror, mine, overlap)
    booked = 0
    while some := list(BalanceTransaction.objects.not_booked()[:AT_ONCE]):
        with mine.writing():
            book(some)
        mine.renew()
        booked += len(some)
    return booked


def mirror(page: Sequence[stripe.BalanceTransaction]) -> None:
    """What one was never changes; what it is about may have, and is what was last read."""
    BalanceTransaction.objects.bulk_create(
        [_row(one) for one in page],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["source_status"],
    )


def _row(one: stripe.BalanceTransaction) -> BalanceTransaction:
    row = BalanceTransaction(
        id=one.id,
        kind=one.type,
        category=one.reporting_category or "",
        amount=one.amount,
        fee=one.fee,
        net=one.net,
        currency=one.currency,
        exchange_rate=one.exchange_rate,
        fees=[[fee.type, fee.amount, fee.description or ""] for fee in one.fee_details],
        created_at=time_of(one.created),
        available_on=time_of(one.available_on).date(),
    )
    source: Any = one.source
    if source:
        row.source = id_of(source)
    if source and not isinstance(source, str):
        row.source_status = getattr(source, "status", None) or ""
        is_charge = source.object == "charge"
        charge = source if is_charge else getattr(source, "charge", None)
        if charge:
            row.charge = id_of(charge)
            row.given_amount = source.amount if one.amount >= 0 else -source.amount
            row.given_currency = source.currency
    if not row.charge:
        row.description = (one.description or "")[:300]
    return row


def book(some: Sequence[BalanceTransaction]) -> None:
    """Not booked yet, oldest first; in the transaction of whoever calls."""
    kind, at_first_rates = Booking.Kind.BALANCE, _at_first_rates(some)
    entries: list[Entry] = []
    waiting: dict[Account, list[str]] = {account: [] for account in WAIT_FOR_MORE}
    for row in some:
        posted = postings.of(_moved(row, at_first_rates.get(row.pk)))
        if not posted:
            continue
        entries.append(Entry(kind, row.pk, row.currency, posted, row.created_at))
        account = postings.account_of(_moved(row))
        if account in waiting:
            waiting[account].append(row.pk)
    write(entries)
    of_it = Booking.objects.filter(kind=kind, reference=OuterRef("pk"))
    rows = BalanceTransaction.objects.filter(pk__in=[row.pk for row in some])
    rows.update(booking=Subquery(of_it.values("pk")))
    rows.filter(booking=None).update(counts=False)
    for account, those in waiting.items():
        rows.filter(pk__in=those).update(waits=account)


def _moved(row: BalanceTransaction, at_the_first_rate: int | None = None) -> Moved:
    fees = tuple(Fee(*fee) for fee in row.fees)
    return Moved(
        row.kind, row.category, row.amount, row.net, fees, row.description, at_the_first_rate
    )


def _at_first_rates(some: Sequence[BalanceTransaction]) -> dict[str, int]:
    """Refunds of converted contributions -> how much of what those had come to goes back."""
    refunds = [
        row
        for row in some
        if row.charge
        and row.given_currency != row.currency
        and postings.account_of(_moved(row)) == Account.REFUNDS
    ]
    if not refunds:
        return {}
    of_these = BalanceTransaction.objects.filter(charge__in={row.charge for row in refunds})
    charges = {row.charge: row for row in of_these.filter(source=F("charge"), amount__gt=0)}
    before = of_these.filter(booking__postings__account=Account.REFUNDS)
    back = Counter[str]()
    for charge, amount in before.order_by().values_list("charge").annotate(Sum("given_amount")):
        back[charge] -= amount
    found = {}
    for row in refunds:
        first = charges.get(row.charge)
        if first is None or first.given_currency != row.given_currency or not row.given_amount:
            continue
        found[row.pk] = postings.share(
            first.amount, first.given_amount or 1, back[row.charge], -row.given_amount
        )
        back[row.charge] -= row.given_amount
    return found

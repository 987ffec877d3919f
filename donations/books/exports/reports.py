"""A year's tables to take away: gifts by donor, payouts, fees. Rows come as they are read."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from donations import money
from donations.models import Account, Booking, Donor, Movement, Payout, Posting
from newsroom.core.clock import begin_of
from newsroom.core.database import keyset

Row = list[object]
FEES = [Account.FEES, Account.FEE_TAX, Account.FX_FEES, Account.DISPUTE_FEES]
AT_ONCE = 1000  # donors


class Report(NamedTuple):
    """``rows(year, names)``: the heading first; ``names``: may who asks know who gave?"""

    title: str
    rows: Callable[[int, bool], Iterator[Row]]


def gifts_by_donor(year: int, names: bool) -> Iterator[Row]:
    """What each donor gave and got back in a year, each on its own day, in each currency."""
    yield ["Donor", *(["Name", "E-mail"] if names else []), "Currency", "Contributions",
           "Received", "Returned", "Kept"]  # fmt: skip
    begin, end = _year(year)
    moved = Movement.objects.filter(at__gte=begin, at__lt=end)
    donors = Donor.objects.order_by("pk")
    last = 0
    while some := list(donors.filter(pk__gt=last)[:AT_ONCE]):
        last = some[-1].pk
        found: dict[int, list[dict[str, Any]]] = {}
        for row in moved.filter(contribution__donor__in=some).totals("contribution__donor"):
            found.setdefault(row["contribution__donor"], []).append(row)
        for donor in some:
            known = [donor.name, donor.email] if names else []
            for row in found.get(donor.pk, []):
                yield [donor.pk, *known, *_of_totals(row)]
    for row in moved.filter(contribution__donor=None).totals():
        yield ["not known", *(["", ""] if names else []), *_of_totals(row)]


def _of_totals(row: dict[str, Any]) -> Row:
    code = row["currency"]
    amounts = (money.exact(row[name], code) for name in ("received", "returned", "left"))
    return [code.upper(), row["count"], *amounts]


def payouts(year: int, names: bool) -> Iterator[Row]:
    """Each payout, with what it comes to and the day on which the bank had it."""
    yield ["Payout", "Made", "Expected", "In the bank", "Status", "Currency", "Amount",
           "What is in it comes to", "Adds up", "Failure"]  # fmt: skip
    begin, end = _year(year)
    found = Payout.objects.filter(created_at__gte=begin, created_at__lt=end)
    for one in keyset(found.select_related("bank_line").order_by("created_at", "pk")):
        line = getattr(one, "bank_line", None)
        comes_to = "" if one.comes_to is None else money.exact(one.comes_to, one.currency)
        yield [
            one.pk, timezone.localtime(one.created_at), one.arrival_on,
            line.booked_on if line else "", one.status, one.currency.upper(),
            money.exact(one.amount, one.currency), comes_to,
            one.adds_up or "not yet", one.failure,
        ]  # fmt: skip


def fees(year: int, names: bool) -> Iterator[Row]:
    """Each month's fees of each kind, and what share of the gifts through Stripe they are."""
    yield ["Month", "Currency", "Kind", "Amount", "Gifts through Stripe", "Share in percent"]
    of_the_year = Posting.objects.exclude(booking__kind=Booking.Kind.OFFLINE).filter(
        booking__booked_on__gte=date(year, 1, 1), booking__booked_on__lt=date(year + 1, 1, 1)
    )
    by_month: dict[tuple[date, str], dict[str, int]] = {}
    for month, code, account, amount in (
        of_the_year.filter(account__in=[*FEES, Account.DONATIONS])
        .order_by()
        .annotate(month=TruncMonth("booking__booked_on"))
        .values_list("month", "booking__currency", "account")
        .annotate(Sum("amount"))
    ):
        by_month.setdefault((month, code), {})[account] = amount
    for (month, code), amounts in sorted(by_month.items()):
        given = -amounts.get(Account.DONATIONS, 0)
        for account in FEES:
            if amount := amounts.get(account, 0):
                share = round(amount * 100 / given, 2) if given > 0 else ""
                label = str(account.label)
                yield [
                    month, code.upper(), label, money.exact(amount, code),
                    money.exact(given, code), share,
                ]  # fmt: skip


def _year(year: int) -> tuple[datetime, datetime]:
    return begin_of(date(year, 1, 1)), begin_of(date(year + 1, 1, 1))


REPORTS = {
    "gifts": Report("Gifts by donor", gifts_by_donor),
    "payouts": Report("Payouts", payouts),
    "fees": Report("Fees", fees),
}

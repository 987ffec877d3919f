"""What the numbers are. Each is one grouped query over a range of an index; months and days are by
the newsroom's clock, sums in the currency's smallest unit."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.functions import TruncMonth
from django.utils import timezone

from donations.models import (
    BalanceTransaction,
    Contribution,
    ContributionChange,
    Frequency,
    RecurringContribution,
    RecurringMove,
)
from newsroom.core import clock

MONTHS = 13  # this one, and back to the same of last year
COHORTS = 12


def first_of_month(now: datetime, back: int = 0) -> datetime:
    """Its first moment; ``back`` months earlier."""
    return clock.begin_of(clock.month_of(timezone.localdate(now), -back))


class Month(NamedTuple):
    """Of one currency: the whole month; and, of this one, the last and the same of last year, what
    had come by this day and hour of it."""

    begins: datetime
    gifts: int = 0
    received: int = 0
    so_far: int = 0


def received(now: datetime) -> dict[str, list[Month]]:
    """Currency -> the last 13 months, the oldest first. What came then, though some of it may have
    gone back since."""
    months = [first_of_month(now, back) for back in reversed(range(MONTHS))]
    passed = now - months[-1]
    by_now = Q()
    for first in (months[0], months[-2], months[-1]):
        by_now |= Q(received_at__gte=first, received_at__lte=first + passed)
    rows: Any = (
        Contribution.objects.filter(
            received_at__gte=months[0], received_at__lte=now, status__in=Contribution.ARRIVED
        )
        .order_by()
        .values("currency", place=_place("received_at", months))
        .annotate(
            count=Count("pk"), sum=Sum("amount"), so_far=Sum("amount", filter=by_now, default=0)
        )
    )
    found: dict[str, dict[datetime, Month]] = defaultdict(dict)
    for row in rows:
        begins = months[row["place"] - 1]
        month = Month(begins, row["count"], row["sum"], row["so_far"])
        found[row["currency"]][begins] = month
    return {
        currency: [by_month.get(month, Month(month)) for month in months]
        for currency, by_month in sorted(found.items(), key=_most)
    }


def _place(name: str, months: list[datetime]) -> Func:
    """In which of them a moment is, counted from 1. By their beginnings, as asking for the month
    of each row costs a conversion to local time for each."""
    bounds = Value(months, output_field=ArrayField(DateTimeField()))
    return Func(F(name), bounds, function="width_bucket", output_field=IntegerField())


def _most(item: tuple[str, dict[Any, Month]]) -> tuple[int, str]:
    """The currency in which most give comes first."""
    return -sum(month.gifts for month in item[1].values()), item[0]


class Part(NamedTuple):
    label: str
    currency: str
    gifts: int
    received: int


def parts(now: datetime) -> dict[str, list[Part]]:
    """This month by frequency, appeal and country of the card; the largest first."""
    this_month = Contribution.objects.filter(
        received_at__gte=first_of_month(now), status__in=Contribution.ARRIVED
    )
    rows = list(
        this_month.order_by()
        .values("currency", "frequency", "appeal__title", "country")
        .annotate(count=Count("pk"), sum=Sum("amount"))
    )
    named = {
        "frequency": lambda row: dict(Contribution._meta.get_field("frequency").flatchoices)[
            row["frequency"]
        ],
        "appeal": lambda row: row["appeal__title"] or "none",
        "country": lambda row: row["country"] or "not known",
    }
    return {name: _added(rows, label) for name, label in named.items()}


def _added(rows: Iterable[Any], label: Any) -> list[Part]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        found = sums[str(label(row)), row["currency"]]
        found[0] += row["count"]
        found[1] += row["sum"]
    parts_ = [Part(*key, count, sum_) for key, (count, sum_) in sums.items()]
    return sorted(parts_, key=lambda part: (part.currency, -part.received, part.label))


def expected() -> dict[str, int]:
    """Currency -> what comes in a month as things are: RecurringContribution.monthly_worth."""
    monthly = Case(
        When(frequency=Frequency.ANNUAL, then=F("amount") / 12),
        default=F("amount"),
        output_field=BigIntegerField(),
    )
    rows = RecurringContribution.objects.expected().order_by()
    return dict(rows.values_list("currency").annotate(sum=Sum(monthly)))


def moves(now: datetime) -> dict[str, dict[str, int]]:
    """Currency -> kind -> by how much that became more or less in this month."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(RecurringMove.Kind, 0))
    this_month = RecurringMove.objects.filter(at__gte=first_of_month(now)).order_by()
    rows = this_month.values_list("currency", "kind").annotate(sum=Sum("amount"))
    for currency, kind, sum_ in rows:
        found[currency][kind] = sum_
    return found


def failed(now: datetime) -> list[Any]:
    """Per currency: contributions that failed in this month, and how many of them then came."""
    arrived = Q(contribution__status__in=Contribution.ARRIVED)
    changes = ContributionChange.objects.filter(
        status=Contribution.Status.FAILED, at__gte=first_of_month(now)
    )
    rows = (
        changes.order_by()
        .values(currency=F("contribution__currency"))
        .annotate(
            failed=Count("contribution", distinct=True),
            recovered=Count("contribution", filter=arrived, distinct=True),
        )
    )
    return list(rows.order_by("currency"))


def fees(now: datetime) -> list[Any]:
    """Per currency of the balance: what this month's charges came to, and Stripe's fees of them."""
    charges = BalanceTransaction.objects.filter(
        created_at__gte=first_of_month(now), source=F("charge"), amount__gt=0
    )
    rows = charges.order_by().values("currency").annotate(sum=Sum("amount"), fee=Sum("fee"))
    return list(rows.order_by("currency"))


def after_deferral(now: datetime) -> list[Part]:
    """What came this month of people who had asked to be reminded."""
    rows = (
        Contribution.objects.filter(
            received_at__gte=first_of_month(now),
            status__in=Contribution.ARRIVED,
            checkout__deferral__isnull=False,
        )
        .order_by()
        .values_list("currency")
        .annotate(Count("pk"), Sum("amount"))
    )
    return [Part("", *row) for row in rows.order_by("currency")]


class Cohort(NamedTuple):
    begins: datetime
    began: int
    still: list[float]  # after 1, 2, … months: the share that still gave


def retention(now: datetime) -> list[Cohort]:
    """Who began to give regularly in a month, the newest first: how many of them still gave so many
    months later."""
    since = first_of_month(now, COHORTS)
    rows = (
        RecurringContribution.objects.filter(
            started_at__gte=since, started_at__lt=first_of_month(now)
        )
        .order_by()
        .values_list(TruncMonth("started_at"), TruncMonth("ended_at"))
        .annotate(Count("pk"))
    )
    ended: dict[datetime, dict[datetime | None, int]] = defaultdict(dict)
    for begins, ends, count in rows:
        ended[begins][ends] = count
    return [
        _cohort(first_of_month(now, back), back, ended[first_of_month(now, back)])
        for back in range(1, COHORTS + 1)
        if first_of_month(now, back) in ended
    ]


def _cohort(begins: datetime, months: int, ended: dict[datetime | None, int]) -> Cohort:
    began = sum(ended.values())
    still, left = [], began
    for after in range(1, months + 1):
        # In the month of its beginning, too: who left at once is gone after one.
        over = first_of_month(begins, -after)
        left = began - sum(count for ends, count in ended.items() if ends and ends < over)
        still.append(left / began)
    return Cohort(begins, began, still)

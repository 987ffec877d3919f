"""Sums of long lists, per currency: added up while somebody waits, or not at all."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from donations import money
from donations.models import Contribution
from newsroom.core.database import TookTooLong, at_most

SECONDS = 0.2  # a page is to be there in twice that, whatever is looked at
T = TypeVar("T")


def in_time(ask: Callable[[], T]) -> T | None:
    """None: it would take too long."""
    try:
        with at_most(SECONDS):
            return ask()
    except TookTooLong:
        return None


def of(found: QuerySet[Contribution]) -> list[dict[str, Any]]:
    """What these contributions come to, in the smallest unit; one query. It reads an index alone
    (“contributions_to_add_up”), as long as nothing else is filtered by."""
    arrived = Q(status__in=Contribution.ARRIVED)
    rows: Any = (
        found.order_by()
        .values("currency")
        .annotate(
            count=Count("pk", filter=arrived),
            others=Count("pk", filter=~arrived),
            received=Sum("amount", filter=arrived, default=0),
            returned=Sum("returned", filter=arrived, default=0),
        )
        .order_by("currency")
    )
    return [row | {"left": row["received"] - row["returned"]} for row in rows]


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row of totals as the page shows it."""
    names = ("received", "returned", "left")
    amounts = {name: money.signed(row[name], row["currency"]) for name in names}
    return row | amounts | {"code": row["currency"].upper()}


def different(name: str) -> list[str]:
    """The different values of a contribution's field, each found behind the one before by the index
    that begins with it (PostgreSQL wiki: “Loose indexscan”): ``distinct`` would read them all."""
    table, field = Contribution._meta.db_table, Contribution._meta.get_field(name)
    column = connection.ops.quote_name(field.name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found AS ("
            f"(SELECT {column} AS one FROM {table} ORDER BY {column} LIMIT 1) UNION ALL "
            f"SELECT (SELECT {column} FROM {table} WHERE {column} > one ORDER BY {column} LIMIT 1) "
            f"FROM found WHERE one IS NOT NULL) SELECT one FROM found WHERE one <> ''"
        )
        return [one for (one,) in cursor.fetchall()]


def codes(name: str) -> Callable[[], Iterable[tuple[str, str]]]:
    """Choices of a filter: currencies that anything was given in, methods, countries."""
    return lambda: [(one, label(name, one)) for one in different(name)]


def label(name: str, value: str) -> str:
    if name == "method":
        return value.replace("_", " ").capitalize()
    return value.upper()

"""One clock for all machines: the database's.

Leases, back-offs and probes are compared across workers. A machine whose own clock is an hour off
must neither lose a claim too early nor ask after a call too soon.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)  # days that have a neighbour in every time zone


def now() -> datetime:
    """The database's time, aware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def day_of(moment: datetime) -> datetime:
    """Where its day began, in UTC: all that may be kept of a time that would tell whose it was."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(day: date, later: int = 0) -> date:
    """Its first day; of the month that is so many ``later``, or earlier if below nought."""
    year, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(year, month + 1, 1)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that has none: the 28th or 29th of
    February after the 31st of January."""
    first = month_of(day, months)
    return first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))


def months_later(moment: datetime, months: int) -> datetime:
    """At the same time by the newsroom's clock."""
    local = timezone.localtime(moment)
    return datetime.combine(months_after(local.date(), months), local.timetz())


def begin_of(day: date) -> datetime:
    """When it begins for the newsroom."""
    return timezone.make_aware(datetime.combine(min(max(day, FIRST), LAST), time()))


def end_of(day: date) -> datetime:
    """The first moment that is no longer of that day."""
    return begin_of(min(day, LAST) + timedelta(days=1))

"""One clock for all machines: the database's.

Leases, back-offs and probes are compared across workers. A machine whose own clock is an hour off
must neither lose a claim too early nor ask after a call too soon.
"""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The database's time, aware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def day_of(moment: datetime) -> datetime:
    """Where its day began, in UTC: all that may be kept of a time that would tell whose it was."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

"""One clock for all machines: the database's.

Leases, back-offs and probes are compared across workers. A machine whose own clock is an hour off
must neither lose a claim too early nor ask after a call too soon.
"""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The database's time, aware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment

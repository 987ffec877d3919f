"""What something asks of the database, and how often."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def sql_of(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured]


def queries_of(call: Callable[[], object]) -> int:
    return len(sql_of(call))

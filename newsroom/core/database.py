"""What is asked of PostgreSQL besides queries: to wait for others, to come back, and to read a long
table a page at a time. Nothing here stays with a connection: PgBouncer hands it to others."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from psycopg.errors import QueryCanceled

log = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=Model)
GIVE_UP_AFTER = 300  # seconds
PAGE = 1000  # rows read at once
REPORTS = "reports"  # of settings.DATABASES, perhaps


def with_retries(write: Callable[[], T]) -> T:
    """Do it, again and again while the database is away. Raises its error after five minutes, or
    at once inside a transaction, which is lost with the connection."""
    deadline = time.monotonic() + GIVE_UP_AFTER
    wait = 0.1
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            log.warning("The database is away (%s): trying again", type(error).__name__)
            connection.close()
            time.sleep(wait)
            wait = min(wait * 2, 5)


def one_at_a_time(*numbers: int) -> None:
    """A lock that stands for something without a row of its own: whoever takes the same waits until
    this transaction ends. One number of 64 bits, or two of 32 (PostgreSQL: “Advisory Lock
    Functions”)."""
    places = ", ".join(["%s"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({places})", numbers)


def room_for_hashes() -> None:
    """Until this transaction ends, “not in” as many as a whole list is looked up in memory: by
    PostgreSQL's own measure it would go through all of them for each row."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")


class TookTooLong(Exception):
    """A query was stopped."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Inside, PostgreSQL stops each query after that time. Raises TookTooLong."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [int(seconds * 1000)])
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong from error
        raise


def reports() -> str:
    """Whom to ask for long tables (Django: “using”): the replica of ``REPORTS_DATABASE_URL``, which
    is some moments behind; the database itself if there is none, or it is away."""
    if REPORTS not in connections:
        return DEFAULT_DB_ALIAS
    try:
        with connections[REPORTS].cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        log.warning("The replica is away (%s): asking the database itself", type(error).__name__)
        connections[REPORTS].close()
        return DEFAULT_DB_ALIAS
    return REPORTS


@contextmanager
def one_state(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """All queries see the database as it is at the first of them (PostgreSQL: “Repeatable Read
    Isolation Level”). For reading only, and not while a slow client is waited for. Inside another
    transaction, whose level stands since its first query, it changes nothing."""
    if connections[using].in_atomic_block:
        yield
        return
    with transaction.atomic(using):
        with connections[using].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def keyset(found: QuerySet[M], size: int = PAGE) -> Iterator[M]:
    """All rows in their order, ``size`` to a query; each query begins behind the last row before
    it. For constant memory, in place of ``iterator``, whose cursor PgBouncer forgets.

    A row that is deleted or comes meanwhile moves no other; one that is deleted and made anew may
    come twice, except in ``one_state``. What can't be read so (a union, a slice, ``values``, a
    random or reversed order) is read at once.
    """
    query: Any = found.query
    by = query.order_by or (query.default_ordering and query.get_meta().ordering) or []
    whole = query.combinator or query.is_sliced or not query.standard_ordering or "?" in by
    if whole or getattr(found, "_fields", None) is not None:
        yield from found
        return
    order = [_order(one) for one in (*by, "pk")]
    keys = {f"_key{number}": one.expression for number, one in enumerate(order)}
    for name, one in zip(keys, order, strict=True):
        one.set_source_expressions([F(name)])
    sorted_ = found.annotate(**keys).order_by(*order)
    rows: list[Any] = list(sorted_[:size])
    while rows:
        yield from rows
        last = [getattr(rows[-1], name) for name in keys]
        rows = list(sorted_.filter(_behind(order, last))[:size]) if len(rows) == size else []


def _order(by: Any) -> OrderBy:
    if isinstance(by, str):
        return OrderBy(F(by.lstrip("-")), descending=by.startswith("-"))
    return by.copy() if isinstance(by, OrderBy) else OrderBy(by)


def _behind(order: Sequence[OrderBy], last: Sequence[Any]) -> Q:
    """Further by the first key; or the same there, and behind by the others."""
    behind = Q()
    for number, (one, value) in reversed(list(enumerate(zip(order, last, strict=True)))):
        key = f"_key{number}"
        # PostgreSQL's own habit: an empty one is larger than all others.
        empty_first = one.nulls_first or (one.descending and not one.nulls_last)
        same = Q(**{f"{key}__isnull": True}) if value is None else Q(**{key: value})
        if value is None:
            further = Q(**{f"{key}__isnull": False}) if empty_first else Q(pk__in=[])
        else:
            further = Q(**{f"{key}__{'lt' if one.descending else 'gt'}": value})
            if not empty_first:
                further |= Q(**{f"{key}__isnull": True})
        # The first half says nothing new; an index can begin there.
        behind = (further | same) & (further | behind) if behind else further
    return behind

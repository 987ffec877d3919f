"""What is kept, why, and for how long: one table, enforced every night and printed for readers.

Each app tells its rows with the hook ``retention``.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from wagtail import hooks

log = logging.getLogger(__name__)

AT_ONCE = 1000  # rows in one transaction
Words = str | Promise


@dataclass(frozen=True)
class Kept:
    """One row of the table. ``forget`` gets the first day that is young enough to stay, and forgets
    what is older; of what has no number of days, ``until`` says in words when it ends, by a
    person's act or a law."""

    what: Words
    why: Words
    days: int | None = None
    forget: Callable[[date], None] | None = None
    until: Words = ""

    @property
    def years(self) -> int:
        """Where it is whole ones; else 0."""
        years, rest = divmod(self.days or 0, 365)
        return 0 if rest else years


def table() -> Iterator[Kept]:
    for tell in hooks.get_hooks("retention"):
        yield from tell()


def enforce(today: date) -> None:
    """Forget what has been kept long enough. One row that fails stops no other, and is tried again
    the night after."""
    for kept in table():
        if kept.days is None or kept.forget is None:
            continue
        try:
            kept.forget(today - timedelta(days=kept.days))
        except Exception as error:  # its words may hold a row's
            log.error("retention: %s in %s", type(error).__name__, kept.forget.__qualname__)


def in_chunks(rows: QuerySet, change: Callable[[QuerySet], object]) -> None:
    """Apply ``change`` to all rows, some to a transaction, in the order of their keys; each row is
    met once, also when it goes on belonging to ``rows``. Once they are locked it is asked again
    which belong there: what has changed while we waited is left alone."""
    last = None
    while True:
        after = rows if last is None else rows.filter(pk__gt=last)
        with transaction.atomic():
            locked = after.select_for_update(of=("self",)).order_by("pk")
            some = list(locked.values_list("pk", flat=True)[:AT_ONCE])
            change(rows.filter(pk__in=some))
        if len(some) < AT_ONCE:
            return
        last = some[-1]


def delete(rows: QuerySet) -> None:
    in_chunks(rows, lambda some: some.delete())

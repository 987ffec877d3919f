"""What the database is told to change, and which kept pages show it.

Every statement that writes is seen, also one over many rows or by hand, so nothing is forgotten: a
table that pages show purges all of them, which is simple and rare. Only a page that is saved knows
better (``accounted``): an article is on few pages, and a draft on none.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.db import Error, connection, transaction
from wagtail import hooks

from newsroom.kept_pages.noting import EVERYTHING
from newsroom.kept_pages.purges import tell
from newsroom.kept_pages.untold import UntoldChange

WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?( SET "numchild" =)?')

UNTOLD = UntoldChange._meta.db_table
_made: set[str] = set()  # tables that were seen
_accounted = ContextVar("accounted", default=False)


@dataclass(frozen=True)
class Purge:
    tags: frozenset[str]
    untold: UntoldChange = field(compare=False)

    def __call__(self) -> None:
        if tell(self.tags):
            with suppress(Error):  # then it is told once more
                self.untold.delete()


def after_commit(*tags: str) -> None:
    """The pages with one of these go when the transaction commits, at once: no job could be as
    quick. If it can't be told then, a web process does it (trust.py)."""
    purge = Purge(frozenset(tags), UntoldChange())
    queued = transaction.get_connection().run_on_commit
    if queued and queued[-1][1] == purge:
        return
    if are_tables_made():
        purge.untold.save()
        transaction.on_commit(purge)


def are_tables_made() -> bool:
    """Not yet while an empty database is migrated; it has no pages then."""
    if not _made:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_tables WHERE tablename = %s", [UNTOLD])
            if cursor.fetchone() is not None:
                _made.add(UNTOLD)
    return bool(_made)


@contextmanager
def accounted() -> Iterator[None]:
    """Inside, somebody else says what changes."""
    token = _accounted.set(True)
    try:
        yield
    finally:
        _accounted.reset(token)


def watch(sql: Any) -> Callable[[], None] | None:
    """Is shown every statement (newsroom/core/postgresql/base.py)."""
    if isinstance(sql, str) and sql[:1] in "IUD" and not _accounted.get() and is_shown(sql):
        return partial(after_commit, EVERYTHING)
    return None


def is_shown(sql: str) -> bool:
    """Does it write what stands on pages? A new row that others have to refer to does not yet; nor
    does how many pages there are below one."""
    if not (found := WRITES.match(sql)):
        return False
    does, table, counts = found.groups()
    shown, referred = tables()
    return table in shown or (table in referred and does != "INSERT INTO") if not counts else False


@cache
def tables() -> tuple[frozenset[str], frozenset[str]]:
    """Those whose rows stand on pages, and those whose rows do when something refers to them; as
    the apps have registered their models."""

    def of(hook: str) -> frozenset[str]:
        models = [apps.get_model(name) for tell in hooks.get_hooks(hook) for name in tell()]
        through = [f.remote_field.through for one in models for f in one._meta.local_many_to_many]
        return frozenset(model._meta.db_table for model in (*models, *through))

    return of("shown_on_pages"), of("referred_to_by_pages")

"""May anything leave? Each process asks before it sends mail or money, and so keeps the mark going
that tells a restored database from another (marks.py).

After a restore a *hold* begins, in one transaction: the hooks ``hold_begins`` mark what waits in
each app's tables as held, and the numbers that were given since the dump are never given again.
What is marked stays until a person decides about it, item by item.
"""

import logging
import time
from dataclasses import dataclass

from django.db import connection, transaction
from wagtail import hooks

from newsroom.core import clock
from newsroom.core.database import one_at_a_time
from newsroom.hold import outside
from newsroom.hold.marks import Identity, Mark, Noted, judge
from newsroom.hold.models import Hold, RunMark

log = logging.getLogger(__name__)

LOCK = 0x686F6C64  # of PostgreSQL's advisory locks: “hold”
FRESH = 1  # seconds for which a process believes its last look
STEP = 5  # … and after which it moves the mark on

BY_HAND = "Asked for by hand."

LOOK = f"""
    SELECT system_identifier,
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        '{RunMark._meta.db_table}'::regclass::oid,
        ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint,
        EXISTS (SELECT FROM {Hold._meta.db_table} WHERE ended_at IS NULL),
        mark.cluster, mark.database, mark.table, mark.timeline, mark.number, mark.at
    FROM pg_control_system() LEFT JOIN {RunMark._meta.db_table} mark ON true
"""
MOVE = f"""
    UPDATE {RunMark._meta.db_table}
    SET number = number + 1, at = statement_timestamp(), timeline = %s RETURNING number, at
"""
# A link that was mailed since the dump must open nobody else's page, nor a mail's number tell of
# another mail. pg_sequences: 100 thousand numbers where there are few, else ten million.
LEAVE_OUT = """
    SELECT setval(
        quote_ident(schemaname) || '.' || quote_ident(sequencename),
        least(coalesce(last_value, 0)
            + CASE data_type WHEN 'bigint'::regtype THEN 10000000 ELSE 100000 END, max_value)
    ) FROM pg_sequences WHERE schemaname = current_schema() AND NOT cycle
"""


@dataclass
class Known:
    """What this process has seen."""

    held: bool = False
    looked: float = float("-inf")  # of the monotonic clock
    moved: float = float("-inf")
    newest: Mark | None = None


known = Known()


@dataclass(frozen=True)
class Seen:
    found: Identity
    timeline: int
    held: bool
    noted: Noted | None

    def why(self) -> str:
        return judge(self.noted, self.found, self.timeline, known.newest)


def holds() -> bool:
    """Is there a hold, by a look of this second?"""
    return known.held if time.monotonic() - known.looked < FRESH else look()


def look() -> bool:
    """Is there a hold, now? One begins here when the database was restored. Raises what a database
    raises that is away: then nothing leaves either."""
    now = time.monotonic()
    moves = now - known.moved >= STEP and not connection.in_atomic_block
    if moves:
        _learn()
    seen = _see()
    if why := seen.why():
        begin(why, by_sight=True)
        return True
    if seen.noted is None:
        _note(seen, Mark(0, clock.now()))
    if moves:
        _move(seen)
        known.moved = now
    known.held, known.looked = seen.held, now
    return seen.held


def begin(why: str, by_sight: bool = False) -> None:
    """From now on nothing leaves. Of several who see by themselves that it was restored, one begins
    it."""
    _learn()
    with transaction.atomic():
        one_at_a_time(LOCK)
        seen = _see()
        if by_sight and not seen.why():
            return
        now = clock.now()
        Hold.objects.filter(ended_at=None).update(ended_at=now)  # the dump's own
        Hold.objects.create(why=why, began_at=now)
        for hook in hooks.get_hooks("hold_begins"):
            hook()
        with connection.cursor() as cursor:
            cursor.execute(LEAVE_OUT)
        here = seen.noted.mark.number if seen.noted else 0
        there = known.newest.number if known.newest else 0
        _note(seen, Mark(max(here, there) + 1, now))
    known.held, known.looked = True, time.monotonic()
    log.error("Nothing leaves until it is released (“After a restore” in the admin): %s", why)


def look_anew() -> None:
    """Forget what was seen: the next question goes to the database."""
    known.__init__()  # type: ignore[misc]


def _learn() -> None:
    known.newest = max(filter(None, (known.newest, outside.newest())), default=None)


def _see() -> Seen:
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        cluster, database, table, timeline, held, *noted = cursor.fetchone()
    then = None
    if noted[0] is not None:
        then = Noted(Identity(*noted[:3]), noted[3], Mark(*noted[4:]))
    return Seen(Identity(cluster, database, table), timeline, held, then)


def _note(seen: Seen, mark: Mark) -> None:
    fields = {**seen.found._asdict(), "timeline": seen.timeline, **mark._asdict()}
    RunMark.objects.update_or_create(pk=1, defaults=fields)


def _move(seen: Seen) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [seen.timeline])
        if row := cursor.fetchone():
            known.newest = Mark(*row)
            outside.note(known.newest)

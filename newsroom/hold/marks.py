"""What tells a restored database from one that was only started again.

Two things. What PostgreSQL itself says of the database and of the table that holds this (its
*identity*): another after every restore that makes tables anew, be it the same database or another
cluster. And a *mark*, a number that only grows, kept here and outside of the database: behind the
one outside, what was kept since is lost, however the files came back.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

# What a replica may not have got when it takes over. PostgreSQL notes that it did: its timeline.
LAG = timedelta(seconds=10)


class Identity(NamedTuple):
    cluster: int  # pg_control_system(); replicas have their primary's
    database: int  # OIDs
    table: int


class Mark(NamedTuple):
    """How far it has come."""

    number: int
    at: datetime  # by the database's clock


class Noted(NamedTuple):
    """What the database holds of itself."""

    identity: Identity
    timeline: int
    mark: Mark


NEW = "The database is new or was emptied, and another one was in use here before it."
ELSEWHERE = "The database was restored from a backup, or moved to another server."
AGAIN = "The database was restored from a backup, in place."
BEHIND = "The database has lost its newest entries: it was set back to what it was earlier."


def judge(noted: Noted | None, found: Identity, timeline: int, outside: Mark | None) -> str:
    """Why nothing may leave, in words; "" when it may. Where the signs can't tell, it may not.

    ``outside``: the newest mark that is known elsewhere; None: nobody has one, as on a fresh host
    with an emptied Redis, which says nothing.
    """
    if noted is None:
        return NEW if outside else ""
    if noted.identity != found:
        here = noted.identity[:2] == found[:2]
        return AGAIN if here else ELSEWHERE
    if outside is None or outside.number <= noted.mark.number:
        return ""
    failed_over = timeline > noted.timeline and outside.at - noted.mark.at <= LAG
    return "" if failed_over else BEHIND

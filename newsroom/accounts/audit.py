"""Who looked at, exported or changed people, money, roles and settings: a log that only grows.

Each entry carries a keyed hash over itself and the one before, so that one that is changed, left
out or put in between shows. Which pages are in it: newsroom/staff/audited.py.
"""

import json
import re
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from newsroom.accounts.models import AuditEntry
from newsroom.core.database import keyset, one_at_a_time
from newsroom.core.privacy import keyed_hash

LOCK = 0x61756469  # of PostgreSQL's advisory locks: “audi”
ADDRESS = re.compile(r"\S*@\S*")
COMMAND = "manage.py"  # who, when it was nobody in the admin


class Verdict(NamedTuple):
    entries: int
    head: str  # the newest entry's hash, hexadecimal
    broken: AuditEntry | None  # the first that does not follow from the one before
    knows: bool  # is the head that was asked for among them?


def record(who: str, what: str, row: str = "", why: str = "") -> None:
    """One more entry, in the transaction of what it is about. Writers wait for each other until
    they commit: otherwise two would follow the same entry. The reason is noted before a form can
    refuse it, so an address in it is left out here."""
    with transaction.atomic():
        one_at_a_time(LOCK)
        last = AuditEntry.objects.order_by("-pk").first()
        why = ADDRESS.sub("…", why)
        entry = AuditEntry(at=timezone.now(), who=who, what=what[:120], row=row[:80], why=why[:300])
        entry.chain = follows(last.chain if last else "", entry)
        entry.save(force_insert=True)


def follows(before: str, entry: AuditEntry) -> str:
    """The hash that an entry has after that one, 64 hexadecimal digits."""
    said = [before, entry.at.isoformat(), entry.who, entry.what, entry.row, entry.why]
    return keyed_hash(json.dumps(said), "audit").hex()


def verify(head: str = "") -> Verdict:
    """Walks from the first entry, in constant memory. ``head`` is one noted earlier: when it is
    not there, the end of the log was cut off since."""
    before, entries, knows = "", 0, not head
    for entry in keyset(AuditEntry.objects.order_by("pk")):
        if entry.chain != follows(before, entry):
            return Verdict(entries, before, entry, knows)
        before, entries, knows = entry.chain, entries + 1, knows or entry.chain == head
    return Verdict(entries, before, None, knows)

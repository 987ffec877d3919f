"""When a backup was last made. They lie on another machine, so the audit log is asked."""

from datetime import datetime

from newsroom.accounts import audit
from newsroom.accounts.models import AuditEntry

WORDS = "made a backup"


def note(name: str) -> None:
    audit.record(audit.COMMAND, WORDS, row=name)


def newest() -> datetime | None:
    """From the log's end on: a moment's work where one is made each night."""
    made = AuditEntry.objects.filter(what=WORDS).order_by("-pk")
    return made.values_list("at", flat=True).first()

"""Single mails that somebody is waiting for: confirmations, reminders, thanks, notices."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import TruncDay
from django.utils import timezone

from newsroom.core.clock import day_of
from newsroom.core.moves import Moves, transition
from newsroom.core.privacy import BlindIndexField

# Definite failures are tried again after these, so that no mail is lost while the provider is away
# for a day; then it is given up.
RETRY_AFTER = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10)]
RETRY_AFTER += [timedelta(hours=hours) for hours in (1, 6, 6, 12)]
# A mail whose worker died is tried again: a doubled confirmation harms less than none.
LOST_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Claim:
    """A try to send a mail, ours alone."""

    may_have_arrived: bool  # by an earlier try


class TransactionalMailQuerySet(models.QuerySet["TransactionalMail"]):
    def due(self, now: datetime) -> "TransactionalMailQuerySet":
        """Waiting for its (next) try, or left behind by a worker that died; and not held."""
        Status = TransactionalMail.Status
        return self.filter(
            Q(status=Status.WAITING, next_try_at__lte=now)
            | Q(status=Status.SENDING, next_try_at__lte=now - LOST_AFTER),
            held=False,
        )

    def waiting(self) -> "TransactionalMailQuerySet":
        Status = TransactionalMail.Status
        return self.filter(status__in=[Status.WAITING, Status.SENDING])

    def give_up(self, error: str) -> int:
        """None of those that wait goes out, nor a second time what is on its way; how many."""
        day = TruncDay("created_at", tzinfo=UTC)
        failed = TransactionalMail.Status.FAILED
        return transition(self, failed, error=error, created_at=day, next_try_at=day)


class TransactionalMail(models.Model):
    """One mail, recorded by purpose and key, so that asking twice sends once.

    Holds no address: ``purpose`` names a function in one of ``settings.MAILS`` that
    writes the mail from its ids at the moment of sending. Readers' and donors' mails stand here
    one after the other, as somebody who gives and signs up causes them. So when it is sent, a row
    no longer says whose mail it was, nor when in the day; its key is a keyed hash from the start.

    A definite no waits for its next try; with its tries used up it has failed. Dropped: nothing
    left to say, the row is gone or its state has changed; it may change back (outbox.wake).
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    MOVES: Moves = {  # to: from
        Status.SENDING: {Status.WAITING, Status.SENDING},
        Status.SENT: {Status.SENDING},
        Status.WAITING: {Status.SENDING, Status.DROPPED},
        Status.FAILED: {Status.SENDING, Status.WAITING},
        Status.DROPPED: {Status.SENDING, Status.WAITING},
    }
    FORGOTTEN = [Status.SENT, Status.DROPPED]
    OVER = [*FORGOTTEN, Status.FAILED]  # of a failed one somebody may want to know whose it was

    purpose = models.CharField(max_length=40)
    object_id = models.BigIntegerField(null=True, help_text="Until it is sent.")
    second_id = models.BigIntegerField(null=True)  # of a mail that is about two rows
    key = BlindIndexField(help_text="Of what makes it this mail and no other.")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    # The provider may have it from the last try: ask before the next.
    in_doubt = models.BooleanField(default=False)
    next_try_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    error = models.CharField(max_length=200, blank=True)
    # After a restore, until a person has decided: newsroom/hold/gate.py.
    held = models.BooleanField(default=False, db_default=False)

    objects = TransactionalMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "key"], name="one_mail_per_purpose_and_key")
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(status__in=["waiting", "sending"]),
                name="mails_to_send",
            ),
            models.Index(
                fields=["purpose", "object_id"],
                condition=Q(object_id__isnull=False),
                name="mails_that_name_a_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk} ({self.status})"

    @property
    def about(self) -> list[int]:
        """The ids of its rows, as the function that writes it takes them."""
        return [pk for pk in (self.object_id, self.second_id) if pk is not None]

    def claim(self, now: datetime) -> Claim | None:
        """Take this mail for one try; None when another worker has it or it is done."""
        due = type(self).objects.due(now).filter(pk=self.pk)
        claim = Claim(may_have_arrived=self.in_doubt)
        taken: dict[str, Any] = {"tries": F("tries") + 1, "next_try_at": now, "in_doubt": True}
        if not transition(due, self.Status.SENDING, **taken):
            return None
        self.refresh_from_db()
        return claim

    def finish(self, status: str, **fields: Any) -> None:
        """Leave ``sending`` for ``status``, unless something else has happened meanwhile."""
        if status in self.OVER:
            day = day_of(self.created_at)
            fields |= {"created_at": day, "next_try_at": day}
        if status in self.FORGOTTEN:
            fields |= {"object_id": None, "second_id": None}
        transition(self, status, frm=[self.Status.SENDING], **fields)

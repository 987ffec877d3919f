"""An issue on its way: approved, scheduled, frozen, sent; with the table of its moves."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Sum

from newsroom.core import clock
from newsroom.core.moves import Moves, transition

from .batch import Batch, Cardinality
from .issue import IssuePage
from .newsletter import Newsletter
from .readers.edition import Edition

APPROVE = "subscriptions.approve_mailing"  # the right to approve an issue, and what follows from it
BY_HAND = "Paused by hand."
CLOSED = "Stopped when the newsroom was closed. Nothing goes on before you resume it."


class MailingQuerySet(models.QuerySet["Mailing"]):
    def due(self, now: datetime) -> "MailingQuerySet":
        return self.filter(status=Mailing.Status.SCHEDULED, send_at__lte=now, held=False)

    def active(self) -> "MailingQuerySet":
        """Not cancelled, so sent and missed ones too: an issue has one of these at most."""
        return self.exclude(status=Mailing.Status.CANCELLED)

    def close_done(self) -> None:
        """Mark those as sent none of whose batches is open."""
        opened = Batch.objects.filter(mailing=OuterRef("pk"), status__in=Batch.OPEN)
        for mailing in self.filter(~Exists(opened), status=Mailing.Status.SENDING):
            mailing.move(Mailing.Status.SENT, finished_at=clock.now())

    def close_if_done(self, mailing_id: int) -> None:
        self.filter(pk=mailing_id).close_done()


class Mailing(models.Model):
    """An approved issue: scheduled, then frozen (content and audience) and sent."""

    class Status(models.TextChoices):
        APPROVED = "approved", "approved, not scheduled"
        SCHEDULED = "scheduled"
        SENDING = "sending"
        PAUSED = "paused"
        SENT = "sent"
        MISSED = "missed", "missed its hour"
        CANCELLED = "cancelled"

    MOVES: Moves = {  # to: from
        Status.SENDING: {Status.SCHEDULED, Status.PAUSED},
        Status.PAUSED: {Status.SENDING},
        Status.SENT: {Status.SENDING},
        Status.MISSED: {Status.SCHEDULED},
        Status.SCHEDULED: {Status.APPROVED, Status.SCHEDULED, Status.MISSED},
        Status.APPROVED: {Status.SCHEDULED, Status.MISSED},
        Status.CANCELLED: {
            Status.APPROVED, Status.SCHEDULED, Status.MISSED, Status.SENDING, Status.PAUSED,
        },
    }  # fmt: skip
    UNDER_WAY = [Status.SENDING, Status.PAUSED]
    BEFORE_FREEZE = [Status.APPROVED, Status.SCHEDULED, Status.MISSED]

    issue = models.ForeignKey(IssuePage, on_delete=models.PROTECT, related_name="mailings")
    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="mailings")
    # The exact text that was approved: later edits don't slip into the mail.
    revision = models.ForeignKey("wagtailcore.Revision", on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.APPROVED)
    send_at = models.DateTimeField(null=True)  # None while it is approved and not scheduled
    not_after = models.DateTimeField(null=True)
    subject = models.CharField(max_length=150, blank=True)
    audience = models.PositiveIntegerField(null=True)
    # Whom it goes to, of the newsletter's readers; None: all of them. Set by the freeze.
    segment = models.ForeignKey(
        "subscriptions.Segment", null=True, on_delete=models.RESTRICT, related_name="+"
    )
    frozen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    # When all but the canary, or the sample of a subject test, go out; None without one.
    rest_at = models.DateTimeField(null=True)
    # A warm-up: how many readers each of its steps has; the last step that may go, 0 for none yet.
    steps = ArrayField(models.PositiveIntegerField(), default=list, db_default=[])
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    # A subject test: the subjects that are tried, and in the end the place of the one for the
    # rest, with the reason in words.
    subjects = ArrayField(models.CharField(max_length=150), default=list, db_default=[])
    chosen = models.PositiveSmallIntegerField(null=True)
    chosen_because = models.CharField(max_length=300, blank=True)
    # Off once a person has seen why they stopped the mailing, and resumed it.
    thresholds_on = models.BooleanField(default=True)
    # After a restore, until a person has decided: newsroom/hold/gate.py.
    held = models.BooleanField(default=False, db_default=False)

    objects = MailingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issue"], condition=~Q(status="cancelled"), name="one_mailing_per_issue"
            )
        ]
        permissions = [("approve_mailing", "Can approve and send an issue")]

    def __str__(self) -> str:
        return f"mailing {self.pk} ({self.status})"

    @property
    def tag(self) -> str:
        """What names this mailing to the provider."""
        return f"mailing-{self.pk}"

    def move(self, to: str, **fields: Any) -> bool:
        """Change the status as MOVES allows, setting ``fields`` too; False when another was
        faster or the move makes no sense any more."""
        moved = transition(self, to, **fields)
        self.refresh_from_db()
        return bool(moved)

    def withdraw(self, now: datetime) -> bool:
        """Take the approval back; False once it is being sent: that takes a cancel."""
        cancelled = self.Status.CANCELLED
        return bool(transition(self, cancelled, frm=self.BEFORE_FREEZE, finished_at=now))

    def progress(self, **which: Any) -> dict[str, int]:
        """Readers by what became of them, and the number of calls still to make; of all batches, or
        of ``which``."""
        sizes = {status: Sum("size", filter=Q(status=status), default=0) for status in Batch.Status}
        numbers: dict[str, int] = self.batches.filter(**which).aggregate(
            excluded=Sum(
                Cardinality("excluded_ids"), filter=Q(status=Batch.Status.ACCEPTED), default=0
            ),
            calls_left=Count("pk", filter=Q(status__in=Batch.OPEN)),
            # Of batches that are half-way through by a journal (SMTP), what is behind them.
            under_way=Sum("done", filter=Q(status=Batch.Status.SENDING), default=0),
            **sizes,
        )
        under_way = numbers.pop("under_way")
        numbers["accepted"] += under_way - numbers["excluded"]
        numbers["sending"] -= under_way
        return numbers

    def editions(self) -> dict[Edition, int]:
        """How many readers get which edition."""
        batches: Any = self.batches.exclude(status=Batch.Status.SPLIT).values_list("edition")
        rows = batches.annotate(readers=Sum("size")).order_by("edition")
        return {Edition(number): readers for number, readers in rows}

    @property
    def was_stopped_by_people(self) -> bool:
        """Not because of anything that its thresholds or a provider had found."""
        return self.problem in (BY_HAND, CLOSED)

    def is_due(self, now: datetime) -> bool:
        """Scheduled, its hour has come, and it is not held."""
        scheduled = self.status == self.Status.SCHEDULED and not self.held
        return bool(scheduled and self.send_at and self.send_at <= now)

    def is_late(self, now: datetime) -> bool:
        """By more than the newsletter's grace."""
        return bool(self.not_after and self.not_after <= now)

    def subject_for(self, variant: int | None) -> str:
        return self.subject if variant is None else str(self.subjects[variant])

    def pause_by_hand(self) -> bool:
        return self.move(self.Status.PAUSED, problem=BY_HAND)

    def release_rest(self, now: datetime) -> bool:
        """Don't wait for the canary any longer."""
        waiting = type(self).objects.filter(pk=self.pk, rest_at__gt=now)
        if not waiting.update(rest_at=now):
            return False
        self.batches.filter(status=Batch.Status.PENDING, tries=0).update(next_try_at=now)
        return True


class MailingBody(models.Model):
    """What a mailing says in one edition, links counted: rendered by the freeze, for all calls."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="bodies")
    edition = models.PositiveSmallIntegerField()
    html = models.TextField()
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "edition"], name="one_body_per_edition")
        ]

    def __str__(self) -> str:
        return f"edition {self.edition} of mailing {self.mailing_id}"

"""An issue on its way: the frozen mailing and its batches, with the table of their moves."""

import math
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models import Count, Exists, Func, Max, OuterRef, Q, Sum
from django.db.models.functions import Now

from newsroom import clock

from .issue import IssuePage
from .newsletter import Newsletter

MOST_IN_DOUBT = 3  # calls of one mailing; then it waits until they are settled
NUMBERING = 4231  # the advisory lock under which batches get their places


class MailingQuerySet(models.QuerySet["Mailing"]):
    def due(self, now: datetime) -> "MailingQuerySet":
        return self.filter(status=Mailing.Status.SCHEDULED, send_at__lte=now)

    def standing(self) -> "MailingQuerySet":
        """Not cancelled: an issue has one of these at most."""
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

    # to: from. Guarded updates in move() hold every change to this table.
    MOVES = {
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
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    audience = models.PositiveIntegerField(null=True)
    frozen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    # When all but the canary, or the sample of a subject test, go out; None without one.
    rest_at = models.DateTimeField(null=True)
    # A subject test: the subjects that are tried, and in the end the place of the one for the
    # rest, with the reason in words.
    subjects = ArrayField(models.CharField(max_length=150), default=list, db_default=[])
    chosen = models.PositiveSmallIntegerField(null=True)
    chosen_because = models.CharField(max_length=300, blank=True)
    # Off once a person has seen why they stopped the mailing, and resumed it.
    brakes = models.BooleanField(default=True)

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

    def move(self, to: str, **fields: object) -> bool:
        """Change the status as MOVES allows, setting ``fields`` too; False when another was
        faster or the move makes no sense any more."""
        allowed = type(self).objects.filter(pk=self.pk, status__in=self.MOVES[self.Status(to)])
        moved = bool(allowed.update(status=to, **fields))
        self.refresh_from_db()
        return moved

    def withdraw(self, now: datetime) -> bool:
        """Take the approval back; False once it is being sent: that takes a cancel."""
        waiting = type(self).objects.filter(pk=self.pk, status__in=self.BEFORE_FREEZE)
        return bool(waiting.update(status=self.Status.CANCELLED, finished_at=now))

    def progress(self) -> dict[str, int]:
        """Readers by what became of them, and the number of calls still to make."""
        sizes = {status: Sum("size", filter=Q(status=status), default=0) for status in Batch.Status}
        numbers: dict[str, int] = self.batches.aggregate(
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

    def is_due(self, now: datetime) -> bool:
        """Scheduled, and its hour has come."""
        scheduled = self.status == self.Status.SCHEDULED
        return bool(scheduled and self.send_at and self.send_at <= now)

    def is_late(self, now: datetime) -> bool:
        """By more than the newsletter's grace."""
        return bool(self.not_after and self.not_after <= now)

    def subject_for(self, arm: int | None) -> str:
        return self.subject if arm is None else str(self.subjects[arm])

    def release_rest(self, now: datetime) -> bool:
        """Don't wait for the canary any longer."""
        waiting = type(self).objects.filter(pk=self.pk, rest_at__gt=now)
        if not waiting.update(rest_at=now):
            return False
        self.batches.filter(status=Batch.Status.PENDING, tries=0).update(next_try_at=now)
        return True


class Cardinality(Func):
    """The length of an array, 0 for an empty one (array_length says NULL)."""

    function = "CARDINALITY"
    output_field = models.IntegerField()


class BatchQuerySet(models.QuerySet["Batch"]):
    def sendable(self) -> "BatchQuerySet":
        """Pending, its time come, its subject settled, its mailing neither paused nor cancelled nor
        overdue, and not too many calls of that mailing in doubt already."""
        return self.filter(
            Q(arm__isnull=False) | Q(mailing__subjects=[]) | Q(mailing__chosen__isnull=False),
            status=Batch.Status.PENDING,
            next_try_at__lte=Now(),
            mailing__status=Mailing.Status.SENDING,
            mailing__not_after__gt=Now(),
        ).exclude(mailing__in=self.model.objects.too_doubtful())

    def too_doubtful(self) -> models.QuerySet["Batch", int]:
        """Mailings that wait until what is unknown about them is settled: whatever makes the
        provider's answers useless would only make more of the same."""
        return (
            # One reader of a broken SMTP connection stops nobody else.
            self.model.objects.filter(status__in=Batch.DOUBTFUL, size__gt=1)
            .values("mailing")
            .annotate(calls=Count("pk"))
            .filter(calls__gte=MOST_IN_DOUBT)
            .values_list("mailing", flat=True)
        )

    def abandoned(self) -> "BatchQuerySet":
        return self.filter(status=Batch.Status.SENDING, lease_until__lt=Now())


class Batch(models.Model):
    """One provider call: which readers, who holds it, how it ended.

    | from     | to                                                                          |
    | -------- | --------------------------------------------------------------------------- |
    | pending  | sending (claimed), cancelled                                                |
    | sending  | accepted, pending (definite no), in doubt (nobody knows, or the lease ended) |
    | sending  | split (refused: its halves take its place), rejected (refused, one reader)   |
    | in doubt | accepted or pending, by evidence; else held                                 |
    | held     | accepted or pending, by a person                                            |

    By SMTP a batch is many messages on one connection. ``begun`` and ``done`` are its journal:
    how many may have been handed over, and how many certainly have.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        ACCEPTED = "accepted"
        IN_DOUBT = "in_doubt", "in doubt"
        HELD = "held"
        SPLIT = "split"
        REJECTED = "rejected", "refused by the provider"
        CANCELLED = "cancelled"

    OPEN = [Status.PENDING, Status.SENDING, Status.IN_DOUBT, Status.HELD]
    DOUBTFUL = [Status.IN_DOUBT, Status.HELD]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="batches")
    seq = models.PositiveIntegerField()
    subscriber_ids = ArrayField(models.BigIntegerField())
    size = models.PositiveIntegerField()
    # Which subject of a test it carries; None: the mailing's.
    arm = models.PositiveSmallIntegerField(null=True)
    excluded_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    status = models.CharField(
        max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING
    )
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True)
    # Since when the provider may have this call under its key; a definite no begins anew.
    first_tried_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=40, default="", db_default="")
    probes = models.PositiveSmallIntegerField(default=0, db_default=0)
    begun = models.PositiveIntegerField(default=0, db_default=0)
    done = models.PositiveIntegerField(default=0, db_default=0)
    provider_id = models.CharField(max_length=200, default="", db_default="")
    error = models.CharField(max_length=300, default="", db_default="")

    objects = BatchQuerySet.as_manager()

    call_before = math.inf  # on the claimant's monotonic clock, in seconds: later, the call may
    # still be on its way when others have begun to ask after it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "seq"], name="one_batch_per_place")
        ]
        indexes = [
            models.Index(
                fields=["mailing", "seq"], condition=Q(status="pending"), name="batches_to_send"
            ),
            models.Index(
                fields=["mailing", "lease_until"],
                condition=Q(status__in=["sending", "in_doubt", "held"]),
                name="batches_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.seq} of mailing {self.mailing_id} ({self.status})"

    def note(self, what: str) -> None:
        """Write down something out of the ordinary, for the doubt desk."""
        self.events.create(what=what[:300])

    @property
    def call_key(self) -> str:
        """What names this call to the provider: the same for a repeat in doubt, a new one after
        a definite no."""
        return str(uuid.uuid5(self.pk, str(self.first_tried_at)))

    def carve(self, ids: Collection[int], to: str, **fields: object) -> "Batch | None":
        """Move some of my readers into a batch of their own with the status ``to``.

        One transaction; None if this batch has changed hands since it was read.
        """
        moved = set(ids)
        with transaction.atomic():
            mine = type(self).objects.select_for_update().filter(
                pk=self.pk, status=self.status, claim_token=self.claim_token
            )  # fmt: skip
            if not mine.exists():
                return None
            self.subscriber_ids = [pk for pk in self.subscriber_ids if pk not in moved]
            self.excluded_ids = [pk for pk in self.excluded_ids if pk not in moved]
            self.size = len(self.subscriber_ids)
            self.save(update_fields=["subscriber_ids", "excluded_ids", "size"])
            return type(self).objects.create(
                mailing_id=self.mailing_id,
                seq=self._next_seq(),
                subscriber_ids=sorted(moved),
                size=len(moved),
                arm=self.arm,
                status=to,
                **{"tries": self.tries, "tried_at": self.tried_at, "provider": self.provider}
                | fields,
            )

    def split(self) -> bool:
        """Put two halves in this batch's place, in one transaction; False if my claim is lost."""
        middle = self.size // 2
        with transaction.atomic():
            mine = type(self).objects.filter(pk=self.pk, claim_token=self.claim_token)
            done = {"status": self.Status.SPLIT, "claim_token": None, "lease_until": None}
            if not mine.update(**done):
                return False
            seq = self._next_seq()
            halves = [self.subscriber_ids[:middle], self.subscriber_ids[middle:]]
            for place, ids in enumerate(halves, seq):
                type(self).objects.create(
                    mailing_id=self.mailing_id,
                    seq=place,
                    subscriber_ids=ids,
                    size=len(ids),
                    arm=self.arm,
                )
        return True

    def _next_seq(self) -> int:
        """A place after all others; one at a time numbers. Call it in a transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBERING, self.mailing_id])
        places = type(self).objects.filter(mailing=self.mailing_id)
        return int(places.aggregate(last=Max("seq"))["last"]) + 1

    def settle(self, to: str, *, frm: Sequence[str], **fields: object) -> bool:
        """Leave doubt: one guarded update, one winner."""
        doubtful = type(self).objects.filter(pk=self.pk, status__in=frm)
        return bool(doubtful.update(status=to, claim_token=None, lease_until=None, **fields))

    @property
    def recipients(self) -> int:
        return self.size - len(self.excluded_ids)

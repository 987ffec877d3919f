"""One call to the provider and its readers, with the table of its moves."""

import uuid
from collections.abc import Collection
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Count, Exists, F, Func, Max, Q
from django.db.models.functions import Now

from newsroom.closed.models import Closure
from newsroom.core.database import one_at_a_time
from newsroom.core.moves import Moves, transition

MOST_IN_DOUBT = 3  # calls of one mailing; then it waits until they are settled
NUMBERING = 4231  # the advisory lock under which batches get their places


class Cardinality(Func):
    """The length of an array, 0 for an empty one (array_length says NULL)."""

    function = "CARDINALITY"
    output_field = models.IntegerField()


class FirstId(Func):
    """Of a batch's readers, whose ids are in order."""

    template = "(%(expressions)s)[1]"
    output_field = models.BigIntegerField()


class LastId(Func):
    template = "(%(expressions)s)[cardinality(%(expressions)s)]"
    output_field = models.BigIntegerField()


class BatchQuerySet(models.QuerySet["Batch"]):
    def sendable(self) -> "BatchQuerySet":
        """Pending, its time come, its subject settled, its step of a warm-up released, its mailing
        neither paused nor cancelled, overdue nor held, and not too many calls of that mailing in
        doubt already. None while the newsroom is closed."""
        return self.filter(
            ~Exists(Closure.objects.filter(open=True)),
            Q(variant__isnull=False) | Q(mailing__subjects=[]) | Q(mailing__chosen__isnull=False),
            status=Batch.Status.PENDING,
            next_try_at__lte=Now(),
            step__lte=F("mailing__step"),
            mailing__status="sending",
            mailing__not_after__gt=Now(),
            mailing__held=False,
        ).exclude(mailing__in=self.model.objects.with_too_many_in_doubt())

    def with_too_many_in_doubt(self) -> models.QuerySet["Batch", int]:
        """Mailings that wait until what is unknown about them is settled: whatever makes the
        provider's answers useless would only make more of the same."""
        return (
            # One reader of a broken SMTP connection stops nobody else.
            self.model.objects.filter(status__in=Batch.UNSETTLED, size__gt=1)
            .values("mailing")
            .annotate(calls=Count("pk"))
            .filter(calls__gte=MOST_IN_DOUBT)
            .values_list("mailing", flat=True)
        )

    def of_reader(self, subscriber_id: int) -> "BatchQuerySet":
        """Which of these they are in. An index on the first and the last of a batch's readers finds
        the few that they may be in."""
        around = self.alias(first=FirstId("subscriber_ids"), last=LastId("subscriber_ids"))
        return around.filter(
            first__lte=subscriber_id,
            last__gte=subscriber_id,
            subscriber_ids__contains=[subscriber_id],
        ).exclude(status=Batch.Status.SPLIT)

    def reached(self) -> models.QuerySet["Batch", int]:
        """The subscribers who got these, or may have."""
        status = Batch.Status
        begun = self.exclude(status__in=[status.PENDING, status.SPLIT, status.CANCELLED])
        each = Func("subscriber_ids", function="unnest", output_field=models.BigIntegerField())
        return begun.values_list(each, flat=True)

    def abandoned(self) -> "BatchQuerySet":
        return self.filter(status=Batch.Status.SENDING, lease_until__lt=Now())


def settle(batches: "Batch | BatchQuerySet", to: str, **fields: Any) -> bool:
    """A transition that ends the claim; did I win?"""
    return bool(transition(batches, to, claim_token=None, lease_until=None, **fields))


class Batch(models.Model):
    """One provider call: which readers, who holds it, how it ended.

    By SMTP a batch is many messages on one connection. ``begun`` and ``done`` are its journal:
    how many may have been handed over, and of how many the answer is known; ``left_out_ids`` are
    those of them who did not get it.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        ACCEPTED = "accepted"
        IN_DOUBT = "in_doubt", "in doubt"
        NEEDS_REVIEW = "needs_review", "needs review"
        SPLIT = "split"
        REJECTED = "rejected", "refused by the provider"
        CANCELLED = "cancelled"

    MOVES: Moves = {  # to: from
        Status.SENDING: {Status.PENDING},  # claimed
        # The call was taken. Evidence counts whenever it comes: after a “no”, in the middle.
        Status.ACCEPTED: {
            Status.PENDING, Status.SENDING, Status.IN_DOUBT, Status.NEEDS_REVIEW,
        },
        # A definite no; of what was in doubt by evidence, of what needs review by a person.
        Status.PENDING: {Status.SENDING, Status.IN_DOUBT, Status.NEEDS_REVIEW},
        # Nobody knows, or the lease is over; pending: the database was restored.
        Status.IN_DOUBT: {Status.SENDING, Status.PENDING},
        Status.NEEDS_REVIEW: {Status.IN_DOUBT},  # no evidence
        Status.SPLIT: {Status.SENDING},  # refused: its halves take its place
        Status.REJECTED: {Status.SENDING},  # refused, one reader
        Status.CANCELLED: {Status.PENDING},
    }  # fmt: skip
    OPEN = [Status.PENDING, Status.SENDING, Status.IN_DOUBT, Status.NEEDS_REVIEW]
    UNSETTLED = [Status.IN_DOUBT, Status.NEEDS_REVIEW]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    mailing = models.ForeignKey(
        "subscriptions.Mailing", on_delete=models.CASCADE, related_name="batches"
    )
    seq = models.PositiveIntegerField()
    subscriber_ids = ArrayField(models.BigIntegerField())
    size = models.PositiveIntegerField()
    # Which subject of a test it carries; None: the mailing's.
    variant = models.PositiveSmallIntegerField(null=True)
    # Of the warm-up of those who came by an import; 0: everybody else, who go before.
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    # How its readers get the issue: an ``Edition``, as they had chosen at the freeze.
    edition = models.PositiveSmallIntegerField(default=0, db_default=0)
    excluded_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    status = models.CharField(
        max_length=12, choices=Status, default=Status.PENDING, db_default=Status.PENDING
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
    # Of those behind ``done``: who has not got it, whatever the server said.
    left_out_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    # How often each of its readers has been told “not now”.
    put_off = models.PositiveSmallIntegerField(default=0, db_default=0)
    provider_id = models.CharField(max_length=200, default="", db_default="")
    error = models.CharField(max_length=300, default="", db_default="")

    objects = BatchQuerySet.as_manager()

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
                condition=Q(status__in=["sending", "in_doubt", "needs_review"]),
                name="batches_to_settle",
            ),
            models.Index(
                F("mailing"),
                FirstId("subscriber_ids"),
                LastId("subscriber_ids"),
                name="batches_by_readers",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.seq} of mailing {self.mailing_id} ({self.status})"

    def note(self, what: str) -> None:
        """Write down something out of the ordinary, for who reviews the call."""
        self.events.create(what=what[:300])

    @property
    def call_key(self) -> str:
        """What names this call to the provider: the same for a repeat in doubt, a new one after
        a definite no."""
        return str(uuid.uuid5(self.pk, str(self.first_tried_at)))

    def split_off(self, ids: Collection[int], to: str, **fields: object) -> "Batch | None":
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
                variant=self.variant,
                step=self.step,
                edition=self.edition,
                status=to,
                **{
                    "tries": self.tries,
                    "tried_at": self.tried_at,
                    "provider": self.provider,
                    "put_off": self.put_off,
                }
                | fields,
            )

    def split(self) -> bool:
        """Put two halves in this batch's place, in one transaction; False if my claim is lost."""
        middle = self.size // 2
        with transaction.atomic():
            mine = type(self).objects.filter(pk=self.pk, claim_token=self.claim_token)
            if not settle(mine, self.Status.SPLIT):
                return False
            seq = self._next_seq()
            halves = [self.subscriber_ids[:middle], self.subscriber_ids[middle:]]
            for place, ids in enumerate(halves, seq):
                type(self).objects.create(
                    mailing_id=self.mailing_id,
                    seq=place,
                    subscriber_ids=ids,
                    size=len(ids),
                    variant=self.variant,
                    step=self.step,
                    edition=self.edition,
                    put_off=self.put_off,
                )
        return True

    def _next_seq(self) -> int:
        """A place after all others; one at a time numbers. Call it in a transaction."""
        one_at_a_time(NUMBERING, self.mailing_id)
        places = type(self).objects.filter(mailing=self.mailing_id)
        return int(places.aggregate(last=Max("seq"))["last"]) + 1

    @property
    def recipients(self) -> int:
        return self.size - len(self.excluded_ids)

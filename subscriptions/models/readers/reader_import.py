"""A list that moves in: its file (sealed, and gone when it is done), how it is read, how far it is.

Its readers' subscriptions say by their ``source`` that they came with it, and their consents how.
Rows here are only what can't be seen from those: what it changed of readers who were here already.
"""

from datetime import datetime, timedelta

from django.apps import apps
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from newsroom.core.moves import Moves
from newsroom.core.privacy import BlindIndexField, EncryptedField

from .subscriber import IMPORT, Subscription

KEPT = timedelta(days=1)  # a file that nobody goes on with
LOST_AFTER = timedelta(minutes=2)  # without a sign of life from the job


class ReaderImportQuerySet(models.QuerySet["ReaderImport"]):
    def left_behind(self, now: datetime) -> "ReaderImportQuerySet":
        """Their job has died, or was never begun."""
        return self.filter(status__in=ReaderImport.WORKING, worked_at__lt=now - LOST_AFTER)

    def not_mailed(self) -> "ReaderImportQuerySet":
        """No issue to the whole list has gone out to its end since they were over, and all of their
        readers had settled in: some may have been sent none."""
        mailings = apps.get_model("subscriptions", "Mailing").objects  # it imports this module
        gone_out = mailings.filter(
            newsletter=OuterRef("newsletter"),
            status="sent",
            segment=None,
            frozen_at__gte=ExpressionWrapper(
                Coalesce(OuterRef("finished_at"), OuterRef("worked_at"))
                + OuterRef("newsletter__settle_days") * Value(timedelta(days=1)),
                output_field=models.DateTimeField(),
            ),
        )
        there = self.exclude(status=ReaderImport.Status.UNDONE)
        return there.filter(~Exists(gone_out), started_at__isnull=False)

    def brought(self) -> int:
        """How many readers who were not here before, as they counted them."""
        return sum(counts.get("added", 0) for counts in self.values_list("counts", flat=True))

    def forgotten(self, now: datetime) -> "ReaderImportQuerySet":
        """Their file has lain here long enough."""
        kept = Q(pieces__isnull=False) & ~Q(status__in=ReaderImport.WORKING)
        return self.filter(kept, worked_at__lt=now - KEPT).distinct()


class ReaderImport(models.Model):
    """One file into one newsletter's list."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "to be explained"
        CHECKING = "checking", "being looked through"
        CHECKED = "checked", "looked through"
        IMPORTING = "importing", "being imported"
        DONE = "done", "done"
        FAILED = "failed", "stopped"
        DROPPED = "dropped", "given up"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"

    MOVES: Moves = {  # to: from
        Status.CHECKING: {Status.UPLOADED, Status.CHECKED, Status.FAILED},
        Status.CHECKED: {Status.CHECKING},
        # Also without a look before, by the command; a stopped one goes on where it was.
        Status.IMPORTING: {Status.UPLOADED, Status.CHECKED, Status.FAILED},
        Status.DONE: {Status.IMPORTING},
        Status.FAILED: {Status.CHECKING, Status.IMPORTING},
        Status.DROPPED: {Status.UPLOADED, Status.CHECKED, Status.FAILED},
        Status.UNDOING: {Status.DONE, Status.FAILED, Status.DROPPED},
        Status.UNDONE: {Status.UNDOING},
    }
    WORKING = [Status.CHECKING, Status.IMPORTING, Status.UNDOING]

    newsletter = models.ForeignKey(
        "subscriptions.Newsletter", on_delete=models.CASCADE, related_name="imports"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    file_name = EncryptedField(context="import.file_name")  # people call files after people
    size = models.BigIntegerField(default=0, help_text="Of the file, in bytes.")
    mapping = models.JSONField(default=dict, help_text="subscriptions/transfer/meaning.py")
    consent = models.CharField(max_length=300, blank=True)
    by_name = models.CharField(max_length=150, blank=True)
    rows_done = models.BigIntegerField(default=0, help_text="Of the file, in its order.")
    total = models.BigIntegerField(
        default=0, help_text="How many rows there are, once looked through."
    )
    counts = models.JSONField(default=dict, help_text="What became of how many rows.")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, help_text="The first reader came after it.")
    worked_at = models.DateTimeField(default=timezone.now, help_text="The last sign of life.")
    finished_at = models.DateTimeField(null=True)

    objects = ReaderImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("import_readers", "Can import readers, and undo it")]

    def __str__(self) -> str:
        return f"import {self.pk} ({self.status})"

    @property
    def source(self) -> str:
        """What its readers' subscriptions and consents say."""
        return f"{IMPORT}{self.pk}"

    @property
    def working(self) -> bool:
        return self.status in self.WORKING

    @property
    def share(self) -> int:
        """How far it is, in per cent."""
        return min(self.rows_done * 100 // self.total, 100) if self.total else 0


class ImportPiece(models.Model):
    """Some bytes of an import's file, sealed: several machines run workers, none keeps the file."""

    reader_import = models.ForeignKey(ReaderImport, on_delete=models.CASCADE, related_name="pieces")
    number = models.IntegerField()
    content = EncryptedField(context="import.piece")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reader_import", "number"], name="one_piece_of_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"piece {self.number} of import {self.reader_import_id}"


class ImportProblem(models.Model):
    """A row that was left out, and why; never what stands in it."""

    reader_import = models.ForeignKey(
        ReaderImport, on_delete=models.CASCADE, related_name="problems"
    )
    file = models.PositiveSmallIntegerField(default=0, help_text="Which one of a zip.")
    row = models.BigIntegerField()
    reason = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}"


class ImportedChange(models.Model):
    """What an import changed of somebody who was here before, or whom it suppressed: until it can't
    be undone any more."""

    reader_import = models.ForeignKey(
        ReaderImport, on_delete=models.CASCADE, related_name="changes"
    )
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.CASCADE, related_name="+"
    )
    status = models.CharField(max_length=12, blank=True, help_text="What it was before.")
    confirmed_on = models.DateField(null=True)
    unsubscribed_on = models.DateField(null=True)
    suppressed_index = BlindIndexField(  # type: ignore[misc]
        null=True, help_text="Of an address that it suppressed."
    )
    suppressed_mark = models.BigIntegerField(
        null=True, help_text="Which suppression that was: a later one is not the import's."
    )

    def __str__(self) -> str:
        return f"change {self.pk} by import {self.reader_import_id}"

"""Yearly statements, mailed to all who gave in a year: one row for each donor and year."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from newsroom.core.moves import Moves

from .donor import Donor

WAITING, POSTED, SKIPPED = "waiting", "posted", "skipped"


class StatementMail(models.Model):
    """That a donor gets word of a year's statement: once, however often it is asked for. Who is
    erased takes it along."""

    class Status(models.TextChoices):
        WAITING = WAITING
        POSTED = POSTED  # into the outbox, which says what came of it
        SKIPPED = SKIPPED, "not written to"

    MOVES: Moves = {  # to: from
        Status.POSTED: {Status.WAITING, Status.POSTED},  # in another call, after a refusal
        Status.SKIPPED: {Status.WAITING},
        Status.WAITING: {Status.POSTED},  # it failed, and is tried again
    }

    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="statement_mails")
    year = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8, help_text="The donor's, when it was asked for.")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    call = models.BigIntegerField(null=True, help_text="Those of one mail have the same.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "donor"], name="one_statement_mail_a_year")
        ]
        indexes = [
            models.Index(
                fields=["year", "language"],
                condition=Q(status="waiting"),
                name="statement_mails_waiting",
            ),
            models.Index(
                fields=["call"], condition=Q(call__isnull=False), name="statement_mails_by_call"
            ),
        ]
        permissions = [("send_statements", "Can mail a year’s statements to all")]

    def __str__(self) -> str:
        return f"{self.year}, donor {self.donor_id}"

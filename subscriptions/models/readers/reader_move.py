"""How readers come and go: kept by day, newsletter and source, as ReaderCount is."""

from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models import Sum
from django.db.models.functions import TruncMonth, TruncWeek, TruncYear

from subscriptions.models.newsletter import Newsletter

FOLD = """
    WITH untidy AS (
        SELECT newsletter_id, source, "on", kind FROM subscriptions_readermove
        GROUP BY newsletter_id, source, "on", kind HAVING count(*) > 1
    ), taken AS (
        DELETE FROM subscriptions_readermove kept USING untidy
        WHERE (kept.newsletter_id, kept.source, kept."on", kept.kind)
            = (untidy.newsletter_id, untidy.source, untidy."on", untidy.kind)
        RETURNING kept.*
    )
    INSERT INTO subscriptions_readermove (newsletter_id, source, "on", kind, readers)
    SELECT newsletter_id, source, "on", kind, sum(readers) FROM taken
    GROUP BY newsletter_id, source, "on", kind
"""
PERIODS: dict[str, Any] = {"week": TruncWeek, "month": TruncMonth, "year": TruncYear}


class ReaderMoveQuerySet(models.QuerySet["ReaderMove"]):
    def by_period(self, period: str) -> list[tuple[date, str, int]]:
        """First day of the week, month or year; kind; how many readers."""
        by = self.order_by().values_list(PERIODS[period]("on"), "kind")
        return list(by.annotate(total=Sum("readers")))

    def by(self, field: str) -> list[tuple[Any, str, int]]:
        return list(self.order_by().values_list(field, "kind").annotate(total=Sum("readers")))

    def fold(self) -> None:
        """Make one row of those that belong together, as ReaderCount does; what was of a newsletter
        that is gone goes, too."""
        newsletters = Newsletter.objects.values("pk")
        self.exclude(newsletter__in=newsletters).delete()
        with connection.cursor() as cursor:
            cursor.execute(FOLD)


class ReaderMove(models.Model):
    """That so many readers of a newsletter signed up, came or went on a day. No reader is named.

    Triggers write the rows (``0003_reader_moves``), as they do for ReaderCount and for its reasons.
    Who came (confirmed) less who left, fell silent or bounced is how many are mailable now, or
    pause: a pause is not told here, since whoever makes one stays. A suppression that is lifted
    makes its owner's lists “confirmed” again; what happens to who is suppressed already
    is not counted a second time.

    The day is the row's own (``confirmed_on`` and so on), so readers who are moved in stand where
    they joined; where there is none, of a deletion or a lift, it is PostgreSQL's, in UTC.
    """

    class Kind(models.TextChoices):
        NEW = "new", "signed up"
        CONFIRMED = "confirmed"
        LEFT = "left"
        SILENT = "silent", "fell silent"
        BOUNCED = "bounced"

    # Not held by the database, as in ReaderCount.
    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    source = models.CharField(max_length=40)
    on = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind)
    readers = models.IntegerField()

    objects = ReaderMoveQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["on", "newsletter"], name="reader_moves_by_day")]

    def __str__(self) -> str:
        return f"{self.readers} {self.kind} on {self.on}, newsletter {self.newsletter_id}"

"""The links of a mailing, and how often each was followed: by link, never by reader."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from .mailing import Mailing

# One statement finds where it leads and counts.
FOLLOW = """
    UPDATE subscriptions_issuelink SET clicks[%(variant)s] = clicks[%(variant)s] + 1
    WHERE id = %(pk)s AND %(variant)s <= cardinality(clicks) RETURNING url
"""


class IssueLink(models.Model):
    """One address that a mailing links to. ``clicks`` counts for everyone first, then for each
    subject of a test."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="links")
    number = models.PositiveSmallIntegerField()
    url = models.TextField()
    label = models.CharField(max_length=200, blank=True)
    section = models.CharField(max_length=60, blank=True)
    clicks = ArrayField(models.PositiveIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "number"], name="one_link_per_number")
        ]

    def __str__(self) -> str:
        return f"link {self.number} of mailing {self.mailing_id}"

    @classmethod
    def follow(cls, pk: int, variant: int | None) -> str | None:
        """Where the link leads, counting one click; None for a link that isn't there."""
        place = 1 if variant is None else variant + 2  # PostgreSQL counts from 1
        with connection.cursor() as cursor:
            cursor.execute(FOLLOW, {"pk": pk, "variant": place})
            row: Any = cursor.fetchone()
        return row[0] if row else None

    @property
    def total(self) -> int:
        return sum(self.clicks)

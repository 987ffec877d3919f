"""How others' pages answered when we looked."""

from datetime import datetime, timedelta

from django.db import models

FRESH = timedelta(hours=6)  # a link is looked at again after this


class LinkCheckQuerySet(models.QuerySet["LinkCheck"]):
    def fresh(self, now: datetime) -> "LinkCheckQuerySet":
        return self.filter(checked_at__gt=now - FRESH)


class LinkCheck(models.Model):
    """How somebody else's page answered when we looked, in the background."""

    url = models.CharField(max_length=2000, primary_key=True)
    problem = models.CharField(max_length=100, blank=True, help_text="Empty: it is there.")
    checked_at = models.DateTimeField()

    objects = LinkCheckQuerySet.as_manager()

    def __str__(self) -> str:
        return self.problem or "fine"

"""What the desk remembers about an issue that is not in the issue: its tests, its links."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from .issue import IssuePage

FRESH = timedelta(hours=6)  # a link is looked at again after this


class TestSend(models.Model):
    """That a colleague got the issue as it was then."""

    issue = models.ForeignKey(IssuePage, on_delete=models.CASCADE, related_name="test_sends")
    revision_id = models.BigIntegerField(null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    __test__ = False  # pytest would take it for a test by its name

    def __str__(self) -> str:
        return f"test of issue {self.issue_id}"


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

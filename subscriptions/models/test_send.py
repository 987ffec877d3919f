"""That colleagues got an issue as a test."""

from django.conf import settings
from django.db import models

from .issue import IssuePage


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

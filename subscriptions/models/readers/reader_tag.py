"""What a reader was filed under by the tool that they came from: for segments, never shown."""

from django.db import models

from .reader_import import ReaderImport
from .subscriber import Subscriber


class ReaderTag(models.Model):
    """One tag of one reader."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)
    # So that an import can be undone.
    by_import = models.ForeignKey(
        ReaderImport, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "subscriber"], name="one_tag_of_a_name")
        ]

    def __str__(self) -> str:
        return f"tag {self.pk}"

"""What is written down about a mailing besides its batches: only what was out of the ordinary."""

from django.db import models

from .batch import Batch
from .mailing import Mailing
from .subscriber import Subscriber


class BatchEvent(models.Model):
    """One thing that happened to a batch that did not simply go through: the review page's
    evidence. Rows are only ever added."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    what = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.what


class DeliveryFailure(models.Model):
    """A reader whose copy came to nothing, and how. Who simply got it has no row."""

    class Kind(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        REFUSED = "refused", "refused by the provider"

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="failures")
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "kind", "subscriber"], name="one_failure_per_reader_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in mailing {self.mailing_id}"

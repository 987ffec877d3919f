"""What is written down about a mailing besides its batches: only what was out of the ordinary."""

from collections.abc import Collection
from datetime import timedelta

from django.db import models, transaction
from django.db.models import Count, Max, Min

from .batch import Batch
from .mailing import Mailing
from .readers import Subscriber

SOFT_ISSUES, SOFT_OVER = 5, timedelta(days=15)


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


class DeliveryFailureQuerySet(models.QuerySet["DeliveryFailure"]):
    def away_too_long(self, subscriber_ids: Collection[int]) -> list[int]:
        """Whose mailbox, of these readers', was full or away for so many issues, over so long, that
        it is nobody's any more?"""
        soft = self.filter(
            subscriber__in=subscriber_ids, kind=DeliveryFailure.Kind.SOFT, outlived=False
        )
        told = soft.values("subscriber").annotate(
            issues=Count("mailing__issue", distinct=True),
            first=Min("mailing__frozen_at__date"),
            last=Max("mailing__frozen_at__date"),
        )
        return [
            one["subscriber"]
            for one in told
            if one["issues"] >= SOFT_ISSUES and one["last"] - one["first"] >= SOFT_OVER
        ]

    def outlived(self, *indexes: bytes) -> None:
        """A mail has arrived at the addresses with these ``list_index``, or their owner has spoken.
        Locked in one order, since many are told of at once."""
        soft = self.filter(kind=DeliveryFailure.Kind.SOFT, outlived=False)
        theirs = soft.filter(subscriber__email_index__in=indexes).order_by("pk")
        with transaction.atomic():
            if locked := list(theirs.select_for_update(of=("self",)).values_list("pk", flat=True)):
                self.filter(pk__in=locked).update(outlived=True)


class DeliveryFailure(models.Model):
    """A reader whose copy came to nothing, and how. Who simply got it has no row."""

    class Kind(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        REFUSED = "refused", "refused by the provider"
        SOFT = "soft", "mailbox full, or away"
        US = "us", "refused because of us"

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="failures")
    # Of who was erased, or has another address by now, the count stays.
    subscriber = models.ForeignKey(
        Subscriber, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    newcomer = models.BooleanField(
        default=False, help_text="They were one of those whom the mailing's warm-up was for."
    )
    outlived = models.BooleanField(
        default=False, help_text="The mailbox has shown since that it is somebody's."
    )

    objects = DeliveryFailureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "kind", "subscriber"], name="one_failure_per_reader_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in mailing {self.mailing_id}"

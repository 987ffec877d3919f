"""What one reader was sent lately. Nothing is kept by reader for it: a batch holds the ids of its
readers, and who was left out of it, or whose copy came to nothing, is written down."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from subscriptions.models import Batch, DeliveryFailure, Mailing, Subscriber

BACK, MOST = timedelta(days=90), 12  # how far we look, and at how many
Status = Batch.Status


class Sent(NamedTuple):
    mailing: Mailing
    what: str  # became of their copy


def sent_to(subscriber: Subscriber, now: datetime) -> list[Sent]:
    """The newest first: mailings of their newsletters, of the last 90 days, twelve at most."""
    recent = Mailing.objects.filter(
        newsletter__in=subscriber.subscriptions.values("newsletter"), frozen_at__gte=now - BACK
    )
    recent = recent.select_related("issue", "newsletter").defer("issue__body")
    mailings = {mailing.pk: mailing for mailing in recent.order_by("-frozen_at")[:MOST]}
    found = Batch.objects.filter(mailing__in=mailings).of_reader(subscriber.pk)
    left_out = Q(excluded_ids__contains=[subscriber.pk]) | Q(left_out_ids__contains=[subscriber.pk])
    batches = {
        mailing: words(status, left_out)
        for mailing, status, left_out in found.annotate(left_out=left_out).values_list(
            "mailing", "status", "left_out"
        )
    }
    failures = DeliveryFailure.objects.filter(mailing__in=mailings, subscriber=subscriber)
    failed = {failure.mailing_id: failure.get_kind_display().lower() for failure in failures}
    return [
        Sent(mailing, failed.get(pk) or batches[pk])
        for pk, mailing in mailings.items()
        if pk in batches or pk in failed
    ]


def words(status: str, left_out: bool) -> str:
    if left_out:
        return "left out: had left, paused, or was suppressed"
    known = {Status.ACCEPTED: "sent", Status.PENDING: "waits", Status.SENDING: "on its way"}
    return known.get(Status(status), str(Status(status).label))

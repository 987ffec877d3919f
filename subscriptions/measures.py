"""What subscriptions says of itself at /metrics: mailings, calls in doubt, the provider."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from prometheus_client.core import Metric

from newsroom.core import clock
from newsroom.metrics.exposition import counter, gauge, rows_added, waiting
from subscriptions.models import Batch, Mailing, ProviderEvent, Throttle

FINISHED = timedelta(hours=6)  # a mailing is told of so long after its end


def by_status(rows: QuerySet, statuses: Iterable[Any]) -> dict[tuple[str, ...], int]:
    """How many are in each, also when there are none."""
    found = rows.filter(status__in=statuses).order_by().values_list("status").annotate(Count("pk"))
    return {(status.value,): 0 for status in statuses} | {(one,): many for one, many in found}


def of_mailings() -> Iterator[Metric]:
    now = clock.now()
    shown = Mailing.objects.filter(
        Q(status__in=Mailing.UNDER_WAY) | Q(finished_at__gt=now - FINISHED)
    )
    calls = Batch.objects.filter(mailing__in=shown).exclude(status=Batch.Status.SPLIT)
    rows = calls.order_by().values_list("mailing", "status").annotate(Sum("size"))
    readers = {(str(mailing), status): many for mailing, status, many in rows}
    words = "Readers of a mailing by what became of their call."
    yield gauge("newsroom_mailing_readers", words, readers, "mailing", "status")
    counted = by_status(Mailing.objects.all(), Mailing.UNDER_WAY)
    yield gauge("newsroom_mailings", "Mailings under way.", counted, "status")
    late = Mailing.objects.due(now).aggregate(first=Min("send_at"))["first"]
    since = (now - late).total_seconds() if late else 0
    yield gauge("newsroom_mailing_late_seconds", "Since the hour of one that is not begun.", since)


def of_calls() -> Iterator[Metric]:
    counted = by_status(Batch.objects.all(), Batch.UNSETTLED)
    words = "Calls of which nobody knows whether they went through."
    yield gauge("newsroom_calls_in_doubt", words, counted, "status")
    added = rows_added("subscriptions_batchevent").get("subscriptions_batchevent")
    yield counter("newsroom_provider_errors_total", "Calls with a difficulty, ever.", added)
    now = clock.now()
    closed = {
        (one.provider,): max((one.closed_until - now).total_seconds(), 0) if one.closed_until else 0
        for one in Throttle.objects.all()
    }
    words = "How long no call is made, since the provider is away or asked for it."
    yield gauge("newsroom_provider_closed_seconds", words, closed, "provider")


def of_provider_events() -> Iterator[Metric]:
    inbox = ProviderEvent.objects.waiting()
    words = "Events of the provider that nobody has followed yet."
    yield gauge("newsroom_provider_events_waiting", words, waiting(inbox))
    first = inbox.order_by("pk").values_list("received_on", flat=True).first()
    days = (timezone.localdate() - first).days if first else 0
    yield gauge("newsroom_provider_events_days", "For how many days the oldest waits.", days)
    aside = ProviderEvent.objects.exclude(set_aside_on=None)
    words = "Events that could not be followed."
    yield gauge("newsroom_provider_events_set_aside", words, waiting(aside))


TELLERS = [of_mailings, of_calls, of_provider_events]

"""What subscriptions says of itself at /metrics: mailings, calls in doubt, the provider."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from prometheus_client.core import Metric

from newsroom.core import clock
from newsroom.metrics.exposition import counter, gauge, rows_added, waiting
from subscriptions.models import Batch, Mailing, ProviderEvent, Throttle

FINISHED = timedelta(hours=6)  # a mailing is told of so long after its end


def none_of(statuses: Iterable[Any]) -> dict[tuple[str, ...], int]:
    return {(status.value,): 0 for status in statuses}


def of_mailings() -> Iterator[Metric]:
    now = clock.now()
    shown = Mailing.objects.filter(
        Q(status__in=Mailing.UNDER_WAY) | Q(finished_at__gt=now - FINISHED)
    )
    by_status = Batch.objects.filter(mailing__in=shown).exclude(status=Batch.Status.SPLIT)
    rows = by_status.order_by().values_list("mailing", "status").annotate(Sum("size"))
    readers = {(str(mailing), status): many for mailing, status, many in rows}
    words = "Readers of a mailing by what became of their call."
    yield gauge("newsroom_mailing_readers", words, readers, "mailing", "status")
    states = Mailing.objects.filter(status__in=Mailing.UNDER_WAY).order_by().values_list("status")
    counted = none_of(Mailing.UNDER_WAY) | {
        (one,): many for one, many in states.annotate(Count("pk"))
    }
    yield gauge("newsroom_mailings", "Mailings under way.", counted, "status")
    late = Mailing.objects.due(now).aggregate(first=Min("send_at"))["first"]
    since = (now - late).total_seconds() if late else 0
    yield gauge("newsroom_mailing_late_seconds", "Since the hour of one that is not begun.", since)


def of_calls() -> Iterator[Metric]:
    open_ = Batch.objects.filter(status__in=Batch.UNSETTLED).order_by().values_list("status")
    counted = none_of(Batch.UNSETTLED) | {(one,): many for one, many in open_.annotate(Count("pk"))}
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

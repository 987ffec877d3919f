"""``/metrics``, for Prometheus: each app says its numbers, when they are asked for.

They are asked of PostgreSQL and Redis, which all processes on all machines share, so it does not
matter which of them answers; and none of them counts a whole list. One that can't be told is left
out, and ``newsroom_metrics_missing`` says which.
"""

import hmac
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from wagtail import hooks

log = logging.getLogger(__name__)

MOST = 100_000  # what waits is counted up to here

Rows = Mapping[Any, Any]  # by the values of its labels
Teller = Callable[[], Iterable[Metric]]


@dataclass(eq=False)
class Asked:
    """A collector of prometheus-client: all that the hook ``metrics`` tells."""

    tellers: Iterable[Teller]

    def collect(self) -> Iterator[Metric]:
        missing: dict[tuple[str], int] = {}
        for tell in self.tellers:
            found: list[Metric] = []
            try:
                with transaction.atomic():  # a query that fails spoils no other
                    found = list(tell())
            except Exception as error:  # its words may hold a row's
                log.error("metrics: %s in %s", type(error).__name__, tell.__qualname__)
            missing[(tell.__qualname__,)] = int(not found)
            yield from found
        yield gauge("newsroom_metrics_missing", "Numbers that could not be told.", missing, "which")


def gauge(name: str, words: str, rows: Rows | float | None, *labels: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in _rows(rows):
        family.add_metric(values, float(number))
    return family


def counter(name: str, words: str, rows: Rows | float | None, *labels: str) -> Metric:
    """Its name ends with “_total”, as all counters' do."""
    family = CounterMetricFamily(name, words, labels=labels)
    for values, number in _rows(rows):
        family.add_metric(values, float(number))
    return family


def histogram(name: str, words: str, rows: Rows, *labels: str) -> Metric:
    """Of each: how many up to each bound, and the sum of all."""
    family = HistogramMetricFamily(name, words, labels=labels)
    for values, (buckets, total) in rows.items():
        family.add_metric(values, buckets, total)
    return family


def _rows(rows: Rows | float | None) -> Iterable[tuple[tuple[str, ...], Any]]:
    """None: there is nothing to say it of."""
    if rows is None:
        return []
    return rows.items() if isinstance(rows, Mapping) else [((), rows)]


def waiting(rows: QuerySet) -> int:
    """How many, up to ``MOST``: a long queue is long, however long."""
    return rows.order_by()[:MOST].count()


def rows_added(*tables: str) -> dict[str, int]:
    """How many rows were ever added to these, as PostgreSQL keeps count of it anyway."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [list(tables)],
        )
        return dict(cursor.fetchall())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who has the token (RFC 6750); without one in our settings there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    said = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(said, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Asked([*hooks.get_hooks("metrics")]))
    return HttpResponse(
        generate_latest(registry),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "private, no-store"},
    )

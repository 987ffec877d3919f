"""What newsroom says of itself at /metrics: requests, queues, single mails, the database, Redis."""

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Min
from prometheus_client.core import Metric

from newsroom.celery import QUEUES
from newsroom.core import clock
from newsroom.metrics import requests
from newsroom.metrics.exposition import counter, gauge, histogram, rows_added, waiting
from newsroom.models import TransactionalMail

TICKS = "newsroom:ticks"


def tick(queue: str) -> None:
    """A beat's job has come through this queue now."""
    requests.store().hset(TICKS, queue, int(time.time()))


def ticks() -> dict[str, float]:
    """When the beat's last job came through each queue; a queue that nobody works on may lack."""
    return {queue.decode(): float(at) for queue, at in requests.store().hgetall(TICKS).items()}


def of_requests() -> Iterator[Metric]:
    by_status, times = requests.told()
    words = "Requests by kind of view and status."
    yield counter("newsroom_requests_total", words, by_status, "view", "status")
    yield histogram("newsroom_request_seconds", "How long they took.", times, "view")


def of_redis() -> Iterator[Metric]:
    info: dict[str, Any] = requests.store().info()
    found = {("yes",): info["keyspace_hits"], ("no",): info["keyspace_misses"]}
    yield counter("newsroom_cache_lookups_total", "Of keys in Redis.", found, "found")
    yield gauge("newsroom_redis_memory_bytes", "Memory that Redis uses.", info["used_memory"])
    most = info.get("maxmemory") or None
    yield gauge("newsroom_redis_memory_most_bytes", "Memory that Redis may use, if set.", most)


def of_queues() -> Iterator[Metric]:
    with requests.store().pipeline(transaction=False) as together:
        for queue in QUEUES:
            together.llen(queue)
        depths = together.execute()
    rows = {(queue,): many for queue, many in zip(QUEUES, depths, strict=True)}
    yield gauge("newsroom_queue_jobs", "Jobs that wait for a worker.", rows, "queue")
    last = ticks()
    # A queue that has no tick yet has an old one: nobody works there.
    since = {(queue,): time.time() - last.get(queue, 0) for queue in QUEUES}
    words = "Since a job of the beat's last came through."
    yield gauge("newsroom_queue_silent_seconds", words, since, "queue")
    silent = time.time() - max(last.values(), default=0)
    yield gauge("newsroom_beat_silent_seconds", "Since the beat's last job came through.", silent)


def of_mails() -> Iterator[Metric]:
    now, Status = clock.now(), TransactionalMail.Status
    due = TransactionalMail.objects.due(now)
    yield gauge("newsroom_mails_waiting", "Single mails that are due.", waiting(due))
    oldest = due.aggregate(oldest=Min("next_try_at"))["oldest"]
    since = max((now - oldest).total_seconds(), 0) if oldest else 0
    yield gauge("newsroom_mail_waits_seconds", "How long the oldest one is due.", since)
    # Who is told “not now” waits for the next try with an error.
    again = TransactionalMail.objects.filter(status=Status.WAITING).exclude(error="")
    yield gauge("newsroom_mails_refused", "Single mails to be tried again.", waiting(again))
    added = rows_added("newsroom_suppression").get("newsroom_suppression")
    yield counter("newsroom_suppressions_total", "Addresses suppressed, ever.", added)


def of_database() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        states = {(state,): many for state, many in cursor.fetchall()}
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int,"
            " pg_database_size(current_database())"
        )
        most, size = cursor.fetchone()
    yield gauge("newsroom_database_connections", "Connections in use.", states, "state")
    yield gauge("newsroom_database_connections_most", "As many as there may be.", most)
    yield gauge("newsroom_database_bytes", "How large the database is.", size)
    pool = settings.DATABASES["default"]["OPTIONS"].get("pool") or {}
    yield gauge("newsroom_database_pool_most", "Of one process.", pool.get("max_size"))


TELLERS = [of_requests, of_redis, of_queues, of_mails, of_database]

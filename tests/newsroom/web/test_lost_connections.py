"""A database that was restarted costs no reader a page: lost connections are found before use."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client

from newsroom.devserver import engines
from newsroom.models import DailyReads
from newsroom.publishing import reads
from tests.donations.conftest import signed
from tests.factories import make_appeal, make_article

AT_ONCE, ROUNDS = 4, 5


def cut_all_connections() -> None:
    """As PostgreSQL's restart does; past the pool, and past PgBouncer."""
    connection.close()
    with psycopg.connect(host=str(engines.sockets()), user="postgres", autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [settings.DATABASES["default"]["NAME"]],
        )


def event(number: int) -> str:
    data = {"object": {"id": "acct_1", "object": "account"}}
    return json.dumps(
        {
            "id": f"evt_{number}",
            "object": "event",
            "type": "account.updated",
            "created": 1,
            "livemode": False,
            "data": data,
        }
    )


def ask(what: tuple[int, str]) -> int:
    number, path = what
    client = Client()
    try:
        if path.startswith("/webhooks/"):
            payload = event(number)
            headers = signed(payload)
            return client.post(
                path, payload, content_type="application/json", headers=headers
            ).status_code
        return client.get(path).status_code
    finally:
        connection.close()  # goes back to the pool, as after each request


@pytest.mark.django_db(transaction=True)
@pytest.mark.rare
def test_no_request_fails_after_the_database_was_restarted(site: Any) -> None:
    make_appeal()
    article = make_article(site.section)
    paths = ["/", article.url, "/support/", "/search/?q=bread", "/webhooks/stripe/", "/readyz"]
    found = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for round_ in range(ROUNDS):
            work = [(round_ * 100 + number, path) for number, path in enumerate(paths * 2)]
            found += list(threads.map(ask, work))
            cut_all_connections()
    assert found == [200] * ROUNDS * len(paths) * 2


@pytest.mark.django_db(transaction=True)
def test_one_request_alone_does_not_look_at_one_lost_connection_after_the_other(db: None) -> None:
    held = threading.Barrier(AT_ONCE)

    def hold(_: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        held.wait(10)
        connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(hold, range(AT_ONCE)))
    cut_all_connections()
    began = time.monotonic()
    assert Client().get("/readyz").status_code == 200
    assert time.monotonic() - began < 1


def test_read_is_counted_after_redis_was_restarted(site: Any) -> None:
    article = make_article(site.section)
    for _ in range(3):
        headers = {"Origin": settings.BASE_URL}
        assert Client().post(f"/read/{article.pk}/", headers=headers).status_code == 204
        with redis.from_url(settings.REDIS_URL) as other:
            other.client_kill_filter(_type="normal", skipme=True)
    assert reads.move_to_database() == 3
    assert DailyReads.objects.get().count == 3

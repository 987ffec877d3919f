"""Redis by its URL: a server, or whom Sentinel calls the master, also when that has just died."""

import asyncio
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from django.utils.module_loading import import_string
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from newsroom.core.environment import redis_url
from tests.sentinel import sentinel


def test_all_go_on_with_the_master_that_sentinel_names(tmp_path: Path, settings: Any) -> None:
    with sentinel(tmp_path) as (url, master):
        settings.REDIS_URL = url
        broker, options = redis_url.for_celery(url)
        entry = redis_url.for_cache(url)
        cache = import_string(entry.pop("BACKEND"))(entry.pop("LOCATION"), entry)

        async def kept() -> bytes | None:
            pages = redis_url.async_store(1)
            found: bytes | None = await pages.get("said")
            await pages.aclose()
            return found

        def works() -> bool:
            """For jobs, the cache, our own numbers and kept pages."""
            now = str(time.monotonic()).encode()
            cache.set("now", now)
            redis_url.store().set("said", now)
            with Connection(broker, transport_options=options) as line:
                jobs = line.SimpleQueue("jobs")
                jobs.put("one")
                jobs.get(timeout=1).ack()
            return bool(cache.get("now") == now == asyncio.run(kept()))

        assert works()
        first = redis_url.store().info("server")["process_id"]
        master.kill()
        deadline = time.monotonic() + 40
        again = False
        while not again:
            assert time.monotonic() < deadline
            try:
                again = works()
            except (RedisError, KombuError, OSError, Empty):
                time.sleep(0.2)
        assert redis_url.store().info("server")["process_id"] != first


@pytest.mark.parametrize(
    "url", ["sentinel://", "sentinel://a:1", "sentinel://a:x/m", "sentinel:///m"]
)
def test_url_that_names_no_master_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"no host|invalid literal"):
        redis_url.Sentinels.of(url)


def test_hosts_and_password_are_told_to_both_libraries() -> None:
    url = "sentinel://:p%40w@one:1,two/m/3"
    broker, options = redis_url.for_celery(url)
    assert broker == "sentinel://:p%40w@one:1/3;sentinel://:p%40w@two:26379/3"
    assert options["master_name"] == "m"
    cache = redis_url.for_cache(url)
    assert cache["LOCATION"] == "redis://:p%40w@m/3"
    assert cache["OPTIONS"]["SENTINELS"] == [("one", 1), ("two", 26379)]

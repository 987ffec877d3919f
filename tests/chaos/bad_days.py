"""What a server meets, too: a database that takes nothing, a broker without memory, a provider who
is away, jobs that nobody understands. Each as in tests/chaos/scenarios.py."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.chaos.scenarios import Result, reset, several_times
from tests.chaos.world import START, Readers, World, until
from tests.sentinel import sentinel

SECONDS = 2  # that each of them lasts
PER_CALL = 25
LITTLE = 64 << 20  # bytes that PostgreSQL has left


def cases(world: World, readers: Readers) -> Iterator[tuple[str, Any]]:
    for name, breaking in {
        "PostgreSQL read-only": read_only,
        "Redis out of memory": redis_full,
        "provider away": provider_away,
        "jobs that nobody understands": poisoned,
    }.items():
        yield name, partial(several_times, world, readers, partial(breaking, world))
    yield "Redis's master killed, Sentinel makes another", partial(failover, world, readers)
    yield "PostgreSQL's disk full", partial(on_small_disk, world, readers)


def read_only(world: World) -> None:
    """As after a failover to a replica, or when a managed one is full."""
    from newsroom.devserver import engines

    with psycopg.connect(host=str(engines.sockets()), user="postgres", autocommit=True) as admin:
        for setting in ("on", "off"):
            admin.execute(f"ALTER DATABASE newsroom SET default_transaction_read_only = {setting}")
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'newsroom'"
            )
            if setting == "on":
                time.sleep(SECONDS)


def on_small_disk(world: World, readers: Readers) -> Result:
    """PostgreSQL's disk holds what is there, little more, and three times nothing more."""
    from django.db import connections

    from newsroom.devserver import engines

    if os.geteuid():
        return "skipped", 0, 0, "only root may mount a small disk"
    data = engines.VAR / "postgres"
    disk = data.with_name("disk")
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) + LITTLE
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)]
    subprocess.run(mount, check=True)
    try:
        world.stop("postgres", signal.SIGINT)
        move(data, there := disk / "postgres")
        data.symlink_to(there)
        connections.close_all()
        world.start_postgres()
        result = several_times(world, readers, partial(fill, world, disk / "ballast"))
        world.stop("postgres", signal.SIGINT)
        data.unlink()
        move(there, data)
        connections.close_all()
        world.start_postgres()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
    return result


def move(tree: Path, to: Path) -> None:
    """With its owner, who is PostgreSQL's."""
    subprocess.run(["cp", "-a", str(tree), str(to)], check=True)
    shutil.rmtree(tree)


def fill(world: World, ballast: Path) -> None:
    """To the last byte, and what PostgreSQL has in store of its log is used up. It ends for that,
    and is started again when there is room."""
    from newsroom.devserver import engines

    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))
    with (
        suppress(psycopg.Error),
        psycopg.connect(host=str(engines.sockets()), user="postgres", autocommit=True) as admin,
    ):
        for _ in range(50):  # segments
            admin.execute("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
    time.sleep(SECONDS)
    ballast.unlink()
    if world.running["postgres"].poll() is not None:
        world.start_postgres()


def redis_full(world: World) -> None:
    """It refuses every write (``noeviction``)."""
    client = _redis()
    client.config_set("maxmemory", 1)
    time.sleep(SECONDS)
    client.config_set("maxmemory", 0)


def provider_away(world: World) -> None:
    """Nobody listens there."""
    world.stop("sink")
    time.sleep(SECONDS)
    world.start_sink()


def poisoned(world: World) -> None:
    """Of a version to come, with the wrong words, and no message at all."""
    from newsroom.celery import app

    for queue in ("mail", "default"):
        app.send_task("subscriptions.tasks.of_the_next_version", [1], queue=queue)
        app.send_task("subscriptions.tasks.send_loop", ["x", {"y": 1}], queue=queue)
        _redis().lpush(queue, b'{"body": "\xff no JSON', b"{}")
    time.sleep(SECONDS)


def failover(world: World, readers: Readers) -> Result:
    """A worker and a beat who know Redis by its Sentinels alone."""
    reset()
    world.stop("worker")
    with sentinel(world.folder / "sentinel") as (url, master):
        world.start_worker(PER_CALL, "watched", REDIS_URL=url)
        world.start_beat(REDIS_URL=url)
        world.mode("slow", 1)
        mailing = world.approve(readers.newsletter)
        try:
            until(lambda: len(world.accepted(mailing)) > 5 * PER_CALL, "nothing is sent", START)
            master.kill()
            until(lambda: world.status(mailing) == "sent", "nobody goes on", START)
        finally:
            world.mode("", 0)
            world.stop("watched")
            world.stop("beat")
            world.start_worker(10)
    return world.status(mailing), *world.verdict(mailing, readers.emails), ""


def _redis() -> Any:
    from django.conf import settings

    return redis.Redis.from_url(settings.REDIS_URL)

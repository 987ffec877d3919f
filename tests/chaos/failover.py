"""The database dies in the middle of a send, and a replica takes its place, which has all, or lacks
the last calls, or lacks so much that nothing may leave before a person has decided."""

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

from tests.chaos import restores
from tests.chaos.restores import beat_until, calls_out
from tests.chaos.scenarios import Result, reset
from tests.chaos.world import BEAT, Readers, World

PORT = 5433  # the replica's, in the same folder of sockets
LONG = 22  # seconds: past what may be lacked without a hold, by marks 5 apart (hold/gate.py)


def cases(world: World, few: Readers) -> Iterator[tuple[str, Any]]:
    for name, lacks, holds in [
        ("has all", 0, False),
        ("lacks the last two calls", 0.5, False),
        ("lacks the last 22 seconds", LONG, True),
    ]:
        yield f"a replica takes over that {name}", partial(failover, world, few, lacks, holds)


def failover(world: World, few: Readers, lacks: float, holds: bool) -> Result:
    from newsroom.hold import gate
    from newsroom.hold.models import Hold

    reset()
    world.stop("worker")
    world.start_worker(restores.PER_CALL)
    world.mode("slow", 1)
    start_replica(world)
    mailing = world.approve(few.newsletter)
    beat_until(world, lambda: calls_out(world, mailing) >= 1)
    if lacks:
        catch_up()
        world.stop("replica", signal.SIGINT)
        known = calls_out(world, mailing)
        ends = time.monotonic() + lacks
        beat_until(world, lambda: calls_out(world, mailing) >= known + 2 and over(ends))
    take_over(world, running=not lacks)
    had = world.accepted(mailing).total()
    world.mode("", 0)
    gate.look_anew()
    wrong = ""
    if holds:
        beat_until(world, lambda: Hold.objects.filter(ended_at=None).exists())
        wrong = restores.decide(world, mailing, "release")
    status = world.until_sent(mailing, restores.END)
    if holds:
        restores.drop_the_rest()
    elif Hold.objects.filter(ended_at=None).exists():
        wrong = "held, though it lacks little"
    return wrong or status, *world.verdict(mailing, few.emails), f"{had} had it"


def over(moment: float) -> bool:
    return time.monotonic() > moment


def start_replica(world: World) -> None:
    """A copy of the running primary, that follows it."""
    from newsroom.devserver import engines

    data, like = engines.VAR / "replica", engines.VAR / "postgres"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    shutil.chown(data, like.owner(), like.group())
    command = world.commands["postgres"][0]
    end = command.index("-D") - 1  # before it, who runs it
    program = str(Path(command[end]).with_name("pg_basebackup"))
    at = ["-h", str(engines.sockets()), "-U", "postgres", "-D", str(data), "-c", "fast", "-R"]
    subprocess.run([*command[:end], program, *at], check=True)
    run_replica(world)


def run_replica(world: World) -> None:
    from newsroom.devserver import engines

    was, now = (str(engines.VAR / name) for name in ("postgres", "replica"))
    command = [now if word == was else word for word in world.commands["postgres"][0]]
    world.start("replica", [*command, "-p", str(PORT)])
    engines.wait_for_socket(engines.sockets() / f".s.PGSQL.{PORT}", "the replica")
    while not answers():
        time.sleep(0.1)


def answers() -> bool:
    with suppress(psycopg.OperationalError):  # it is starting up
        return bool(ask(PORT, "SELECT true"))
    return False


def ask(port: int, query: str) -> Any:
    from newsroom.devserver import engines

    at = {"host": str(engines.sockets()), "port": port, "user": "postgres"}
    with psycopg.connect(**at, dbname="postgres", autocommit=True) as db:
        return db.execute(query).fetchone()[0]


def catch_up() -> None:
    here = ask(5432, "SELECT pg_current_wal_flush_lsn()")
    while not ask(PORT, f"SELECT pg_last_wal_replay_lsn() >= '{here}'"):
        time.sleep(0.05)


def take_over(world: World, running: bool) -> None:
    """The primary is gone for good; the replica is promoted, and gets its address."""
    from django.db import connections

    from newsroom.devserver import engines

    world.stop("postgres", signal.SIGKILL)
    connections.close_all()
    if not running:
        run_replica(world)
        time.sleep(BEAT)
    ask(PORT, "SELECT pg_promote(true, 60)")
    world.stop("replica", signal.SIGINT)
    shutil.rmtree(engines.VAR / "postgres")
    os.rename(engines.VAR / "replica", engines.VAR / "postgres")
    world.start_postgres()

"""A dump from before an issue is restored: what went out since must not go out again."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from newsroom.backups import postgresql
from tests.chaos.scenarios import Result, reset, resume
from tests.chaos.world import BEAT, Readers, World

PER_CALL = 10
PHASES = ("scheduled", "in the freeze")
SECONDS = 5  # in which nothing may leave


def cases(world: World, few: Readers) -> Iterator[tuple[str, Any]]:
    for phase in PHASES:
        yield f"restored: dumped {phase}", partial(restored, world, few, phase)


def restored(world: World, few: Readers, phase: str) -> Result:
    """It has gone out to its end since; so a person drops it."""
    from newsroom.hold import gate
    from newsroom.release import after_restore

    reset()
    if phase == "in the freeze":
        world.arm("stop", phase)
    mailing = world.approve(few.newsletter)
    while list(world.armed.iterdir()):
        world.kick()
        time.sleep(BEAT)
    dump = dumped(world)
    resume(world)
    world.until_sent(mailing)
    before = world.accepted(mailing)
    world.stop("worker")
    put_back(dump)
    gate.look_anew()
    world.start_worker(PER_CALL)
    wait_for_beats(world)
    if world.accepted(mailing) != before:
        return "sent again", *world.verdict(mailing, few.emails), "unasked"
    after_restore.keep()
    after_restore.decide(f"mailing {mailing}", "drop")
    for item in after_restore.gathering():
        after_restore.decide(item.key, "release")
    status = world.until_sent(mailing)
    return status, *world.verdict(mailing, few.emails), f"{sum(before.values())} had it; dropped"


def wait_for_beats(world: World) -> None:
    """In which the workers look again and again whether something is due."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        world.kick()
        time.sleep(BEAT)


def dumped(world: World) -> Any:
    path = world.folder / "restored.dump"
    with postgresql.running("pg_dump", "--format=custom", f"--file={path}"):
        pass
    return path


def put_back(dump: Any) -> None:
    """By hand, into the same database: nothing but the tables' own numbers tells."""
    from django.db import connections

    connections.close_all()
    database = postgresql.parameters()["dbname"]
    options = ["--clean", "--if-exists", "--single-transaction", f"--dbname={database}", str(dump)]
    with postgresql.running("pg_restore", *options):
        pass

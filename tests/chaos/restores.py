"""A dump of each phase of a send is restored: what went out since must not go out again, nothing
goes before a person has decided, and then whoever has no copy gets theirs."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.scenarios import Result, reset, resume
from tests.chaos.world import BEAT, Readers, World

PER_CALL = 10
SECONDS = 5  # in which nothing may leave
END = 600  # seconds in which a send ends, on whatever machine


@dataclass(frozen=True)
class Way:
    """When the dump was made, how far the send had come when the database was lost (in calls;
    None: to its end), and what a person decides about it."""

    dumped: str  # a phase: “scheduled”, or a step of tests/chaos/worker.py
    lost: int | None
    decision: str
    calls: int = 0  # that were out before the dump
    paused: bool = False  # by an editor, in the dump
    under_workers: bool = False  # who go on while the database is put back


WAYS = {
    "dumped scheduled": Way("scheduled", None, "drop"),
    "dumped scheduled, lost before its hour": Way("scheduled", 0, "release"),
    "dumped in the freeze": Way("in the freeze", None, "drop"),
    "dumped in the claim": Way("in the claim", 2, "release"),
    "dumped during a call": Way("during the call", None, "release", calls=1),
    "dumped half sent": Way("before the call", 4, "release", calls=2),
    "dumped paused": Way("before the call", None, "release", calls=2, paused=True),
    "dumped half sent, put back under workers": Way(
        "before the call", 4, "release", calls=2, under_workers=True
    ),
    "dumped sent": Way("sent", None, ""),
}


def cases(world: World, few: Readers) -> Iterator[tuple[str, Any]]:
    for name, way in WAYS.items():
        yield f"restored: {name}", partial(restored, world, few, way)


def restored(world: World, few: Readers, way: Way) -> Result:
    from newsroom.hold import gate
    from subscriptions.models import Mailing
    from subscriptions.sending import engine

    reset()
    world.stop("worker")
    world.start_worker(PER_CALL, processes=1)  # so that it stands still when that one does
    world.mode("slow", 1)
    mailing = until_phase(world, few, way)
    dump = dumped(world)
    lose(world, mailing, way)
    put_back(dump)
    gate.look_anew()
    if way.under_workers:
        time.sleep(1)  # for the call that was under way
    else:
        world.start_worker(PER_CALL)
    had = world.accepted(mailing)
    wrong = "" if stood_still(world, mailing, had) else "sent again, unasked"
    if way.decision:
        wrong = wrong or decide(world, mailing, way.decision)
    if way.paused:
        wrong = wrong or ("" if stood_still(world, mailing, had) else "sent though it is paused")
        engine.resume(Mailing.objects.get(pk=mailing), now())
    status = world.until_sent(mailing, END)
    drop_the_rest()
    remark = wrong or f"{had.total()} had it; {way.decision or 'nothing is held'}"
    if gate.look():
        wrong = remark = f"{remark}, and the hold goes on"
    return wrong or status, *world.verdict(mailing, few.emails), remark


def now() -> Any:
    from django.utils import timezone

    return timezone.now()


def until_phase(world: World, few: Readers, way: Way) -> int:
    """A mailing that has come as far; its id. Its worker stands still, if it works on it."""
    from subscriptions.models import Mailing

    mailing: int = world.approve(few.newsletter)
    if way.dumped == "sent":
        world.until_sent(mailing, END)
    elif way.dumped != "scheduled":
        beat_until(world, lambda: calls_out(world, mailing) >= way.calls)
        world.arm("stop", way.dumped)
        beat_until(world, lambda: not any(world.armed.iterdir()))
    if way.paused:
        assert Mailing.objects.get(pk=mailing).pause_by_hand()
    return mailing


def lose(world: World, mailing: int, way: Way) -> None:
    """It goes on until the database is lost, and the workers with it."""
    from subscriptions.models import Mailing
    from subscriptions.sending import engine

    resume(world)
    if way.paused:
        engine.resume(Mailing.objects.get(pk=mailing), now())
    if way.lost is None:
        world.until_sent(mailing, END)
    elif way.lost:
        beat_until(world, lambda: calls_out(world, mailing) >= (way.lost or 0))
    world.mode("", 0)
    if not way.under_workers:
        world.stop("worker", signal.SIGKILL)


def beat_until(world: World, done: Callable[[], bool]) -> None:
    ends, kicked = time.monotonic() + END, 0.0
    while not done():
        if time.monotonic() > ends:
            raise TimeoutError("stuck")  # said in the row; the other ways are still tried
        if time.monotonic() - kicked > BEAT:
            world.kick()
            kicked = time.monotonic()
        time.sleep(0.02)


def calls_out(world: World, mailing: int) -> int:
    return world.accepted(mailing).total() // PER_CALL


def stood_still(world: World, mailing: int, had: Counter[str]) -> bool:
    """The workers look again and again whether something is due, and nothing is."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        world.kick()
        time.sleep(BEAT)
    return world.accepted(mailing) == had


def decide(world: World, mailing: int, how: str) -> str:
    """What is wrong, or nothing. Of what is released the provider is asked first."""
    from newsroom.hold.items import NotNow
    from newsroom.release import after_restore
    from subscriptions.models import Mailing

    after_restore.keep()
    try:
        after_restore.decide(f"mailing {mailing}", how)
    except NotNow as reason:
        return str(reason)
    ends = time.monotonic() + END
    while Mailing.objects.get(pk=mailing).held:
        if time.monotonic() > ends:
            return "held for ever"
        world.kick()
        time.sleep(BEAT)
        after_restore.keep()
    return ""


def drop_the_rest() -> None:
    """Mails that became due, and Stripe, which is not there to be asked."""
    from newsroom.hold import items
    from newsroom.release import after_restore

    after_restore.keep()
    for item in list(items.held()):
        after_restore.decide(item.key, "drop" if item.drop else "release")
    after_restore.keep()


def dumped(world: World) -> Path:
    from newsroom.backups import postgresql

    path = world.folder / "restored.dump"
    with postgresql.running("pg_dump", "--format=custom", f"--file={path}"):
        pass
    return path


def put_back(dump: Path) -> None:
    """By hand, into the same database: nothing but the tables' own numbers tells."""
    from django.db import connections

    from newsroom.backups import postgresql

    connections.close_all()
    database = postgresql.parameters()["dbname"]
    options = ["--clean", "--if-exists", "--single-transaction", f"--dbname={database}", str(dump)]
    with postgresql.running("pg_restore", *options):
        pass

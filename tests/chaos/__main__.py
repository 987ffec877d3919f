"""``make chaos``: break the send in every way we could think of, and count who got what.

Prints a table, writes it to var/bench/chaos.json, and fails if anybody is missing or got it twice.
ONLY takes the rows whose name matches that; SHORT=1 takes one of each kind. READERS=1 spares the
rows of few the making of many.
"""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.chaos import bad_days, failover, imports, restores, scenarios, two_hosts
from tests.chaos.scenarios import MODES
from tests.chaos.world import Readers, World, a_world, make_audiences
from tests.environment import ROOT

STEPS = (
    "in the freeze", "in the claim", "before the call", "during the call", "after the call",
    "before the finish", "after the finish", "while reconciling", "with evidence in hand",
)  # fmt: skip
SHORT = {
    "killed during the call, accept then hang",
    "killed with evidence in hand, 500 after accept", "killed after the finish, one bad address",
    "SMTP: random kills", "import killed between two chunks", "random kills in a warm-up",
    "restored: dumped scheduled",
}  # fmt: skip
FEW, SOME, MANY = 60, 3_000, int(os.environ.get("READERS", "100000"))
if short := "SHORT" in os.environ:
    SOME, MANY = 600, 1
ENDS = ("sent", "cancelled", "skipped", "done", "undone")


def cases(world: World, few: Readers, some: Readers, many: Readers) -> Iterator[tuple[str, Any]]:
    """The whole list: name and what to run. Workers are started as the list goes."""
    world.start_worker(10)
    for step in STEPS:
        for mode in MODES:
            name = f"killed {step}, {mode or 'all well'}"
            yield name, partial(scenarios.at_step, world, few, step, mode)
    for step in ("before the call", "during the call", "before the finish", "while reconciling"):
        yield f"frozen {step}", partial(scenarios.frozen, world, few, step)
    yield "two beats", partial(scenarios.two_beats, world, few)
    for hours in (-1, 1):
        moved = partial(scenarios.clock_moved, world, few, hours)
        yield f"a worker's clock is wrong by {hours:+} h", moved
    yield from restores.cases(world, few)
    yield from failover.cases(world, few)
    yield from imports.cases(world, few)
    warming_up = partial(imports.warm_up_kills, world, some, 3 if short else 30)
    yield "random kills in a warm-up", warming_up
    yield "SMTP: random kills", partial(scenarios.smtp_kills, world, some, 3 if short else 30)
    yield from bad_days.cases(world, some)
    yield from two_hosts.cases(world, few, some)
    world.stop("worker")
    world.start_worker(1000)
    yield f"random kills, {MANY:,} readers", partial(scenarios.random_kills, world, many, 100)
    yield "the whole worker killed", partial(scenarios.worker_killed_whole, world, many)
    yield "Redis flushed", partial(scenarios.redis_flushed, world, many)
    yield "Redis killed", partial(scenarios.redis_stopped, world, many)
    yield "PostgreSQL connections cut", partial(scenarios.backends_terminated, world, many)
    for how in (signal.SIGINT, signal.SIGQUIT):
        restarted = partial(scenarios.postgres_restarted, world, many, how)
        yield f"PostgreSQL restarted ({how.name})", restarted
    yield "paused and resumed", partial(scenarios.paused_and_resumed, world, many)
    yield "cancelled", partial(scenarios.cancelled, world, many)
    yield "readers unsubscribe", partial(scenarios.unsubscribing, world, many)


def main() -> int:
    wanted = os.environ.get("ONLY", "")
    began, rows = time.monotonic(), []
    with a_world("chaos-short" if short else "chaos") as world:
        audiences = make_audiences([FEW, SOME, MANY])
        sys.stdout.write(f"{'broken':<56}{'came to':<12}{'missing':>8}{'doubled':>8}  remark\n")
        for name, run in cases(world, *audiences):
            if not re.search(wanted, name) or (short and name not in SHORT):
                continue
            try:
                status, missing, doubled, remark = run()
            except TimeoutError as error:  # of “until”: its words
                status, missing, doubled, remark = str(error), 0, 0, ""
            rows.append((name, status, missing, doubled, remark))
            sys.stdout.write(f"{name:<56}{status:<12}{missing:>8}{doubled:>8}  {remark}\n")
            sys.stdout.flush()
    bad = [row for row in rows if row[2] or row[3] or row[1] not in ENDS]
    seconds = time.monotonic() - began
    sys.stdout.write(f"\n{len(rows)} ways in {seconds:.0f} s, {len(bad)} of them went wrong\n")
    out = ROOT / "var" / "bench" / ("chaos-short.json" if short else "chaos.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    keys = ("broken", "came to", "missing", "doubled", "remark")
    out.write_text(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1))
    return len(bad)


if __name__ == "__main__":
    sys.exit(main())

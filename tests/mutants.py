"""``make mutate``: break the code in many small ways, and see which break no test notices.

What is broken is a copy of the last commit. Each mutant is shown to the tests that are named
after its module, and if it survives them, to those of its room. A sample, drawn anew unless SEED
is given, for MINUTES (60 if not said); the rooms are looked at side by side. Prints the survivors,
each with its diff, for somebody to read: many change nothing that anybody could see.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

from tests import worlds
from tests.worlds import ROOT

ROOMS = {
    "subscriptions/sending": "tests/subscriptions/sending",
    "donations/payments": "tests/donations/payments",
    "newsroom/core": "tests/newsroom/core",
}
MINUTES = float(os.environ.get("MINUTES", "60"))
SEED = os.environ.get("SEED") or str(random.randrange(10**6))
LONGEST = 240  # seconds for the tests of one mutant; whoever takes longer waits for ever
# These change types that are only written down, or write the same in another way.
SAME = ("BitOr", "RemoveDecorator")


def main() -> int:
    say(f"SEED={SEED}, for {MINUTES:g} minutes; a dot for each mutant that is noticed\n")
    worlds.migrated()  # once, and the copies begin with it
    deadline = time.monotonic() + MINUTES * 60
    with ThreadPoolExecutor(len(ROOMS)) as threads:
        found = list(threads.map(lambda room: look_at(room, deadline), ROOMS))
    for room, (outcomes, survivors) in zip(ROOMS, found, strict=True):
        say("\n".join(["", *survivors]))
        say(f"\n{room}: {outcomes['killed']} noticed, {outcomes['survived']} not\n")
    return 0


def say(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


def look_at(room: str, deadline: float) -> tuple[Counter[str], list[str]]:
    """Mutants of a room until the time is over; how many were noticed, and the diffs of others."""
    checkout = ROOT / "var" / "mutants" / room.replace("/", "-")
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
    worlds.copy(worlds.BUILT, checkout / "var" / "built")
    outcomes: Counter[str] = Counter()
    survivors = []
    for mutation in mutations(checkout / room):
        if time.monotonic() > deadline:
            break
        for tests in tests_of(checkout, room, Path(mutation.module_path)):
            result = mutate_and_test([mutation], command(checkout, tests), LONGEST)
            if result.test_outcome != TestOutcome.SURVIVED:
                break
        else:
            survivors.append(result.diff)
        say("." if result.test_outcome == TestOutcome.KILLED else result.test_outcome.value[0])
        outcomes[result.test_outcome.value] += 1
    return outcomes, survivors


def mutations(folder: Path) -> Iterator[MutationSpec]:
    with use_db(f"{folder.parent}/{folder.name}.mutants", WorkDB.Mode.create) as db:
        init(sorted(folder.rglob("*.py")), db, {})
        items = list(db.pending_work_items)
    random.Random(SEED).shuffle(items)
    for item in items:
        [mutation] = item.mutations
        if not any(name in mutation.operator_name for name in SAME):
            yield mutation


def tests_of(checkout: Path, room: str, module: Path) -> list[str]:
    named = [str(path) for path in (checkout / ROOMS[room]).glob(f"test_{module.stem}*.py")]
    return [" ".join(named), ROOMS[room]] if named else [ROOMS[room]]


def command(checkout: Path, tests: str) -> str:
    pytest = f"{sys.executable} -m pytest -x -q --reuse-db -p no:cacheprovider"
    return f"env -C {checkout} TEST_WORLD=mutants {pytest} -m 'not rare' {tests}"


if __name__ == "__main__":
    sys.exit(main())

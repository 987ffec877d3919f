"""A list moves in, and out again, while processes die: who is on it in the end, and how often."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.scenarios import Result, kill_some, reset
from tests.chaos.world import BEAT, Readers, World
from tests.environment import ROOT

ROWS = 1_000  # of people; as many as two chunks, and a third that is not full
HEAD = "email,status,subscribed_at,tags\n"
COMMAND = (
    "from tests.chaos import worker; worker.install(); "
    "from django.core.management import call_command as call; import sys; "
    "call('subscribers', 'import', sys.argv[1], newsletter=sys.argv[2], consent='Elsewhere.')"
)


def rows(first: int) -> bytes:
    """Who comes; and of each other kind one."""
    lines = [f"mover{n}@example.org,active,2020-01-02,t" for n in range(first, first + ROWS)]
    lines += [f"gone{first}@example.org,unsubscribed,,", f"dead{first}@example.org,bounced,,"]
    return (HEAD + "\n".join([*lines, "no address,active,,"]) + "\n").encode()


def counts() -> dict[str, int]:
    """All that an import leaves."""
    from newsroom.models import Suppression
    from subscriptions.models import Consent, ReaderTag, Subscriber, Subscription

    models = (Subscriber, Subscription, Consent, ReaderTag, Suppression)
    return {model.__name__: model.objects.count() for model in models}


WHOLE = {  # of one file
    "Subscriber": ROWS + 1, "Subscription": ROWS + 1, "Consent": ROWS + 1, "ReaderTag": ROWS,
    "Suppression": 1,
}  # fmt: skip


def compared(before: dict[str, int], wanted: dict[str, int]) -> tuple[int, int]:
    """Rows that are missing, and that are there too often."""
    gaps = [before[name] + wanted.get(name, 0) - now for name, now in counts().items()]
    return sum(gap for gap in gaps if gap > 0), sum(-gap for gap in gaps if gap < 0)


def until(world: World, made: Any, statuses: set[str], seconds: float = 60) -> str:
    """Beat until it has one of these. Of a job that has died the last sign of life grows old at
    once, in place of two minutes."""
    from django.utils import timezone

    from subscriptions import tasks
    from subscriptions.models import ReaderImport
    from subscriptions.models.readers.reader_import import LOST_AFTER

    deadline, armed = time.monotonic() + seconds, any(world.armed.iterdir())
    while made.status not in statuses:
        if time.monotonic() > deadline:
            return f"{made.status} after {seconds:.0f} s"
        time.sleep(BEAT)
        if armed and not any(world.armed.iterdir()):
            armed = False
            ReaderImport.objects.filter(pk=made.pk).update(worked_at=timezone.now() - LOST_AFTER)
        world.kick()
        tasks.keep_imports_going.delay()
        made.refresh_from_db()
    return str(made.status)


def killed(world: World, readers: Readers, step: str, first: int) -> Result:
    """The whole way, by the worker's jobs; one of them dies at one step."""
    from subscriptions.transfer import importing, undoing
    from subscriptions.transfer.meaning import Mapping

    before = counts()
    made = importing.take(readers.newsletter, io.BytesIO(rows(first)), "x.csv")
    world.arm("kill", step)
    mapping = Mapping(**made.mapping | {"with_tags": True})
    importing.explain(made, mapping, "They agreed elsewhere.")
    status = until(world, made, {"checked", "failed"})
    if status == "checked":
        importing.begin(made)
        status = until(world, made, {"done", "failed"})
    missing, doubled = compared(before, WHOLE)
    if status == "done":
        undoing.begin(made)
        status = until(world, made, {"undone"})
    left = compared(before, {})
    remark = "" if world.disarm() else "step not reached"
    return status, missing + left[0], doubled + left[1], remark


def taking_in(world: World, readers: Readers, first: int) -> Result:
    """The process that takes the file dies: nothing of it is here, and the file is taken again.
    Then it is undone: who comes next sends to those who were there."""
    from subscriptions.models import ImportPiece, ReaderImport
    from subscriptions.transfer import undoing

    before, imports = counts(), ReaderImport.objects.count()
    file = world.folder / "x.csv"
    file.write_bytes(rows(first))
    world.arm("kill", "while its file is taken in")
    died = in_terminal(world, file, readers)
    left = ReaderImport.objects.count() - imports + ImportPiece.objects.count()
    again = in_terminal(world, file, readers)
    made = ReaderImport.objects.order_by("pk").last()
    wanted = WHOLE | {"ReaderTag": 0}  # not asked for in the terminal
    missing, doubled = compared(before, wanted)
    world.disarm()
    if made is None or (died, again) != (-9, 0):
        return f"{died}, {again}", missing, doubled + left, ""
    undoing.begin(made)
    status = until(world, made, {"undone"})
    stayed = compared(before, {})
    return status, missing + stayed[0], doubled + left + stayed[1], ""


def in_terminal(world: World, file: Path, readers: Readers) -> int:
    command = [sys.executable, "-c", COMMAND, str(file), readers.newsletter.slug]
    environment = os.environ | world.armed_with(per_call=10)
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=world.output, stderr=world.output, check=False
    ).returncode


def warm_up_kills(world: World, some: Readers, kills: int) -> Result:
    """Half of them came by an import: all its steps, an hour between them that is a second here."""
    from django.utils import timezone

    from subscriptions.models import Mailing, ReaderImport

    reset()
    now = timezone.now()
    made = ReaderImport.objects.create(
        newsletter=some.newsletter, file_name="x", status="done", started_at=now, finished_at=now
    )
    theirs = some.newsletter.subscriptions.order_by("pk")
    half = list(theirs.values_list("pk", flat=True))[::2]
    theirs.filter(pk__in=half).update(source=made.source)
    world.mode("slow", 1)
    pk = world.approve(some.newsletter)
    killed = kill_some(world, pk, kills)
    world.mode("", 0)
    status = world.until_sent(pk, seconds=180)
    steps = Mailing.objects.get(pk=pk).steps
    made.delete()
    theirs.update(source="")
    return status, *world.verdict(pk, some.emails), f"{killed}, steps {steps}"


STEPS = (
    "while it is looked through", "while a chunk is written", "between two chunks",
    "at the end of an import", "while it is undone", "between two steps of an undo",
    "at the end of an undo",
)  # fmt: skip


def cases(world: World, readers: Readers) -> list[tuple[str, Callable[[], Result]]]:
    """Each with people of its own."""

    def case(number: int, step: str) -> Callable[[], Result]:
        return lambda: killed(world, readers, step, number * ROWS)

    found: list[tuple[str, Callable[[], Result]]] = [
        ("import killed while its file is taken in", lambda: taking_in(world, readers, 0))
    ]
    return found + [
        (f"import killed {step}", case(number, step)) for number, step in enumerate(STEPS, 1)
    ]

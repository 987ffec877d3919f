"""A list moves in: its file is taken, looked at, explained, looked through, and written down.

    take -> explain -> (a job) look through -> begin -> (a job) write down -> perhaps undo

A job goes on where the last one ended: each chunk is written in one transaction together with how
far the file has been read. So whoever dies has done nothing twice and nothing half; a second job
finds that the chunk is not its own any more. No mail is caused by any of it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from newsroom.celery import ending
from newsroom.core.database import one_at_a_time
from newsroom.core.jobs import after_commit
from newsroom.core.moves import transition
from newsroom.core.table_files import reading
from newsroom.core.table_files.reading import Cells, Unreadable
from subscriptions.models import ImportPiece, Newsletter, ReaderImport
from subscriptions.transfer import bulk
from subscriptions.transfer.chunks import CHUNK, Chunk, ahead, chunks
from subscriptions.transfer.formats import Format, State, recognise, state_of_file
from subscriptions.transfer.meaning import (
    Incomplete,
    Mapping,
    Newer,
    Person,
    names_of,
    proposed,
    reader_of,
)
from subscriptions.transfer.stored import opened, store

Status = ReaderImport.Status
SHOWN, SAMPLES = 10, 5000  # rows
MOST_PROBLEMS = 100_000  # rows named one by one
TRIES = 5  # of a chunk that others were in the way of
CHUNKS_LOCK = 1_907_316  # any number of our own


class Changed(Exception):
    """Somebody else has gone on with this import, or stopped it."""


@dataclass
class Looked:
    """What a file is seen to be; of several in a zip, their main one. ``files``, that one first: of
    each with readers its name, and what that name says of all who are in it; None: nothing."""

    found: Format
    names: list[str]
    mapping: Mapping
    samples: list[Cells]
    files: list[tuple[str, State | None]] = field(default_factory=list)
    slashes: bool = False  # days like 03/04/2024

    @property
    def must_say_otherwise(self) -> bool:
        """Nothing in it says who gets mail."""
        return not self.mapping.status and any(state is None for _, state in self.files)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Of several: which one is shown, and says how the others are read."""
        return bool(self.mapping.address), self.files[0][1] == State.ACTIVE, len(self.samples)


def take(newsletter: Newsletter, file: IO[bytes], name: str, by: str = "") -> ReaderImport:
    """Keep a file, sealed, and how it is read if its owner says nothing else. Raises Unreadable,
    TooLarge."""
    with transaction.atomic():
        made = ReaderImport.objects.create(newsletter=newsletter, file_name=name[:100], by_name=by)
        store(made, file)
        made.mapping = look(made).mapping.as_json()
        made.save(update_fields=["mapping"])
    return made


def look(reader_import: ReaderImport) -> Looked:
    """The beginning of each file in it. Raises Unreadable."""
    main: Looked | None = None
    files: list[tuple[str, State | None]] = []
    with opened(reader_import) as file:
        for table in reading.tables(file, reader_import.file_name):
            head = [row.cells for row in islice(table.rows, SAMPLES + 1) if not row.problem]
            if not head:
                continue
            looked = looked_at(table.name, head)
            if looked.mapping.address:
                files += looked.files
            if main is None or looked.rank > main.rank:
                main = looked
    if main is None or not main.samples:
        raise Unreadable("There are no rows in this file.")
    main.files += [one for one in files if one not in main.files]
    return main


def looked_at(name: str, head: list[Cells]) -> Looked:
    names, headless = names_of(head[0])
    samples = head if headless else head[1:]
    found = recognise(names)
    slashes = any("/" in cell[:6] and cell[:1].isdigit() for row in samples[:200] for cell in row)
    return Looked(
        found,
        names,
        proposed(found, names, samples),
        samples,
        [(name, state_of_file(found, name))],
        slashes,
    )


def first_rows(looked: Looked, mapping: Mapping) -> list[Person | str]:
    """How the first rows will be read. Raises Incomplete."""
    read = reader_of(mapping, looked.names, looked.files[0][0])
    return [read(cells) for cells in looked.samples[:SHOWN]]


def explain(
    reader_import: ReaderImport, mapping: Mapping, consent: str, queue: bool = True
) -> None:
    """Its owner has said how it is read, and where these readers' consent comes from: look it
    through. Raises Incomplete, Changed."""
    if reader_import.started_at:  # some of it is written down, as it was explained then
        raise Changed
    first_rows(look(reader_import), mapping)
    if open_words := [word for word, state in mapping.states.items() if word and not state]:
        raise Incomplete(f"Say what “{open_words[0]}” means.")
    with transaction.atomic():
        reader_import.problems.all().delete()
        fields = {"mapping": mapping.as_json(), "consent": consent, "rows_done": 0, "counts": {}}
        went_on(reader_import, Status.CHECKING, queue, **fields, total=0, problem="")


def begin(reader_import: ReaderImport, queue: bool = True) -> None:
    """Write it down; by a job, or (``queue``) the caller does it. Raises Changed."""
    frm = [Status.CHECKED] if reader_import.started_at is None else [Status.FAILED]
    fields: dict[str, Any] = {"problem": ""}
    with transaction.atomic():
        if reader_import.started_at is None:
            reader_import.problems.all().delete()  # found once more
            fields |= {"rows_done": 0, "counts": {}, "started_at": timezone.now()}
        went_on(reader_import, Status.IMPORTING, queue, frm=frm, **fields)


def drop(reader_import: ReaderImport) -> None:
    """Not to be imported, or no further. Raises Changed."""
    with transaction.atomic():
        if not transition(reader_import, Status.DROPPED, worked_at=timezone.now()):
            raise Changed
        forget_file(reader_import)


def went_on(
    reader_import: ReaderImport, to: str, queue: bool, frm: Any = (), **fields: Any
) -> None:
    if not transition(reader_import, to, frm=frm, worked_at=timezone.now(), **fields):
        raise Changed
    if queue:
        after_commit("subscriptions.tasks.work_on_import", reader_import.pk)


def forget_file(reader_import: ReaderImport) -> None:
    ImportPiece.objects.filter(reader_import=reader_import).delete()


def destroy_files() -> str:
    """When the newsroom is closed: no file waits here, and no import goes on without one."""
    words = "Its file was destroyed when the newsroom was closed."
    working = ReaderImport.objects.filter(status__in=[Status.CHECKING, Status.IMPORTING])
    transition(working, Status.FAILED, problem=words)
    waiting = ReaderImport.objects.filter(pieces__isnull=False)
    given_up = transition(waiting, Status.DROPPED, problem=words, worked_at=timezone.now())
    ImportPiece.objects.all().delete()
    return f"{given_up} imports given up, with their files"


# --- The jobs' part ----------------------------------------------------------------------------


def work(reader_import: ReaderImport, until: float = float("inf")) -> bool:
    """Look it through, or write it down; is it over? Writing down is broken off at ``until`` of
    the monotonic clock, or when the worker ends, to go on later."""
    try:
        if reader_import.status == Status.CHECKING:
            look_through(reader_import)
        elif reader_import.status == Status.IMPORTING:
            return write_down(reader_import, until)
    except Changed:
        pass
    except Newer:  # two versions run at once: it waits until the beat's job meets a newer worker
        pass
    except (Unreadable, Incomplete) as reason:
        transition(reader_import, Status.FAILED, problem=str(reason)[:300])
    return True


def look_through(reader_import: ReaderImport) -> None:
    """What it would come to: from the beginning, since nothing depends on it."""
    with transaction.atomic():
        reader_import.problems.all().delete()
        rows = ReaderImport.objects.filter(pk=reader_import.pk, status=Status.CHECKING)
        rows.update(rows_done=0, counts={})
    reader_import.rows_done, reader_import.counts = 0, {}
    seen: set[int] = set()  # half a hundred bytes for each address
    for chunk in chunks_of(reader_import):
        numbers = {int.from_bytes(index[:8]): index for index in chunk.people}
        for number in numbers.keys() & seen:
            del chunk.people[numbers[number]]
            chunk.counts["repeated"] += 1
        seen.update(numbers)
        with transaction.atomic():
            counted = bulk.judge(chunk, reader_import, lock=False)
            noted = note(reader_import, chunk, counted)
        reader_import.rows_done, reader_import.counts = noted
    transition(reader_import, Status.CHECKED, total=reader_import.rows_done)


def write_down(reader_import: ReaderImport, until: float) -> bool:
    with closing(ahead(chunk.seal() for chunk in chunks_of(reader_import))) as sealed:
        for chunk in sealed:
            reader_import.rows_done, reader_import.counts = write_chunk(reader_import, chunk)
            if time.monotonic() > until or ending():
                return False
    total, now = reader_import.rows_done, timezone.now()
    with transaction.atomic():
        if transition(reader_import, Status.DONE, total=total, finished_at=now):
            forget_file(reader_import)
    return True


def chunks_of(reader_import: ReaderImport) -> Iterator[Chunk]:
    """Those that have not been noted yet. Raises Newer."""
    mapping, name = Mapping.to_read_by(reader_import.mapping), reader_import.file_name
    with opened(reader_import) as file:
        yield from chunks(file, name, mapping, reader_import.rows_done, CHUNK)


def write_chunk(reader_import: ReaderImport, chunk: Chunk) -> tuple[int, dict[str, int]]:
    """Whole or not at all."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                # Two imports at once take turns, so neither waits for what the other has locked.
                one_at_a_time(CHUNKS_LOCK)
                counted = bulk.judge(chunk, reader_import, lock=True)
                bulk.write(chunk, reader_import, counted)
                return note(reader_import, chunk, counted)
        except (OperationalError, IntegrityError):  # somebody came or left at this moment
            if not tries_left or transaction.get_connection().in_atomic_block:
                raise
            time.sleep(0.2)
    raise AssertionError


def note(
    reader_import: ReaderImport, chunk: Chunk, counted: dict[str, int]
) -> tuple[int, dict[str, int]]:
    """How far it is, and what came to what; only if nobody else has come as far. Raises Changed."""
    counts = Counter(reader_import.counts) + chunk.counts + Counter(counted)
    counts["problems"] += len(chunk.problems)
    rows = ReaderImport.objects.filter(
        pk=reader_import.pk, status=reader_import.status, rows_done=chunk.done - chunk.rows
    )
    done = chunk.done, dict(counts)
    if not rows.update(rows_done=done[0], counts=done[1], worked_at=timezone.now()):
        raise Changed
    most = MOST_PROBLEMS - reader_import.counts.get("problems", 0)
    bulk.write_problems(chunk, reader_import, most)
    return done

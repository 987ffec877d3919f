"""A file as chunks of readers: each is looked at, indexed and ready to be written at once."""

from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import IO

from django.db import connection, connections

from newsroom.core.privacy import list_index, seal
from newsroom.core.table_files import reading
from newsroom.core.table_files.reading import Row, Table
from subscriptions.models import Subscriber
from subscriptions.transfer.formats import State
from subscriptions.transfer.meaning import (
    Incomplete,
    Mapping,
    Person,
    Read,
    mapping_for,
    names_of,
    reader_of,
    stricter,
)

CHUNK = 5000  # rows
LEFT_OUT = {State.PENDING, State.NEVER}
KEPT = {State.ACTIVE, State.UNSUBSCRIBED}  # whose address stays with us
EMAIL = Subscriber._meta.get_field("email").context


@dataclass
class Chunk:
    """``done``: how many rows of the file are behind us with it. ``counts``: of who is in neither
    list below, why."""

    done: int = 0
    rows: int = 0
    people: dict[bytes, Person] = field(default_factory=dict)  # by blind index
    sealed: dict[bytes, bytes] = field(default_factory=dict)  # addresses, likewise
    problems: list[tuple[int, int, str]] = field(default_factory=list)  # file, row, reason
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, person: Person) -> None:
        if person.state in LEFT_OUT:
            self.counts[person.state] += 1
            return
        index = list_index(person.email)
        there = self.people.get(index)
        if there is None:
            self.people[index] = person
            return
        self.counts["repeated"] += 1
        if stricter(there.state, person.state) != there.state:
            self.people[index] = person

    def seal(self) -> "Chunk":
        """The addresses that are to be written."""
        self.sealed = {
            index: seal(person.email, EMAIL)
            for index, person in self.people.items()
            if person.state in KEPT
        }
        return self


def ahead(made: Iterator[Chunk]) -> Generator[Chunk]:
    """Each is made in a thread while PostgreSQL works on the one before it, for which the driver
    waits without Python's lock. Inside a transaction nothing is: the thread has a connection of its
    own, which would not see the file."""
    if connection.in_atomic_block:
        yield from made
        return
    with ThreadPoolExecutor(1) as thread:
        try:
            coming = thread.submit(next, made, None)
            while chunk := coming.result():
                coming = thread.submit(next, made, None)
                yield chunk
        finally:
            thread.submit(connections.close_all).result()


def chunks(
    file: IO[bytes], name: str, mapping: Mapping, skip: int = 0, size: int = CHUNK
) -> Iterator[Chunk]:
    """The rows behind the first ``skip``. Raises Unreadable, Incomplete."""
    done, chunk = 0, Chunk(done=skip)
    for number, table in enumerate(reading.tables(file, name)):
        rows, read = beginning(table, mapping, is_one_of_many=number > 0)
        for row in rows:
            done += 1
            if done <= skip:
                continue
            found = row.problem or (read(row.cells) if read else "no column with addresses")
            if isinstance(found, str):
                chunk.problems.append((number, row.number, found))
            else:
                chunk.add(found)
            chunk.done, chunk.rows = done, chunk.rows + 1
            if chunk.rows >= size:
                yield chunk
                chunk = Chunk(done=done)
            if read is None:
                break  # one line says it
    if chunk.rows:
        yield chunk


def beginning(
    table: Table, mapping: Mapping, is_one_of_many: bool = False
) -> tuple[Iterator[Row], Read | None]:
    """Its rows of readers, and how to read one; None: nobody knows, and others of the zip go on."""
    rows = iter(table.rows)
    first = next(rows, None)
    if first is None:
        return iter(()), None
    names, headless = names_of(first.cells)
    try:
        read = reader_of(mapping_for(mapping, names), names, table.name)
    except Incomplete:
        if not is_one_of_many:
            raise
        return chain([first], rows), None
    return (chain([first], rows) if headless else rows), read

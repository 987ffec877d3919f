"""What an import comes to, in words."""

from collections.abc import Iterator

from newsroom.core.database import keyset
from subscriptions.models import ImportProblem, ReaderImport

# As bulk.py judges; the first ones change something.
OUTCOMES = {
    "added": "come onto the list",
    "confirmed": "had typed their address here and come onto the list",
    "left": "have left: kept as unsubscribed",
    "leaves": "are on the list and have left since: unsubscribed",
    "suppressed": "dead addresses and complaints: suppressed",
    "there": "are here already, and stay as they are",
    "kept": "have confirmed here since: they stay",
    "had_left": "have left here before: they stay away",
    "barred": "are suppressed here: left out",
    "pending": "never confirmed: left out",
    "never": "agreed to nothing: left out",
    "repeated": "stand in the file more than once",
    "problems": "can't be read: left out",
}


def lines(reader_import: ReaderImport) -> list[tuple[int, str]]:
    counts = reader_import.counts
    return [(counts[key], words) for key, words in OUTCOMES.items() if counts.get(key)]


def problem_rows(reader_import: ReaderImport) -> Iterator[list[object]]:
    """A file to look up in one's own: which row, why; never what stands there."""
    yield ["File", "Row", "Why it was left out"]
    for one in keyset(ImportProblem.objects.filter(reader_import=reader_import)):
        yield [one.file + 1, one.row, one.reason]

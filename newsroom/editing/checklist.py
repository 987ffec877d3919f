"""What a checklist is: checks, each with the place where it is put right, and how they came out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")  # what is looked at


@dataclass(frozen=True)
class Check(Generic[T]):
    label: str
    look: Callable[[T], str]  # what is wrong, in words for its editor; "" when nothing is
    place: Callable[[T], str]  # the address where it is put right


@dataclass(frozen=True)
class Finding:
    """How a check came out: ``state`` is "fine", "stop" or "warning"."""

    label: str
    state: str
    words: str
    url: str


def findings(thing: T, stops: Sequence[Check[T]], warns: Sequence[Check[T]]) -> list[Finding]:
    """The whole list, in its order."""
    return [
        *(_finding(check, thing, "stop") for check in stops),
        *(_finding(check, thing, "warning") for check in warns),
    ]


def first_stop(thing: T, stops: Sequence[Check[T]]) -> str:
    """The first thing that stops it, "" when nothing does."""
    return next((words for check in stops if (words := check.look(thing))), "")


def _finding(check: Check[T], thing: T, otherwise: str) -> Finding:
    words = check.look(thing)
    if not words:
        return Finding(check.label, "fine", "", "")
    return Finding(check.label, otherwise, words, check.place(thing))


def quoted(words: Sequence[str]) -> str:
    """“One”, “two” and 3 more."""
    some = ", ".join(f"“{word}”" for word in words[:5])
    return some + (f" and {len(words) - 5} more" if len(words) > 5 else "")

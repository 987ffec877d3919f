"""What a check is, and how all of them are made at once, with half of the world broken.

Each has a thread of its own, and nothing that it raises gets further than its line. What needs
something that is missing or wrong is not tried, and says so.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread
from time import monotonic

from django.db import connection

SECONDS = 15  # for all of them together


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and somebody should know
    WRONG = "wrong"  # something does not work, or will do harm
    UNKNOWN = "unknown"  # it can't be told here, or now


@dataclass(frozen=True)
class Finding:
    state: State
    words: str
    todo: str = ""


def ok(words: str) -> Finding:
    return Finding(State.OK, words)


def warning(words: str, todo: str) -> Finding:
    return Finding(State.WARNING, words, todo)


def wrong(words: str, todo: str = "") -> Finding:
    return Finding(State.WRONG, words, todo)


def unknown(words: str, todo: str = "") -> Finding:
    return Finding(State.UNKNOWN, words, todo)


@dataclass(frozen=True)
class Check:
    label: str
    look: Callable[[], Iterable[Finding]]  # nothing found: all is well
    needs: tuple[str, ...] = ()  # settings, and the labels of other checks


@dataclass
class Try:
    check: Check
    findings: list[Finding] = field(default_factory=list)
    done: Event = field(default_factory=Event)
    waits_for: str = ""

    def make(self, tries: Mapping[str, "Try"], missing: Collection[str]) -> None:
        try:
            for need in self.check.needs:
                self.waits_for = need
                if need in missing or (need in tries and not tries[need].is_well()):
                    return
            self.waits_for = ""
            for finding in self.check.look():
                self.findings.append(finding)
        except Exception as error:  # whatever it is; its words may hold what is nobody's business
            name = type(error).__name__
            self.findings.append(wrong(f"This could not be looked at: {name}.", "report it to us"))
        finally:
            connection.close()
            self.done.set()

    def is_well(self) -> bool:
        self.done.wait()
        states = {finding.state for finding in self.told()}
        return not states & {State.WRONG, State.UNKNOWN}

    def told(self) -> list[Finding]:
        """What it has found so far, and why it is not more."""
        if self.waits_for:
            return [unknown(f"Not looked at: see “{self.waits_for}”.")]
        if not self.done.is_set():
            return [*self.findings, wrong("No answer in time.", "is it away, or overloaded?")]
        return self.findings or [ok("Well.")]


def examine(
    checks: Iterable[Check], missing: Collection[str] = (), seconds: float = SECONDS
) -> dict[str, list[Finding]]:
    """Label -> what was found, in their order. ``missing``: settings that are not there."""
    tries = {check.label: Try(check) for check in checks}
    deadline = monotonic() + seconds
    for one in tries.values():
        Thread(target=one.make, args=[tries, missing], daemon=True).start()
    for one in tries.values():
        one.done.wait(max(0, deadline - monotonic()))
    return {label: one.told() for label, one in tries.items()}

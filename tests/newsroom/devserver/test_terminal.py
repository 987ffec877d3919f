"""What one terminal does for several processes."""

import signal
from collections.abc import Iterator

import pytest

from newsroom.devserver.terminal import Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    ours = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in ours]
    yield Terminal()
    for number, handler in zip(ours, handlers, strict=True):
        signal.signal(number, handler)


def test_what_comes_late_is_greeted_once_all_the_same(terminal: Terminal) -> None:
    answers = iter([False, False, True])
    greeted: list[str] = []

    def greet() -> None:
        greeted.append("welcome")
        terminal.stopping = True

    terminal.when(lambda: next(answers), greet)
    assert terminal.run() == 0
    assert greeted == ["welcome"]

"""Parts of one process: begun anew when they die, ended together, never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.environment import ROOT

SCRIPT = """
import logging, os, signal, sys, time
from newsroom.running.family import Family
logging.basicConfig(format="%(message)s", stream=sys.stdout)

def say(words):
    os.write(1, f"{words}\\n".encode())  # a line at once, whatever others say meanwhile

def patient():
    say("patient runs")
    time.sleep(600)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("stubborn runs")
    time.sleep(600)

def hopeless():
    raise SystemExit(3)

def ends(name, seconds=0):
    def end(*_):
        time.sleep(seconds)
        say(f"{name} ends")
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    say(f"{name} runs")
    time.sleep(600)

def slow():
    ends("slow", 0.1)

def last():
    ends("last")

parts = {one.__name__: one for one in (patient, stubborn, hopeless, slow, last)}
asked = {name: parts[name] for name in sys.argv[2:]}
closed = sys.argv[1]
patience = 600 if closed else 1
must_end = lambda: os.path.exists(closed)
sys.exit(Family(asked, {}, patience, must_end, last="last").run())
"""


class Running:
    def __init__(self, *parts: str, closed: str = "") -> None:
        """``closed``: a file that says so once it is there."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, closed, *parts],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []

    def parts(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def says(self, *words: str) -> None:
        """Wait until it has said all of this."""
        assert self.process.stdout
        while not all(any(one in line for line in self.lines) for one in words):
            line = self.process.stdout.readline()
            assert line, self.lines
            self.lines.append(line)
        self.lines.clear()


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*parts: str, **options: str) -> Running:
        started.append(Running(*parts, **options))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.communicate()


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=10)[1]


def test_part_that_dies_is_told_of_and_begun_anew(start: Callable[..., Running]) -> None:
    family = start("patient")
    family.says("patient runs")
    family.parts()[0].kill()
    family.says("patient killed by signal 9: starting it again")
    family.says("patient runs")


def test_all_end_when_it_is_told_to_and_who_does_not_is_killed(
    start: Callable[..., Running],
) -> None:
    family = start("patient", "stubborn")
    family.says("stubborn runs")
    parts, begun = family.parts(), time.monotonic()
    family.process.terminate()
    family.says("stubborn does not end: killing it")
    assert family.process.wait(10) == 0
    assert time.monotonic() - begun < 5
    assert gone(parts)


def test_who_readers_wait_for_ends_when_all_others_have(start: Callable[..., Running]) -> None:
    family = start("last", "slow")
    family.says("slow runs", "last runs")
    family.process.terminate()
    assert family.process.wait(10) == 0
    assert family.process.stdout
    assert family.process.stdout.read().split("\n")[:2] == ["slow ends", "last ends"]


def test_parts_do_not_outlive_it(start: Callable[..., Running]) -> None:
    family = start("patient")
    family.says("patient runs")
    parts = family.parts()
    os.kill(family.process.pid, signal.SIGKILL)
    assert gone(parts)


def test_part_that_dies_again_and_again_ends_it(start: Callable[..., Running]) -> None:
    family = start("hopeless")
    family.says("hopeless ended with code 3 again and again: stopping")
    assert family.process.wait(10) == 1


def test_when_it_must_end_the_first_death_is_that_of_all_at_once(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    """What its memory holds goes with it: nobody is given time, and nobody is begun anew."""
    closed = tmp_path / "closed"
    family = start("stubborn", "patient", closed=str(closed))
    family.says("patient runs")
    parts = family.parts()
    closed.touch()
    parts[-1].kill()
    assert family.process.wait(10) == 0
    assert gone(parts)
    assert family.process.stdout
    assert "starting it again" not in family.process.stdout.read()

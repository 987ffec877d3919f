"""Several processes in one terminal: named, coloured lines, restarts, one Ctrl-C for all.

Printing is honcho's. Honcho itself ends everything when one process dies; here a process that
dies is reported and started again, as a service manager would.
"""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import watchfiles
from honcho.colour import get_colours
from honcho.printer import Message, Printer

from newsroom.closed import keys_file

STOP_SECONDS = 15  # a worker may finish the call it is in; then it is killed
RESTARTS, WITHIN = 5, 60  # more deaths than that within so many seconds: give up
# Asks the kernel to end a child when we are killed outright, so that none is left behind.
WITH_US = ["setpriv", "--pdeathsig", "TERM"]


@dataclass
class Process:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    reloads: bool = False  # runs our code: begins anew when that changes
    parts: Sequence[str] = ()  # processes of its own, whose lines have their name: manage.py run
    running: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)


class Terminal:
    """Runs processes until Ctrl-C. ``start`` may be called while others run already."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.messages: queue.Queue[Message] = queue.Queue()
        self.printer = Printer(width=len("postgres"))
        self.colours = get_colours()
        self.colour_of: dict[str, str] = {}
        self.stopping = False
        self.changed = threading.Event()  # our code, see watch()
        self.watched = False
        self.exit_code = 0

    def start(self, process: Process) -> None:
        pipes = {part: os.pipe() for part in process.parts}
        outputs = [f"--output={part}={there}" for part, (_, there) in pipes.items()]
        theirs = [there for _, there in pipes.values()]
        process.running = subprocess.Popen(
            [*WITH_US, *process.command, *outputs],
            env=keys_file.environment_for_others() | process.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=theirs,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop them in order
        )
        for one in theirs:
            os.close(one)
        if process not in self.processes:
            self.processes.append(process)
        self._print_lines_of(process.name, process.running.stdout)
        for part, (here, _) in pipes.items():
            self._print_lines_of(part, os.fdopen(here, "rb"))

    def _print_lines_of(self, name: str, lines: Any) -> None:
        if name not in self.colour_of:
            self.colour_of[name] = next(self.colours)
        threading.Thread(target=self._read, args=[name, lines], daemon=True).start()

    def _read(self, name: str, lines: Any) -> None:
        with lines:
            for line in lines:
                self.messages.put(self._message(name, line, self.colour_of[name]))

    def _message(self, name: str, data: str | bytes, colour: str | None = None) -> Message:
        return Message(
            type="line", data=data, time=datetime.now().astimezone(), name=name, colour=colour
        )

    def say(self, text: str) -> None:
        self.messages.put(self._message("up", text))
        self.flush()

    def flush(self, wait: float = 0) -> None:
        """Print what has been read."""
        try:
            self.printer.write(
                self.messages.get(timeout=wait) if wait else self.messages.get(False)
            )
            while True:
                self.printer.write(self.messages.get(False))
        except queue.Empty:
            pass

    def run(self) -> int:
        """Print and restart until Ctrl-C or SIGTERM; then stop everything. The exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: setattr(self, "stopping", True))
        while not self.stopping:
            self.flush(wait=0.2)
            if self.changed.is_set():
                self._reload()
            for process in self.processes:
                self._restart_if_dead(process)
        self.stop()
        return self.exit_code

    def watch(self, folders: list[Path]) -> None:
        """From now on, restart what runs our code whenever a file of it changes."""
        self.watched = True
        threading.Thread(target=self._watch, args=[folders], daemon=True).start()

    def _watch(self, folders: list[Path]) -> None:
        for _ in watchfiles.watch(*folders):
            self.changed.set()

    def _reload(self) -> None:
        self.changed.clear()
        self.say("code has changed: starting again")
        ours = [process for process in self.processes if process.reloads]
        self._end(ours)
        for process in ours:
            process.deaths.clear()
            self.start(process)

    def _restart_if_dead(self, process: Process) -> None:
        if process.running is None:
            return
        code = process.running.poll()
        if code is None or self.stopping:
            return
        now = time.monotonic()
        process.deaths = [moment for moment in process.deaths if now - moment < WITHIN] + [now]
        how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if len(process.deaths) > RESTARTS and process.reloads and self.watched:
            self.say(f"{process.name} {how} again and again: waiting for the next change.")
            process.running = None
            return
        if len(process.deaths) > RESTARTS:
            self.say(f"{process.name} {how} again and again: stopping. See its lines above.")
            self.stopping, self.exit_code = True, 1
            return
        self.say(f"{process.name} {how}: starting it again")
        kill_group(process.running)  # its own children, if it left any
        time.sleep(0.3)
        self.start(process)

    def stop(self) -> None:
        """End all of our processes at once, each of which takes its second or two; then what they
        need: the broker and the database."""
        self.say("stopping")
        self._end([process for process in self.processes if process.reloads])
        self._end([process for process in self.processes if not process.reloads])
        self.flush()

    def _end(self, processes: list[Process]) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        running = [(process, process.running) for process in processes if process.running]
        for process, child in running:
            if child.poll() is None:
                child.send_signal(process.stop_signal)
        for process, child in running:
            try:
                child.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                self.say(f"{process.name} does not end: killing it")
            kill_group(child)


def kill_group(running: subprocess.Popen[bytes]) -> None:
    """Whatever of the process's group is left."""
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def until(check: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for ``check``; False if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return False

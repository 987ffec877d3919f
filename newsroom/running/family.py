"""Several processes made of one: what is loaded once is there for all, and each is a fork of it.

A fork shares its memory with its parent until either writes to it, so a part costs what it adds;
and it begins at once, also when it has died. There must be no thread and no connection in here: a
fork can't take them along (“os.fork”, Python's documents).
"""

import ctypes
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from setproctitle import setproctitle

log = logging.getLogger(__name__)

Part = Callable[[], object]

DEATHS, WITHIN = 5, 60  # more deaths of a part than that within so many seconds: give up
OUR_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
PR_SET_PDEATHSIG = 1  # prctl(2)


class Family:
    """The parts, each a process, which run until we are told to end (SIGTERM, SIGINT), or one of
    them has died and ``must_end`` says so. Who has not ended after ``patience`` seconds is killed:
    all that we do may be broken off, and goes on later. The part called ``last`` is told to end
    when the others have, for readers wait for it and not for them.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        outputs: Mapping[str, int],
        patience: int,
        must_end: Callable[[], bool] = lambda: False,
        last: str = "",
    ) -> None:
        self.parts, self.outputs, self.patience = parts, outputs, patience
        self.must_end, self.last = must_end, last
        self.running: dict[int, str] = {}  # by the id of its process
        self.deaths: dict[str, list[float]] = {name: [] for name in parts}
        self.starting = self.ending = False
        self.exit_code = 0

    def run(self) -> int:
        """Start them, start again who dies; the exit code."""
        gc.collect()
        gc.freeze()  # a collection would write to all that is shared
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self.end())
        signal.signal(signal.SIGALRM, lambda *_: self.kill())
        for name in self.parts:
            self.start(name)
        while self.running:
            pid, status = os.wait()
            if name := self.running.pop(pid, ""):
                kill_group(pid)  # its own children, if it left any
                if not self.ending and self.must_end():
                    self.end()
                    self.kill()
                elif not self.ending:
                    self.start_again(name, os.waitstatus_to_exitcode(status))
                elif not self.others():
                    self.end()
        return self.exit_code

    def start(self, name: str) -> None:
        parent = os.getpid()
        self.starting = True
        if pid := os.fork():
            self.running[pid] = name
            self.starting = False
            if self.ending:  # told so while we started it
                self.end()
            return
        code = 1
        try:
            self.become(name, parent)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("%s ends", name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # what our parent has loaded needs no tidying up

    def become(self, name: str, parent: int) -> None:
        """In the new process: run the part to its end."""
        os.setpgrp()
        for number in OUR_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # none of us is left behind
        if os.getppid() != parent:
            return
        if name in self.outputs:
            for standard in (1, 2):
                os.dup2(self.outputs[name], standard)
        sys.argv = ["newsroom", name]  # which Celery shows
        setproctitle(f"newsroom {name}")
        self.parts[name]()

    def start_again(self, name: str, code: int) -> None:
        how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        now = time.monotonic()
        self.deaths[name] = [one for one in self.deaths[name] if now - one < WITHIN] + [now]
        if len(self.deaths[name]) > DEATHS:
            log.error("%s %s again and again: stopping. See its lines above.", name, how)
            self.exit_code = 1
            self.end()
            return
        log.warning("%s %s: starting it again", name, how)
        time.sleep(0.3)
        self.start(name)

    def end(self) -> None:
        if not self.ending:
            signal.alarm(self.patience)
        self.ending = True
        if self.starting:  # its number is not known yet: when it is, all are told
            return
        for pid in self.others() or self.running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def others(self) -> list[int]:
        return [pid for pid, name in self.running.items() if name != self.last]

    def kill(self) -> None:
        for pid, name in self.running.items():
            log.warning("%s does not end: killing it", name)
            kill_group(pid)


def kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)

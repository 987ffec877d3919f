"""Real PostgreSQL, Redis, workers and a durable sink, all of them breakable; and the oracle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from tests import worlds
from tests.environment import ROOT, use_own_world, wait_for_port

BEAT = 0.25  # seconds between two looks at what is due, in place of beat's five
LEASE = 3


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.armed = folder / "armed"
        self.log = folder / "accepted.jsonl"
        self.output = (folder / "output.log").open("ab")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self.sink = os.environ["MAIL_SANDBOX_URL"]
        self.armed.mkdir(parents=True, exist_ok=True)

    # --- Processes --------------------------------------------------------------------------

    def start(self, name: str, command: list[str], **environment: str) -> None:
        self.commands[name] = (command, environment)
        self.running[name] = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=self.output,
            stderr=self.output, start_new_session=True,
        )  # fmt: skip

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        process = self.running.pop(name)
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_postgres(self) -> None:
        from newsroom.devserver import engines

        deadline = time.monotonic() + 20
        while True:  # the old one's socket may outlive it for a moment
            try:
                self.start("postgres", engines.postgres_command())
                return engines.wait_for_postgres()
            except engines.CannotStart:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def start_redis(self) -> None:
        from newsroom.devserver import engines

        self.start("redis", engines.redis_command())
        engines.wait_for_redis()

    def start_sink(self) -> None:
        port = self.sink.rpartition(":")[2]
        self.start("sink", [sys.executable, "-m", "tests.chaos.sink", port, str(self.log)])
        wait_for_port(int(port))

    def start_worker(
        self, per_call: int, name: str = "worker", processes: int = 2, **environment: str
    ) -> None:
        command = [sys.executable, "-m", "tests.chaos.worker", "-Q", "mail,default"]
        environment |= self.armed_with(per_call)
        command += ["-c", str(processes), "-n", f"{name}@chaos", "--loglevel", "WARNING"]
        prefix = environment.pop("PREFIX", "")
        self.start(name, [*prefix.split(), *command], **environment)

    def armed_with(self, per_call: int) -> dict[str, str]:
        """What tests.chaos.worker reads of the environment."""
        return {"CHAOS_ARMED": str(self.armed), "CHAOS_PER_CALL": str(per_call)}

    def children(self, name: str = "worker") -> list[psutil.Process]:
        """The processes of the worker that do the work."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.running[name].pid).children()
        return []

    def grown_children(self) -> list[psutil.Process]:
        """Those that are older than a second: Celery ends itself if they die as they start."""
        grown = []
        for child in self.children():
            with suppress(psutil.NoSuchProcess):
                if time.time() - child.create_time() > 1:
                    grown.append(child)
        return grown

    def close(self) -> None:
        for name in reversed(list(self.running)):
            self.stop(name, signal.SIGINT if name == "postgres" else signal.SIGTERM)

    # --- What happens -----------------------------------------------------------------------

    def arm(self, action: str, step: str) -> None:
        (self.armed / f"{action} {step}").touch()

    def disarm(self) -> bool:
        """True if every armed step was reached."""
        left = list(self.armed.iterdir())
        for file in left:
            file.unlink()
        return not left

    def mode(self, mode: str, times: int = 1) -> None:
        requests.post(f"{self.sink}/mode", json={"mode": mode, "times": times}, timeout=10)

    def approve(self, newsletter: Any) -> int:
        """A mailing that is due now; its id."""
        from django.utils import timezone

        from newsroom.models import ArticlePage
        from subscriptions.sending import freezing
        from tests.factories import make_issue

        issue = make_issue(newsletter, list(ArticlePage.objects.all()[:3]))
        return freezing.approve(issue, None, timezone.now()).pk

    def kick(self) -> None:
        """What beat does, and a service manager: Celery gives up when its processes die faster
        than they start."""
        for name, process in list(self.running.items()):
            if process.poll() is not None and "tests.chaos.worker" in self.commands[name][0]:
                self.start(name, self.commands[name][0], **self.commands[name][1])
        from subscriptions import tasks

        with suppress(Exception):  # Redis is away: that is the point
            for task in (tasks.keep_hours, tasks.start_send_loops, tasks.reconcile_batches):
                task.apply_async(expires=5)

    def until_sent(
        self, mailing: int, seconds: float = 60, each: Callable[[], None] = lambda: None
    ) -> str:
        """Beat until the mailing has come to an end; its status."""
        deadline = time.monotonic() + seconds
        while (status := self.status(mailing)) not in ("sent", "cancelled", "missed"):
            if time.monotonic() > deadline:
                return f"{status} after {seconds:.0f} s"
            self.kick()
            each()
            time.sleep(BEAT)
        return status

    def status(self, mailing: int) -> str:
        from newsroom.core.database import with_retries
        from subscriptions.models import Mailing

        statuses = Mailing.objects.values_list("status", flat=True)
        return str(with_retries(lambda: statuses.get(pk=mailing)))

    # --- The oracle -------------------------------------------------------------------------

    def accepted(self, mailing: int) -> Counter[str]:
        """Address -> copies, by what the sink has on its disk."""
        wanted = f"mailing-{mailing}"
        entries = (json.loads(line) for line in self.log.read_text().splitlines())
        return Counter(entry["to"] for entry in entries if entry["tag"] == wanted)

    def verdict(self, mailing: int, audience: set[str], may_miss: set[str] = frozenset()) -> Any:
        """(missing, doubled), the addresses in ``may_miss`` left out of the first."""
        copies = self.accepted(mailing)
        missing = audience - set(copies) - may_miss
        doubled = {to for to, count in copies.items() if count > 1}
        assert set(copies) <= audience, "somebody got it who should not"
        return len(missing), len(doubled)


@contextmanager
def a_world(folder: str) -> Iterator[World]:
    """Servers, sink and schema; Django is set up in this process too."""
    use_own_world(folder)
    var = Path(os.environ["NEWSROOM_VAR"])
    shutil.rmtree(var, ignore_errors=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = "newsroom.settings"
    os.environ["MAIL_LEASE_SECONDS"] = str(LEASE)
    os.environ["LOG_LEVEL"] = "WARNING"
    worlds.copy(worlds.migrated(), var)
    world = World(var)
    try:
        world.start_postgres()
        world.start_redis()
        world.start_sink()
        import django
        from django.core.management import call_command

        django.setup()
        call_command("roles", verbosity=0)
        yield world
    finally:
        world.close()


@dataclass
class Readers:
    """A newsletter and who is on it."""

    newsletter: Any
    emails: set[str]


def make_audiences(sizes: list[int]) -> list[Readers]:
    """A newsletter for each size; nobody is on two."""
    from subscriptions.demo import make_readers
    from subscriptions.models import Newsletter, Subscription
    from tests.factories import make_article, make_site

    site = make_site()
    for _ in range(3):
        make_article(site.section)
    found, first = [], 1
    for number, size in enumerate(sizes):
        newsletter = site.newsletter
        if number:
            newsletter = Newsletter(
                title=f"Number {number}", slug=f"number-{number}", canary_minutes=0,
                sender_name="The Meridian", sender_address="weekly@mail.example.org",
            )  # fmt: skip
            site.newsletter.get_parent().add_child(instance=newsletter)
        make_readers(newsletter, size, first=first)
        rows = Subscription.objects.filter(newsletter=newsletter).select_related("subscriber")
        found.append(Readers(newsletter, {row.subscriber.email for row in rows.iterator()}))
        first += size
    return found

"""Two hosts with one PostgreSQL and one Redis, and one of them is cut off in mid-send.

As if somebody had pulled its cable: nothing is refused, no connection is closed, and its processes
live on. Each host is a network of its own on a switch of ours (ip-netns(8)), so only root can. The
servers run with the files of ``deploy/``: what those say decides how long the others wait.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.scenarios import Result, reset
from tests.chaos.world import BEAT, START, Readers, World, until
from tests.environment import ROOT, free_port
from tests.tools import path_of

SHARED, NET = "198.18.113.1", "198.18.113.0/24"  # for tests of networks (RFC 2544, appendix C.2.2)
SWITCH = "newsroom-chaos"
PER_CALL, LOOPS = 25, 4
GONE_ON = 60  # seconds after which the other host has to have gone on
BEATS = 10  # seconds; two of the beat's
CUTS = ("in the claim", "during the call")


def cases(world: World, few: Readers, some: Readers) -> Iterator[tuple[str, Any]]:
    for step in CUTS:
        for through in ("", "PgBouncer"):
            name = f"one of two hosts cut off {step}" + (f", {through}" if through else "")
            yield name, partial(cut_off, world, few, some, step, bool(through))


def missing() -> str:
    """Why there can be no such hosts here, "" if there can."""
    if os.geteuid() != 0:
        return "only root can make a network"
    needed = ("ip", "bridge", "ss", "pgbouncer")
    tools = [tool for tool in needed if not path_of(tool)]
    return f"needs {', '.join(tools)}" if tools else ""


@dataclass(frozen=True)
class Host:
    world: World
    number: int

    @property
    def name(self) -> str:
        return f"newsroom-{self.number}"

    @property
    def address(self) -> str:
        return f"198.18.113.{self.number}"

    @property
    def armed(self) -> Path:
        return self.world.folder / f"armed-{self.number}"

    def plug_in(self) -> None:
        run("ip", "netns", "add", self.name)
        run(*f"ip link add {self.name} type veth peer name eth0 netns {self.name}".split())
        run(*f"ip link set {self.name} master {SWITCH}".split())
        run(*f"ip link set {self.name} up".split())
        inside = f"ip -n {self.name}".split()
        run(*inside, *f"addr add {self.address}/24 dev eth0".split())
        for device in ("lo", "eth0"):
            run(*inside, "link", "set", device, "up")

    def start(self, addresses: dict[str, str]) -> None:
        """A worker and a beat, which reach what is shared over the network alone."""
        self.armed.mkdir(exist_ok=True)
        own = {
            "PREFIX": f"ip netns exec {self.name}", "CHAOS_ARMED": str(self.armed),
            "STATE_DIR": str(self.world.folder / f"state-{self.number}"),
            "MAIL_SEND_LOOPS": str(LOOPS),
        }  # fmt: skip
        self.world.start_worker(PER_CALL, self.worker, **own, **addresses)
        self.world.start_beat(self.beat, **own, **addresses)

    @property
    def worker(self) -> str:
        return f"worker-{self.number}"

    @property
    def beat(self) -> str:
        return f"beat-{self.number}"

    def cut_off(self, number: int = 0) -> None:
        """The switch drops what comes from here and goes there; both ends believe in the link."""
        run("bridge", "link", "set", "dev", self.name, "state", str(number))

    def connect_again(self) -> None:
        """But first all others forget it, as they do when it is away for a quarter of an hour."""
        subprocess.run(["ss", "-tnK", "dst", self.address], stdout=subprocess.DEVNULL, check=True)
        self.cut_off(3)

    def wake(self) -> None:
        for process in self.world.children(self.worker):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def cut_off(world: World, few: Readers, some: Readers, step: str, pooled: bool) -> Result:
    """One is cut off at a step of its send, and comes back when the other has sent the rest. Then
    it changes nothing of that; and alone it sends the next issue."""
    if why := missing():
        return "skipped", 0, 0, why
    reset()
    with on_a_network(world, pooled) as (stays, goes):
        world.mode("slow", 1)
        mailing = world.approve(some.newsletter)
        until(lambda: len(world.accepted(mailing)) > 5 * PER_CALL, "nothing is sent", START)
        (goes.armed / f"stop {step}").touch()
        until(lambda: not list(goes.armed.iterdir()), "step not reached")
        goes.cut_off()
        goes.wake()
        waited = stood_still(world, mailing)
        world.mode("", 0)
        until(lambda: world.status(mailing) == "sent", "the other one waits", START)
        left = state_of(mailing)
        goes.connect_again()
        time.sleep(BEATS)
        stale = state_of(mailing) != left
        world.stop(stays.worker)
        following = world.approve(few.newsletter)
        until(lambda: world.status(following) == "sent", "who was cut off does not work", START)
        status = world.status(following)
    found = (world.verdict(mailing, some.emails), world.verdict(following, few.emails))
    lost, doubled = map(sum, zip(*found, strict=True))
    remark = f"the other stood still for {waited:.0f} s at most"
    if stale or waited >= GONE_ON:
        status = "written over" if stale else "stood still"
    return status, lost, doubled, remark


def stood_still(world: World, mailing: int) -> float:
    """The longest time in which nobody got a mail, until three more calls have been made."""
    longest, last, moved = 0.0, time.monotonic(), 0
    had = len(world.accepted(mailing))
    while moved < 3 and longest < GONE_ON and world.status(mailing) != "sent":
        time.sleep(BEAT)
        if (now := len(world.accepted(mailing))) > had:
            moved, had, last = moved + 1, now, time.monotonic()
        longest = max(longest, time.monotonic() - last)
    return longest


def state_of(mailing: int) -> list[Any]:
    """All that a host which comes back could write over."""
    from subscriptions.models import Batch

    fields = ("pk", "status", "claim_token", "tries", "provider_id", "excluded_ids", "size")
    return list(Batch.objects.filter(mailing=mailing).order_by("pk").values_list(*fields))


# --- The network, and the servers on it -----------------------------------------------------


@contextmanager
def on_a_network(world: World, pooled: bool) -> Iterator[tuple[Host, Host]]:
    hosts = Host(world, 2), Host(world, 3)
    unplug(hosts)
    world.stop("worker")
    started = []
    try:
        run(*f"ip link add {SWITCH} type bridge".split())
        run(*f"ip addr add {SHARED}/24 dev {SWITCH}".split())
        run(*f"ip link set {SWITCH} up".split())
        for host in hosts:
            host.plug_in()
        addresses = serve(world, pooled)
        for host in hosts:
            host.start(addresses)
            started += [host.worker, host.beat]
        yield hosts
    finally:
        for name in [name for name in (*started, "pgbouncer") if name in world.running]:
            world.stop(name, signal.SIGKILL)
        unplug(hosts)
        stop_servers(world)
        world.start_postgres()
        world.start_redis()
        world.start_sink()
        world.start_worker(10)


def stop_servers(world: World) -> None:
    from django.db import connection

    connection.close()
    for name in ("postgres", "redis", "sink"):
        world.stop(name, signal.SIGINT if name == "postgres" else signal.SIGTERM)


def unplug(hosts: tuple[Host, ...]) -> None:
    """Also what a run before has left behind. A network by itself goes when the kernel has time."""
    links = [["link", "del", name] for name in (*(host.name for host in hosts), SWITCH)]
    networks = [["netns", "del", host.name] for host in hosts]
    for words in (*links, *networks):
        subprocess.run(["ip", *words], stderr=subprocess.DEVNULL, check=False)


def serve(world: World, pooled: bool) -> dict[str, str]:
    """All servers anew, on the network too; where they are."""
    from newsroom.devserver import engines

    stop_servers(world)
    rules = engines.sockets() / "pg_hba.conf"
    rules.write_text(f"local all all trust\nhost all all {NET} trust\n")
    lines = [line.replace(" ", "") for line in read("postgresql.conf").splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    switches = [word for line in said for word in ("-c", line)]
    command = [*engines.postgres_command(), *switches, "-h", SHARED, "-c", f"hba_file={rules}"]
    world.start("postgres", command)
    engines.wait_for_postgres()
    port = str(free_port())
    over = ["--port", port, "--bind", SHARED, "--protected-mode", "no"]
    world.start("redis", [*engines.redis_command(), *over])
    engines.wait_for_redis()
    sink = world.sink.rpartition(":")[2]
    world.start_sink(SHARED)
    database = f"{SHARED}:{pgbouncer(world) if pooled else 5432}"
    return {
        "DATABASE_URL": f"postgres://postgres@{database}/newsroom",
        "REDIS_URL": f"redis://{SHARED}:{port}/0",
        "MAIL_SANDBOX_URL": f"http://{SHARED}:{sink}",
    }


def pgbouncer(world: World) -> int:
    """The one of ``deploy/``, but for its addresses and passwords; its port."""
    from newsroom.devserver import engines

    run_, port = engines.sockets(), free_port()
    settings = ConfigParser(inline_comment_prefixes=None, comment_prefixes=(";",))
    settings.read_string(read("pgbouncer.ini"))
    settings["databases"]["newsroom"] = f"host={run_} user=postgres"
    settings["pgbouncer"].update(
        listen_addr=SHARED, listen_port=str(port), auth_type="any", unix_socket_dir=str(run_),
        logfile="", pidfile="",
    )  # fmt: skip
    del settings["pgbouncer"]["auth_file"]
    file = run_ / "two-hosts.ini"
    with file.open("w") as written:
        settings.write(written)
    drop = ["setpriv", "--pdeathsig=TERM", f"--reuid={run_.owner()}", f"--regid={run_.group()}"]
    program = path_of("pgbouncer") or "pgbouncer"
    world.start("pgbouncer", [*drop, "--clear-groups", program, str(file)])
    engines.wait_for_socket(run_ / f".s.PGSQL.{port}", "PgBouncer")
    return port


def read(name: str) -> str:
    return (ROOT / "deploy" / name).read_text()

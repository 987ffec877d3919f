"""The tests' own world, a pytest plugin: loaded before Django's settings are read.

Real PostgreSQL and Redis in ``var/test-…``; both sandboxes on free ports as processes of their
own. No variable of the developer's shell reaches the tests.
"""

import os
import random
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import pgbouncer, worlds

ROOT = worlds.ROOT
# Each process of a run has a world of its own, and so has each run with a name of its own.
WORLD = os.environ.get("TEST_WORLD", "one") + os.environ.get("PYTEST_XDIST_WORKER", "")
# Set: PostgreSQL is reached through PgBouncer (`make chaos`).
PGBOUNCER = "PGBOUNCER" in os.environ
REPLACED = ("DATABASE_URL", "REDIS_URL", "MAIL_PROVIDER", "STRIPE_SECRET_KEY", "PRODUCTION")


# Below the ports that the kernel hands out for outgoing connections: one of those could be taken
# between our asking and the server's start. Neighbours choose among others.
PORTS = range(20_000 + zlib.crc32(WORLD.encode()) % 16, 32_000, 16)
given: set[int] = set()


def free_port() -> int:
    """Another one each time: two servers that are not up yet must not be told the same."""
    while True:
        port = random.choice([port for port in PORTS if port not in given])
        given.add(port)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def use_own_world(folder: str) -> None:
    """Point the environment at a world in ``var/<folder>`` on ports that are free now."""
    for name in REPLACED:
        os.environ.pop(name, None)
    os.environ["NEWSROOM_VAR"] = str(ROOT / "var" / folder)
    os.environ["BASE_URL"] = f"http://127.0.0.1:{free_port()}"
    os.environ["STRIPE_SANDBOX_URL"] = f"http://127.0.0.1:{free_port()}"
    os.environ["MAIL_SANDBOX_URL"] = f"http://127.0.0.1:{free_port()}"
    os.environ["MAIL_PROBE_SECONDS"] = "1,1,1"
    os.environ["MAIL_LEASE_SECONDS"] = "8"


use_own_world(f"test-{WORLD}")
if PGBOUNCER:  # before Django's settings are read
    from newsroom.devserver.engines import sockets

    os.environ["DATABASE_URL"] = pgbouncer.url(sockets())
running = ExitStack()
PRODUCTS = ("tests/browser/", "tests/faults/")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # it only hands out tests
    from newsroom.devserver import engines  # it looks where the world is

    worlds.place(worlds.migrated(), engines.VAR)
    running.enter_context(engines.servers())
    if PGBOUNCER:
        log = engines.VAR / "pgbouncer.log"
        running.enter_context(pgbouncer.pgbouncer(engines.sockets(), log))
        engines.wait_for_socket(engines.sockets() / f".s.PGSQL.{pgbouncer.PORT}", "PgBouncer")


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Whoever is free gets the next file; tests of a running product stay in one world."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((place for place in PRODUCTS if file.startswith(place)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()


@pytest.fixture(scope="session")
def stripe_sandbox() -> Iterator[str]:
    """A running Stripe sandbox that sends no webhooks; its address."""
    url = os.environ["STRIPE_SANDBOX_URL"]
    with start_sandbox("donations.sandbox.app", url, "stripe-test.sqlite3"):
        yield url


@pytest.fixture(scope="session")
def mail_sandbox() -> Iterator[str]:
    """A running mail sandbox that sends no webhooks; its address."""
    url = os.environ["MAIL_SANDBOX_URL"]
    with start_sandbox("subscriptions.sandbox.app", url, "mail-test.sqlite3"):
        yield url


@contextmanager
def start_sandbox(app: str, url: str, file: str, **more: str) -> Iterator[None]:
    """A sandbox at that address, with nothing in it; ``more`` is for its environment."""
    path = Path(os.environ["NEWSROOM_VAR"]) / file
    for leftover in path.parent.glob(f"{file}*"):
        leftover.unlink()
    port = url.rpartition(":")[2]
    process = subprocess.Popen(
        # fmt: off
        [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--blocking-threads",
            "4",
            "--log-level",
            "error",
            "--no-ws",
            f"{app}:application",
        ],
        # fmt: on
        env=os.environ
        | {"SANDBOX_FILE": str(path), "SANDBOX_URL": url, "SANDBOX_RATE": "100000"}
        | more,
        cwd=ROOT,
    )
    try:
        wait_for_port(int(port))
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")

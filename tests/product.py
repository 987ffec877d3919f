"""The whole product as `make up` runs it, in a world of its own, for browser and fault tests."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from tests import worlds
from tests.environment import ROOT, WORLD, free_port, wait_for_port

FIRST_START_SECONDS = 240


class Product:
    """A running ``manage.py up``."""

    def __init__(self, folder: str) -> None:
        self.var = ROOT / "var" / folder
        self.web, self.stripe, self.mail = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
        self.environment = os.environ | {
            "NEWSROOM_VAR": str(self.var),
            "BASE_URL": self.web,
            "STRIPE_SANDBOX_URL": self.stripe,
            "MAIL_SANDBOX_URL": self.mail,
            "MAIL_LEASE_SECONDS": "10",
            "MAIL_PROBE_SECONDS": "2,2,2",
            "SENDER_DOMAINS": "mail.example.org",
            "PYTHONUNBUFFERED": "1",
        }
        self.log = self.var / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT, env=self.environment, stdout=self.log.open("ab"), stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        for url in (self.web, self.stripe, self.mail):
            wait_for_port(int(url.rpartition(":")[2]), FIRST_START_SECONDS)
        self.until(lambda: "Ctrl-C" in self.output(), FIRST_START_SECONDS)

    def move_keys(self) -> None:
        """Into one file, as in production."""
        own = {name: self.var / "secrets" / name for name in ("django", "privacy", "blind-index")}
        django, privacy, index = (file.read_text() for file in own.values())
        keys = self.var / "keys.env"
        django *= 2  # as newsroom/settings.py has it
        keys.write_text(f"SECRET_KEY={django}\nPRIVACY_KEYS=1:{privacy}\nBLIND_INDEX_KEY={index}\n")
        for file in own.values():
            file.unlink()
        self.environment["KEYS_FILE"] = str(keys)

    def manage(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment, input=typed, capture_output=True, text=True,
        )  # fmt: skip

    def stop(self) -> int:
        """Ctrl-C, and wait; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def children(self) -> list[psutil.Process]:
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, *words: str) -> list[psutil.Process]:
        """The processes below `up` whose command line holds all the words, oldest first."""
        found = [p for p in self.children() if all(w in command_of(p) for w in words)]
        return sorted(found, key=lambda process: process.create_time())

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=str(self.socket_folder()), user="postgres", dbname="newsroom", autocommit=True
        ) as db:
            cursor = db.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def socket_folder(self) -> Path:
        return self.var / "run"

    def call(self, task: str) -> None:
        """Let a beat job come early."""
        command = [sys.executable, "-m", "celery", "-A", "newsroom", "call", task]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True)

    def mails(self, address: str) -> list[dict[str, Any]]:
        """The mails to one address, newest first."""
        query = {"to": address, "format": "json"}
        mails = requests.get(self.mail, params=query, timeout=30).json()["mails"]
        return [mail for mail in mails if mail["to"] == address]

    def mail_to(self, address: str, subject: str, seconds: float = 30) -> dict[str, Any]:
        """The newest mail with that in its subject, once it has come."""

        def found() -> list[dict[str, Any]]:
            return [mail for mail in self.mails(address) if subject in mail["subject"]]

        self.until(lambda: bool(found()), seconds)
        return found()[0]

    def until(self, check: Any, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not check():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"Not in {seconds} s. The end of the log:\n{self.output()[-3000:]}"
                )
            time.sleep(0.2)


def command_of(process: psutil.Process) -> str:
    """The command line, "" for a process that has just died."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one too
        return ""


@contextmanager
def running(folder: str, *, keys_file: bool = False) -> Iterator[Product]:
    """A product with demo content, gone afterwards but for its log."""
    product = Product(f"{folder}-{WORLD}")
    shutil.rmtree(product.var, ignore_errors=True)
    worlds.copy(worlds.demo(), product.var)
    if keys_file:
        product.move_keys()
    try:
        product.start()
        yield product
    finally:
        if product.process and product.process.poll() is None:
            product.stop()

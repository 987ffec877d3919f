"""The mail provider of the rehearsal of a deployment: the sandbox, on the machine's own network,
with a file that we read from outside."""

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import requests

from tests.environment import ROOT, wait_for_port

PORT = 8025
INBOX = f"http://127.0.0.1:{PORT}"
STORE = ROOT / "var" / "deployment-mail.sqlite3"


def start_provider(stack: ExitStack) -> None:
    command = ["nice", "-n", "19", sys.executable, "-m", "granian", "--interface", "wsgi"]
    command += ["--no-ws", "--port", str(PORT), "--log-level", "error"]
    process = subprocess.Popen(
        [*command, "subscriptions.sandbox.app:application"],
        cwd=ROOT, env=os.environ | {"SANDBOX_FILE": str(STORE)},
    )  # fmt: skip
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    wait_for_port(PORT, 120)


def copies() -> Counter[str]:
    """Reader -> mails, by the provider's own file."""
    with closing(sqlite3.connect(STORE)) as store:
        query = "SELECT email, count(*) FROM mails WHERE email LIKE 'reader%' GROUP BY email"
        return Counter(dict(store.execute(query)))


def mails_to(address: str) -> list[dict[str, Any]]:
    query = {"to": address, "format": "json"}
    found: list[dict[str, Any]] = requests.get(INBOX, params=query, timeout=60).json()["mails"]
    return found


def until(check: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s"
        time.sleep(2)

"""Lists to take away are read from a replica, a real one here; and without it, if it is away."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection, connections
from wagtail.contrib.redirects.models import Redirect

from newsroom.core.database import REPORTS, reports
from newsroom.devserver import engines
from newsroom.web.exports import rows_of
from subscriptions.demo import make_readers
from subscriptions.transfer import exporting
from tests.newsroom.web.test_exports import Paths

PORT = "5433"  # of the socket's name


@pytest.fixture(scope="module")  # there before a test is allowed its databases
def standby(django_db_setup: None, django_db_blocker: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Of this world's PostgreSQL, streaming; `REPORTS_DATABASE_URL` leads to it."""
    first, data, run = engines.VAR / "postgres", engines.VAR / "standby", engines.sockets()
    pid = int((first / "postmaster.pid").read_text().split()[0])
    programs, owner = Path(psutil.Process(pid).exe()).parent, first.owner()
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    drop: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(data, owner)
        drop = ["setpriv", f"--reuid={owner}", f"--regid={first.group()}", "--clear-groups"]
        drop += ["--pdeathsig=INT"]
    copy = f"pg_basebackup -h {run} -U postgres -D {data} -R -c fast --no-sync".split()
    subprocess.run([*drop, programs / copy[0], *copy[1:]], check=True)
    serve = ["-D", str(data), "-k", str(run), "-h", "", "-p", PORT, "-c", "hot_standby_feedback=on"]
    with (engines.VAR / "standby.log").open("ab") as log:
        process = subprocess.Popen([*drop, programs / "postgres", *serve], stdout=log, stderr=log)
    there = {"PORT": PORT, "OPTIONS": {}, "TEST": {"MIRROR": "default"}}
    connections.settings[REPORTS] = connection.settings_dict | there
    try:
        with django_db_blocker.unblock():
            until(lambda: reports() == REPORTS)
        yield process
    finally:
        end(process)
        connections[REPORTS].close()
        del connections.settings[REPORTS], connections[REPORTS]
        shutil.rmtree(data, ignore_errors=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)  # PostgreSQL: “fast”
    process.wait(60)


def until(true: Any) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def said(alias: str, question: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.mark.rare
@pytest.mark.django_db(transaction=True, databases=["default", REPORTS])
def test_replica_is_asked_and_the_database_when_it_is_away(site: Any, standby: Any) -> None:
    def exported() -> tuple[int, int]:
        readers = list(exporting.lines([site.newsletter]))
        paths = list(rows_of(Paths(), Redirect.objects.order_by("pk"), "csv"))
        return len(readers) - 1, len(paths) - 1

    make_readers(site.newsletter, 3)
    Redirect.objects.create(old_path="/1", redirect_link="/")
    now = said("default", "SELECT pg_current_wal_lsn()")
    until(lambda: said(REPORTS, f"SELECT pg_last_wal_replay_lsn() >= '{now}'"))
    assert exported() == (3, 1)

    said(REPORTS, "SELECT pg_wal_replay_pause()")  # so that it can be told from the database
    make_readers(site.newsletter, 2, first=4)
    Redirect.objects.create(old_path="/2", redirect_link="/")
    assert exported() == (3, 1)

    end(standby)
    assert reports() == "default"
    assert exported() == (5, 2)

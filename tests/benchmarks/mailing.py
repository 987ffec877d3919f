"""What the benchmarks of sending share: readers and a realistic issue, a worker, one send."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from statistics import median
from typing import Any

import psutil

from tests.environment import ROOT

PROCESSES = 2  # as on two cores; the sink shares them
ARTICLES = 10
Figures = dict[str, tuple[float, str]]


def medians(results: list[Figures]) -> Figures:
    return {
        name: (median(result[name][0] for result in results), unit)
        for name, (_, unit) in results[0].items()
    }


def start_worker(stack: ExitStack) -> psutil.Process:
    # fmt: off
    worker = start(
        stack, "-m", "celery", "--quiet", "-A", "newsroom", "worker", "-Q", "mail,default",
        "-c", str(PROCESSES), "--loglevel", "WARNING",
    )
    # fmt: on
    time.sleep(5)
    return worker


def port(name: str) -> str:
    return os.environ[name].rpartition(":")[2]


def start(stack: ExitStack, *arguments: str) -> psutil.Process:
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return psutil.Process(process.pid)


def content(recipients: int) -> tuple[Any, int]:
    """A newsletter with its readers and a realistic issue; and the mail's size in bytes."""
    from subscriptions.issues import rendering
    from tests.factories import make_article, make_issue, make_site

    site = make_site()
    more_readers(site.newsletter, 0, recipients)
    text = "A sentence of a teaser that is about as long as most of them are. " * 4
    articles = [make_article(site.section, deck=text[:290]) for _ in range(ARTICLES)]
    issue = make_issue(site.newsletter, articles, letter=f"<p>{text * 3}</p>")
    rendered = rendering.render_issue(issue)
    return site.newsletter, len(rendered.html) + len(rendered.text)


def more_readers(newsletter: Any, have: int, want: int) -> None:
    """In slices: a million rows at once would take gigabytes here."""
    from subscriptions.demo import make_readers

    for first in range(have, want, 100_000):
        make_readers(newsletter, min(100_000, want - first), first=first + 1)


def send_once(newsletter: Any, recipients: int, sender: psutil.Process) -> Figures:
    from django.db import connection
    from django.utils import timezone

    from newsroom.models import ArticlePage
    from subscriptions.models import Mailing
    from subscriptions.sending import freezing
    from subscriptions.tasks import start_mailing
    from tests.factories import make_issue

    issue = make_issue(newsletter, list(ArticlePage.objects.all()[:ARTICLES]))
    mailing = freezing.approve(issue, None, timezone.now())
    grown, used = database_bytes(connection), cpu(sender)
    began = time.perf_counter()
    start_mailing.delay(mailing.pk)
    frozen = None
    while (status := Mailing.objects.values_list("status", flat=True).get(pk=mailing.pk)) != "sent":
        if frozen is None and status == "sending":
            frozen = time.perf_counter() - began
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    mailing.refresh_from_db()
    assert mailing.progress()["accepted"] == recipients
    memory = max(process.memory_info().rss for process in family(sender))
    return {
        "throughput, end to end": (recipients / seconds, "recipients/s"),
        "send": (seconds, "s"),
        "freeze": (frozen or seconds, "s"),
        "CPU per 1,000, database included": ((cpu(sender) - used) / recipients * 1e6, "ms"),
        "memory of a worker": (memory / 2**20, "MB"),
        "database growth per 1,000,000": (
            (database_bytes(connection) - grown) / recipients * 1e6 / 2**20, "MB",
        ),
    }  # fmt: skip


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def cpu(sender: psutil.Process) -> float:
    """CPU seconds so far of the workers and of PostgreSQL, with their children that have ended."""
    postgres = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "postgres"]
    used = 0.0
    for process in [*family(sender), *postgres]:
        with suppress(psutil.NoSuchProcess):  # a vacuum comes and goes
            times = process.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def database_bytes(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])

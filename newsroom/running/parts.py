"""The parts of a running newsroom: what each does when it is started."""

import os
from collections.abc import Iterable
from functools import partial
from importlib import import_module

from django.conf import settings
from django.urls import get_resolver
from granian.cli import cli as granian

from newsroom.celery import app
from newsroom.closed import watch
from newsroom.running.family import Part
from newsroom.web.front import THREADS

CORES = len(os.sched_getaffinity(0))  # that we may use

# Python's own work goes on in one thread of a process at a time, so each core gets a process: two
# at least, since pages go on while one of them dies; eight at most, by when others are the limit.
WEB_PROCESSES = int(os.environ.get("GRANIAN_WORKERS") or min(max(2, CORES), 8))

# Address and port: GRANIAN_HOST, GRANIAN_PORT (granian's own variables; 127.0.0.1, 8000).
WEB = ["--interface", "asginl", "--log-level", "warning", "--no-ws", "--http", "1"]
WEB += ["--backlog", "4096", "--backpressure", "4096", "--http1-header-read-timeout", "15000"]
# A worker may die of what a library does; then the port has an answer again at once.
WEB += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]

# Queues, and how many processes. Alone are: single mails, so that a confirmation never waits behind
# a freeze, a mailing or a payout; events, which come by the million while the sender is busy.
WORKERS = {
    "worker": ("default,stripe", min(max(2, CORES // 2), 8)),
    "transactional": ("transactional", 1),
    "sender": ("mail", settings.MAIL_SEND_LOOPS),
    "events": ("events", 1),
}
USUAL = {"web": WEB_PROCESSES} | {name: many for name, (_, many) in WORKERS.items()} | {"beat": 1}
NAMES = list(USUAL)

# What the parts would load one after the other.
LOADED = ["celery.app.amqp", "celery.app.log", "celery.app.routes", "celery.apps.beat"]
LOADED += ["celery.apps.worker", "celery.bin.celery", "celery.bin.worker"]
LOADED += ["celery.concurrency.prefork", "celery.worker.consumer", "kombu.transport.redis"]
LOADED += ["granian.server", "newsroom.kept_pages.front"]


def number_of(asked: str) -> tuple[str, int]:
    """Of “sender”, or “sender:4”: the part, and how many processes. Raises KeyError, ValueError."""
    name, _, many = asked.partition(":")
    return name, int(many) if many else USUAL[name]


def part(asked: str) -> tuple[str, Part]:
    """Raises KeyError, ValueError."""
    name, many = number_of(asked)
    if name == "web":
        return name, partial(web, ["--workers", str(many), *WEB, "newsroom.asgi:application"])
    if name == "beat":
        return name, partial(app.start, ["--quiet", "beat", "--pidfile="])
    own = ["-n", f"{name}@%h", "-Q", WORKERS[name][0], "-c", str(many)]
    return name, partial(app.start, ["--quiet", "worker", *own, "--loglevel", "INFO"])


def said(asked: Iterable[str]) -> str:
    """The processes, for who starts them, and what they may want of the database."""
    many = dict(map(number_of, asked))
    each = {"web": sum(THREADS.values()), "beat": 1}  # a worker's process has one or two
    wanted = sum(number * each.get(name, 2) for name, number in many.items())
    listed = ", ".join(f"{name} {number}" for name, number in many.items())
    return f"{CORES} cores; processes: {listed}; up to {wanted} connections to PostgreSQL"


def web(words: list[str]) -> None:
    watch.begin(watch.here)  # its workers look for themselves: newsroom/asgi.py
    granian.main(words, standalone_mode=False, auto_envvar_prefix="GRANIAN")


def load() -> None:
    """All code of ours, and of what runs it. Opens no connection."""
    app.loader.import_default_modules()
    app.finalize()
    for name in LOADED:
        import_module(name)
    assert get_resolver().url_patterns

"""The parts of a running newsroom: what each does when it is started."""

from functools import partial
from importlib import import_module

from django.conf import settings
from django.urls import get_resolver
from granian.cli import cli as granian

from newsroom.celery import app
from newsroom.closed import watch
from newsroom.running.family import Part

# Address and port: GRANIAN_HOST, GRANIAN_PORT (granian's own variables; 127.0.0.1, 8000).
WEB = ["--interface", "asginl", "--log-level", "warning", "--no-ws", "--http", "1"]
WEB += ["--backlog", "4096", "--backpressure", "4096", "--http1-header-read-timeout", "15000"]
# Its one worker may die of what a library does; then the port has an answer again at once.
WEB += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]

# Queues, and how many processes. Alone are: single mails, so that a confirmation never waits behind
# a freeze, a mailing or a payout; events, which come by the million while the sender is busy.
WORKERS = {
    "worker": ("default,stripe", 2),
    "transactional": ("transactional", 1),
    "sender": ("mail", settings.MAIL_SEND_LOOPS),
    "events": ("events", 1),
}
NAMES = ["web", *WORKERS, "beat"]

# What the parts would load one after the other.
LOADED = ["celery.app.amqp", "celery.app.log", "celery.app.routes", "celery.apps.beat"]
LOADED += ["celery.apps.worker", "celery.bin.celery", "celery.bin.worker"]
LOADED += ["celery.concurrency.prefork", "celery.worker.consumer", "kombu.transport.redis"]
LOADED += ["granian.server", "newsroom.kept_pages.front"]


def part(asked: str) -> tuple[str, Part]:
    """Of “sender”, or of “sender:4”, with so many processes. Raises KeyError, ValueError."""
    name, _, many = asked.partition(":")
    if name == "web":
        workers = ["--workers", str(int(many))] if many else []  # or GRANIAN_WORKERS
        return name, partial(web, [*workers, *WEB, "newsroom.asgi:application"])
    if name == "beat":
        return name, partial(app.start, ["--quiet", "beat", "--pidfile="])
    queues, usual = WORKERS[name]
    own = ["-n", f"{name}@%h", "-Q", queues, "-c", str(int(many or usual))]
    return name, partial(app.start, ["--quiet", "worker", *own, "--loglevel", "INFO"])


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

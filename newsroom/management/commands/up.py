"""``manage.py up``: the whole product in one terminal."""

import os
import signal
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from newsroom import local
from newsroom.demo.people import LOGINS
from newsroom.processes import Process, Terminal, until

CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "newsroom"]


def granian(app: str, url: str, threads: int) -> list[str]:
    at = urlsplit(url)
    # fmt: off
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", at.hostname or "",
        "--port", str(at.port or 80), "--blocking-threads", str(threads), "--log-level", "warning",
        "--no-ws", "--workers-kill-timeout", "5", app,  # a request that hangs must not outlive us
    ]
    # fmt: on


class Command(BaseCommand):
    help = "Run everything: database, broker, web, workers, sandboxes. Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_taken_ports()
        terminal = Terminal()
        try:
            self._start_servers(terminal)
            self._prepare()
            for process in services():
                terminal.start(process)
            self._greet(terminal)
        except local.CannotStart as error:
            terminal.stop()
            raise CommandError(str(error)) from error
        except BaseException:
            terminal.stop()
            raise
        sys.exit(terminal.run())

    def _greet(self, terminal: Terminal) -> None:
        """Print the addresses once all of them answer."""
        ready = until(lambda: all(answers(url) for url in self._urls()), seconds=60)
        terminal.flush()
        late = "Not every part answers yet: see the lines above for the reason.\n"
        self.stdout.write(welcome() if ready else late)
        self.stdout.flush()

    def _urls(self) -> list[str]:
        urls = [settings.BASE_URL, settings.STRIPE_SANDBOX, settings.MAIL_SANDBOX]
        return [url for url in urls if url]

    def _refuse_taken_ports(self) -> None:
        for url in self._urls():
            if answers(url):
                raise CommandError(
                    f"Port {urlsplit(url).port} is taken by another program ({url}).\n"
                    "Is another `make up` open? Stop it, or choose other addresses with BASE_URL, "
                    "STRIPE_SANDBOX_URL and MAIL_SANDBOX_URL."
                )

    def _start_servers(self, terminal: Terminal) -> None:
        """Those that no variable replaces by a real service."""
        (local.VAR / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise looks for it
        if not os.environ.get("DATABASE_URL"):
            command = local.postgres_command()
            terminal.start(Process("postgres", command, stop_signal=signal.SIGINT))
        if not os.environ.get("REDIS_URL"):
            terminal.start(Process("redis", local.redis_command()))
        if not os.environ.get("DATABASE_URL"):
            local.wait_for_postgres()
        if not os.environ.get("REDIS_URL"):
            local.wait_for_redis()

    def _prepare(self) -> None:
        from wagtail.models import Site

        call_command("migrate", verbosity=0)
        call_command("roles", verbosity=0)
        if not Site.objects.filter(root_page__slug="front").exists():
            self.stdout.write("First start: loading demo content …")
            call_command("demo")


def worker(name: str, queues: str, processes: int) -> Process:
    own = ["-n", f"{name}@%h", "-Q", queues, "-c", str(processes)]
    return Process(name, [*CELERY, "worker", *own, "--loglevel", "INFO"])


def services() -> list[Process]:
    """The processes of ours, with what each needs to know."""
    found = [
        Process("web", granian("newsroom.wsgi:application", settings.BASE_URL, threads=4)),
        worker("worker", "default,stripe", 2),
        # Alone, so that a confirmation never waits behind a freeze, a mailing or a payout.
        worker("letters", "transactional", 1),
        worker("sender", "mail", 2),
        Process("beat", [*CELERY, "beat", "--pidfile="]),
    ]
    if settings.STRIPE_SANDBOX:
        found.append(
            Process(
                "stripe",
                granian("donations.sandbox.app:application", settings.STRIPE_SANDBOX, threads=4),
                {
                    "SANDBOX_FILE": str(local.VAR / "stripe.sqlite3"),
                    "SANDBOX_URL": settings.STRIPE_SANDBOX,
                    "WEBHOOK_URL": f"{settings.BASE_URL}/webhooks/stripe/",
                    "WEBHOOK_SECRET": settings.STRIPE_WEBHOOK_SECRETS[-1],
                },
            )
        )
    if settings.MAIL_SANDBOX:
        found.append(
            Process(
                "mail",
                granian("subscriptions.sandbox.app:application", settings.MAIL_SANDBOX, threads=4),
                {
                    "SANDBOX_FILE": str(local.VAR / "mail.sqlite3"),
                    "WEBHOOK_URL": f"{settings.BASE_URL}/webhooks/anymail/mailgun/tracking/",
                    "WEBHOOK_KEY": settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"],
                },
            )
        )
    return found


def answers(url: str) -> bool:
    at = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((at.hostname or "127.0.0.1", at.port or 80)) == 0


def welcome() -> str:
    rows = [("The site", settings.BASE_URL), ("The admin", f"{settings.BASE_URL}/admin/")]
    if settings.STRIPE_SANDBOX:
        rows.append(("Stripe sandbox", settings.STRIPE_SANDBOX))
    if settings.MAIL_SANDBOX:
        rows.append(("Inbox of all mail", settings.MAIL_SANDBOX))
    lines = ["", *(f"  {name:<20}{url}" for name, url in rows), ""]
    lines += ["  Demo logins for the admin (password each: the same as the name)"]
    lines += [f"    {login.username:<18}{login.role}" for login in LOGINS]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays.", ""])

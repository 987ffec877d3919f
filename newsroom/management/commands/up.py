"""``manage.py up``: the whole product in one terminal."""

import gc
import os
import signal
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from wagtail.models import Site

from newsroom.address.site import follow
from newsroom.devserver import engines
from newsroom.devserver.services import answers, services, welcome
from newsroom.devserver.terminal import Process, Terminal, until

CODE = ["newsroom", "subscriptions", "donations", "templates"]


class Command(BaseCommand):
    help = "Run everything: database, broker, web, workers, sandboxes. Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reload", action="store_true", help="Begin anew when code changes.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "`make up` is for trying things out: demo content, logins that everybody knows, "
                "sandboxes. docs/deploy.md says what to start with PRODUCTION=true."
            )
        self._refuse_taken_ports()
        terminal = Terminal()
        try:
            self._start_servers(terminal)
            self._prepare()
            for process in services():
                terminal.start(process)
            self._greet(terminal)
            if options["reload"]:
                terminal.watch([settings.BASE_DIR / name for name in CODE])
        except engines.CannotStart as error:
            terminal.stop()
            raise CommandError(str(error)) from error
        except BaseException:
            terminal.stop()
            raise
        gc.freeze()  # the exit need not look through all that was loaded
        sys.exit(terminal.run())

    def _greet(self, terminal: Terminal) -> None:
        """Print the addresses once all of them answer: it says when that takes long."""
        if until(self._all_answer, seconds=60):
            terminal.flush()
            self._welcome()
        else:
            terminal.flush()
            self._write("Not every part answers yet: see the lines above for the reason.\n")
            terminal.when(self._all_answer, self._welcome)

    def _all_answer(self) -> bool:
        return all(answers(url) for url in self._urls())

    def _welcome(self) -> None:
        self._write(welcome())

    def _write(self, text: str) -> None:
        self.stdout.write(text)
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
        (engines.VAR / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise looks for it
        if not os.environ.get("DATABASE_URL"):
            command = engines.postgres_command()
            terminal.start(Process("postgres", command, stop_signal=signal.SIGINT))
        if not os.environ.get("REDIS_URL"):
            terminal.start(Process("redis", engines.redis_command()))
        if not os.environ.get("DATABASE_URL"):
            engines.wait_for_postgres()
        if not os.environ.get("REDIS_URL"):
            engines.wait_for_redis()

    def _prepare(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("roles", verbosity=0)
        follow()
        if not Site.objects.filter(root_page__slug="front").exists():
            self.stdout.write("First start: loading demo content …")
            call_command("demo")

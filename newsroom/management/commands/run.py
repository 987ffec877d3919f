"""``manage.py run``: the newsroom's own processes, out of one that has loaded them all."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.closed import watch
from newsroom.core.environment import start
from newsroom.running import parts
from newsroom.running.family import Family

PATIENCE = 75  # seconds; a call to a provider ends after 60


class Command(BaseCommand):
    help = (
        "Run parts of the newsroom until SIGTERM or Ctrl-C: all of them, or those named, each with "
        "a number of processes if need be (“sender:4”)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(parts.NAMES)
        parser.add_argument("parts", nargs="*", metavar="part", help=f"Of {names}.")
        parser.add_argument(
            "--patience", type=int, default=PATIENCE, help="Seconds to end in; then it is killed."
        )
        parser.add_argument(
            "--output", action="append", default=[], metavar="PART=FD",
            help="An open file that a part's lines go to; for `make up`.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names = options["parts"] or parts.NAMES
            asked, said = dict(map(parts.part, names)), parts.said(names)
        except (KeyError, ValueError) as error:
            raise CommandError(f"No part is called so: {error}. {self.help}") from error
        outputs = {name: int(fd) for name, _, fd in (o.partition("=") for o in options["output"])}
        start.refuse()
        self.stdout.write(said)
        parts.load()
        # Our own memory has the keys, too.
        family = Family(asked, outputs, options["patience"], must_end=watch.here, last="web")
        sys.exit(family.run())

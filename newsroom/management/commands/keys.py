"""``manage.py keys``: the secrets of a deployment, made. Nothing is ever written over."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.core.environment import keys

HEAD = """\
# Keep a copy of these apart from the database and its backups: without PRIVACY_KEYS and
# BLIND_INDEX_KEY nobody reads an address again.
"""


class Command(BaseCommand):
    help = "Make the secrets that are not set yet, as lines for an environment file."
    requires_system_checks: list[str] = []  # which would ask for the keys

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="A new file, which only you can read.")
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--anew", action="store_true", help="Also those that are set: what they sealed is lost."
        )
        which.add_argument(
            "--next", action="store_true", help="PRIVACY_KEYS with one key more, to rotate them."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["next"]:
            made = [keys.next_line(os.environ)]
        else:
            made = keys.lines(os.environ, options["anew"])
        if not made:
            raise CommandError(
                "All keys are set. Others would open nothing of what these have sealed: --next "
                "adds one to PRIVACY_KEYS, --anew makes all of them for another, empty database."
            )
        text = HEAD + "".join(f"{line}\n" for line in made)
        if not options["file"]:
            self.stdout.write(text, ending="")
            return
        try:
            keys.write(Path(options["file"]), text)
        except OSError as error:
            reason = (
                "it is there already, and may hold keys"
                if Path(options["file"]).exists()
                else error
            )
            raise CommandError(f"{options['file']} is not written: {reason}.") from error
        self.stdout.write(f"{options['file']} holds {len(made)} secrets. Only you can read it.")

"""``manage.py escrow``: a copy of the keys to take away, and the proof that it opens."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.accounts import audit
from newsroom.closed import sealed_copy
from newsroom.panic import escrow, putting_back

AFTERWARDS = """
Write the passphrase down by hand: it is not shown again, and nobody can find it out.
Take the file away, on a stick, and give the two to different people. Then bring both once more,
with the file on the stick, and run “manage.py escrow check FILE”. Delete the file here.
"""


class Command(BaseCommand):
    help = "Make an escrow copy of the keys, or prove that one opens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        make = actions.add_parser("make", help="a copy into a new file, and its passphrase")
        make.add_argument("file", type=Path)
        check = actions.add_parser("check", help="open a copy and note what it holds")
        check.add_argument("file", type=Path)
        actions.add_parser("status", help="which copy was seen, and when")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        file: Path = options.get("file", Path())
        try:
            if action == "make":
                self.make(file)
            elif action == "check":
                self.open(file)
            else:
                self.status()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error

    def make(self, file: Path) -> None:
        passphrase = escrow.make(file)
        audit.record(audit.COMMAND, "made an escrow copy of the keys")
        self.stdout.write(f"Passphrase: {passphrase}\n{AFTERWARDS}")

    def open(self, file: Path) -> None:
        copy = file.read_text(errors="replace")
        try:
            seen = escrow.check(sealed_copy.opened(copy, putting_back.ask_passphrase()))
        except sealed_copy.Unopened as reason:
            raise CommandError(str(reason)) from reason
        except escrow.Stale as missing:
            words = f"The copy opens, but lacks {missing}. Make a new one."
            raise CommandError(words) from missing
        audit.record(audit.COMMAND, "opened an escrow copy of the keys: it holds all")
        self.stdout.write(f"The copy opens, and holds all keys in use: {len(seen.fingerprints)}.")

    def status(self) -> None:
        seen = escrow.last_check()
        if seen is None:
            missing = ", ".join(escrow.without_copy())
            raise CommandError(f"No copy that was checked holds {missing}.")
        self.stdout.write(f"A copy with all keys in use was opened {seen.checked_at:%-d %B %Y}.")

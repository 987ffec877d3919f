"""``manage.py audit verify``: does each entry of the audit log follow from the one before?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from newsroom.accounts import audit


class Command(BaseCommand):
    help = "Verify the audit log. Note the head somewhere else: with it a cut-off end shows."

    def add_arguments(self, parser: CommandParser) -> None:
        verify = parser.add_subparsers(required=True).add_parser("verify", help=self.help)
        verify.add_argument("--head", default="", help="one that an earlier run has shown")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify(options["head"])
        if entry := verdict.broken:
            when = timezone.localtime(entry.at)
            raise CommandError(
                f"Entry {entry.pk} of {when:%-d %B %Y, %H:%M} does not follow from the "
                f"{verdict.entries} before it: one was changed, taken out or put in."
            )
        if not verdict.knows:
            raise CommandError(
                f"The {verdict.entries} entries follow from each other, but the head that you gave "
                "is not among them: the end of the log was cut off since."
            )
        self.stdout.write(f"{verdict.entries} entries, each follows from the one before.")
        self.stdout.write(f"Head: {verdict.head or 'none yet'}")

"""``manage.py recover FILE``: open the newsroom again. manage.py has put the keys back before."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.accounts import audit
from newsroom.closed import keys_file
from newsroom.panic import reopening

BY_HAND = (
    "Links and sessions from before would work again. Set a new SECRET_KEY, empty "
    "SECRET_KEY_FALLBACKS, append today’s day to LINKS_REVOKED, everywhere. Then run it again."
)
ONCE_MORE = "KEYS_FILE has a new SECRET_KEY now. Copy it to all machines, and run it once more."
OTHER = (
    "The newsroom is open, with another SECRET_KEY. Copy KEYS_FILE from the machine it has that."
)


class Command(BaseCommand):
    help = "Open the newsroom again after “manage.py panic”, with the escrow copy FILE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="the escrow copy, if keys were destroyed here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(reopening.reopen(audit.COMMAND))
        except reopening.OtherKeys as error:
            raise CommandError(OTHER) from error
        except reopening.StillOld as error:
            if keys_file.path() is None:
                raise CommandError(BY_HAND) from error
            reopening.renew()
            self.stdout.write(ONCE_MORE)
            return
        self.stdout.write("\nWhat is left to do:")
        for words in reopening.NEXT:
            self.stdout.write(f"- {words}")

"""``manage.py backup``: the database and the uploads, sealed, into a folder."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.backups import backup, place
from newsroom.backups.place import NotReady
from newsroom.backups.postgresql import Failed


class Command(BaseCommand):
    help = "Back up the database and the uploads, sealed with BACKUP_KEY; forget old backups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", default="", help="instead of BACKUP_DIR")
        parser.add_argument("--keep-all", action="store_true", help="Forget none of the old ones.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folder = place.folder(options["folder"])
            made = backup.make(folder)
            gone = [] if options["keep_all"] else backup.forget(folder)
        except (NotReady, Failed, OSError) as error:
            raise CommandError(str(error)) from error
        size = sum(path.stat().st_size for path in made.iterdir())
        self.stdout.write(f"{made} ({size / 1e6:,.1f} MB)")
        for path in gone:
            self.stdout.write(f"forgotten: {path.name}")

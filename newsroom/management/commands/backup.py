"""``manage.py backup``: the database and the uploads, sealed, into a folder."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.backups import backup, made, place
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
            new = backup.make(folder)
            made.note(new.name)
            gone = [] if options["keep_all"] else backup.forget(folder)
        except (NotReady, Failed, OSError) as error:
            raise CommandError(str(error)) from error
        size = sum(path.stat().st_size for path in new.iterdir())
        self.stdout.write(f"{new} ({size / 1e6:,.1f} MB)")
        for path in gone:
            self.stdout.write(f"forgotten: {path.name}")

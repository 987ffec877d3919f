"""``manage.py backup``: the database and the uploads, sealed, into a folder or a bucket."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.backups import backup, chosen, made
from newsroom.backups.place import NotReady
from newsroom.backups.postgresql import Failed


class Command(BaseCommand):
    help = "Back up the database and the uploads, sealed with BACKUP_KEY; forget old backups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", default="", help="or s3://…, instead of BACKUP_DIR")
        parser.add_argument("--keep-all", action="store_true", help="Forget none of the old ones.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with chosen.opened(options["folder"]) as there:
                new = backup.make(there)
                made.note(new)
                gone = [] if options["keep_all"] else backup.forget(there)
                size = sum(file.size for file in there.files() if file.backup == new)
        except (NotReady, Failed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{there}/{new} ({size / 1e6:,.1f} MB)")
        for name in gone:
            self.stdout.write(f"forgotten: {name}")

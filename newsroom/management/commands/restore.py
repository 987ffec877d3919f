"""``manage.py restore``: back from a backup; then see docs/how-to/back-up-and-restore.md."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.backups import chosen, place, restore
from newsroom.backups.place import NotReady, Place
from newsroom.backups.postgresql import Failed
from newsroom.backups.sealing import Damaged


class Command(BaseCommand):
    help = "Restore a backup; afterwards nothing leaves until it is released."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="of a backup; without one they are listed")
        parser.add_argument("--folder", default="", help="or s3://…, instead of BACKUP_DIR")
        parser.add_argument("--check", action="store_true", help="Look through it, change nothing.")
        parser.add_argument("--replace", action="store_true", help="What is there now is lost.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with chosen.opened(options["folder"]) as there:
                self._do(there, options)
        except (NotReady, Damaged, Failed, OSError) as error:
            raise CommandError(str(error)) from error

    def _do(self, there: Place, options: dict[str, Any]) -> None:
        whole, name = [*place.whole(there).values()], options["name"]
        if name is None:
            self.stdout.write("\n".join(whole) or "No backup is there.")
            return
        if name == "newest" and whole:
            name = whole[-1]
        if name not in whole:
            raise NotReady(f"There is no whole backup {name}.")
        if options["check"]:
            made = restore.check(there, name)["made"]
            self.stdout.write(f"{name} is whole, made {made}.")
            return
        restore.restore(there, name, replace=options["replace"])
        self.stdout.write(
            f"{name} is restored. Start everything, then decide under “After a restore” in the "
            "admin, or with manage.py after_restore, what goes out."
        )

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsroom.publishing import upload_cleaning


class Command(BaseCommand):
    help = (
        "Clean the pictures and documents that are there already, make missing renditions, "
        "remove files that nothing names. Safe to stop, and to run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = upload_cleaning.run(self.stdout.write)
        self.stdout.write(f"{done.cleaned} cleaned, {done.removed} leftovers removed.")
        if done.failed:
            raise CommandError(f"{done.failed} could not be cleaned, and are as they were.")

"""``manage.py compilemessages``: Django's, by Babel. The first start does it, too."""

from typing import Any

from django.core.management.base import BaseCommand

from newsroom.core import catalogues


class Command(BaseCommand):
    help = "Compile the translations in locale/ that have changed."

    def handle(self, *args: Any, **options: Any) -> None:
        catalogues.compile_stale()

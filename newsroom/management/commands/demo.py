"""``manage.py demo``: fill an empty database with a made-up newsroom."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.module_loading import import_string

from newsroom.models import HomePage

# Each app loads its own; named as strings, since newsroom imports neither of the others.
LOADERS = ["newsroom.demo.load.load", "subscriptions.demo.load", "donations.demo.load"]


class Command(BaseCommand):
    help = "Load the demo newsroom: articles, newsletter, readers, an appeal, logins."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The demo has logins whose passwords everybody knows: not with PRODUCTION=true."
            )
        if HomePage.objects.exists():
            raise CommandError("There is content already: demo content goes into an empty system.")
        with transaction.atomic():
            for loader in LOADERS:
                import_string(loader)()

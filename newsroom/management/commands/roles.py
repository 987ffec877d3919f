"""``manage.py roles``: the groups of staff and what each may do. Safe to run again."""

from typing import Any

from django.core.management.base import BaseCommand

from newsroom.staff import roles


class Command(BaseCommand):
    help = "Create or update the groups Editors and Finance with their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.grant()

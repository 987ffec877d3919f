"""``manage.py roles``: the groups of staff, what each may do, and the workflow of articles. Safe to
run again."""

from typing import Any

from django.core.management.base import BaseCommand

from newsroom.editing import approval
from newsroom.staff import roles


class Command(BaseCommand):
    help = "Create or update the groups of staff with their permissions, and the workflow."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.grant()
        approval.make_workflow()

"""``manage.py mailing status|pause|resume|cancel ID``: the desk's buttons in the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from subscriptions.models import Mailing
from subscriptions.sending import engine
from subscriptions.tasks import start_send_loops


class Command(BaseCommand):
    help = "Show, pause, resume or cancel a mailing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["status", "pause", "resume", "cancel"])
        parser.add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            mailing = Mailing.objects.get(pk=options["id"])
        except Mailing.DoesNotExist as error:
            raise CommandError(f"There is no mailing {options['id']}.") from error
        action = options["action"]
        if action == "pause" and not mailing.pause_by_hand():
            raise CommandError(f"It is {mailing.status}: only a mailing being sent can be paused.")
        if action == "cancel" and not engine.cancel(mailing):
            raise CommandError(f"It is {mailing.status}: there is nothing to cancel.")
        if action == "resume":
            if not engine.resume(mailing, timezone.now()):
                raise CommandError(f"It is {mailing.status}: only a paused mailing is resumed.")
            start_send_loops.delay()
        mailing.refresh_from_db()
        self.stdout.write(f"{mailing.subject or mailing.issue.subject}: {mailing.status}")
        for name, number in mailing.progress().items():
            if number:
                self.stdout.write(f"  {name:<12}{number:>12,}")
        if mailing.problem:
            self.stdout.write(f"  {mailing.problem}")

"""``manage.py after_restore``: what is held after a restore, and decisions about it.

As “After a restore” in the admin, for who has a terminal only.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.accounts import audit
from newsroom.hold import gate, items
from newsroom.hold.items import NotNow
from newsroom.models import Hold
from newsroom.release import after_restore


class Command(BaseCommand):
    help = "Show what is held after a restore; release it or drop it, item by item."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--release", action="append", default=[], metavar="ITEM")
        parser.add_argument("--drop", action="append", default=[], metavar="ITEM")
        parser.add_argument(
            "--hold", action="store_true", help="Hold everything now, as after a restore."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["hold"]:
            audit.record(audit.COMMAND, "held everything as after a restore")
            gate.begin(gate.BY_HAND)
        gate.look()
        for how in ("release", "drop"):
            for key in options[how]:
                self._decide(how, key)
        self._show()

    def _decide(self, how: str, key: str) -> None:
        audit.record(audit.COMMAND, "decided after a restore", why=f"{how} {key}")
        try:
            item = after_restore.decide(key, how)
        except NotNow as reason:
            raise CommandError(f"{key}: {reason}") from reason
        self.stdout.write(f"{how}: {item.title}")

    def _show(self) -> None:
        hold = Hold.objects.open()
        if hold is None:
            self.stdout.write("Nothing is held.")
            return
        self.stdout.write(f"{hold.why} Held since {hold.began_at:%Y-%m-%d %H:%M %Z}.")
        if not hold.gathered_at:
            self.stdout.write("The list is not complete yet: a worker looks up what is due.")
        for item in items.held():
            self.stdout.write(f"\n{item.key}\n  {item.title}")
            for line in (*item.facts, item.record()):
                self.stdout.write(f"  {line}")

"""``manage.py panic``: close the newsroom (docs/how-to/panic.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.accounts import audit
from newsroom.panic import steps

WORD = "close"
SENTENCE = "nobody can ever read this again"


class Command(BaseCommand):
    help = "Close the newsroom: nothing leaves, nobody is signed in, the keys here are destroyed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="ask nothing")
        parser.add_argument(
            "--without-escrow",
            action="store_true",
            help="destroy keys of which nobody has a copy; asks for a sentence, also with --yes",
        )

    def handle(self, *args: Any, yes: bool, without_escrow: bool, **options: Any) -> None:
        if without_escrow:
            self.ask(f"All that is sealed will be lost. Type “{SENTENCE}”: ", SENTENCE)
        elif not yes:
            self.ask(f"Type “{WORD}” to close the newsroom: ", WORD)
        good = True
        for number, step in enumerate(steps.close(audit.COMMAND, without_escrow=without_escrow), 1):
            sign = "done" if step.done else "NOT DONE"
            self.stdout.write(f"{number}. {step.title}: {sign}: {step.words}")
            good = good and step.done
        self.stdout.write("\nWhat remains with people:")
        for words in steps.LEFT_TO_PEOPLE:
            self.stdout.write(f"- {words}")
        if not good:
            raise CommandError("Not everything is done. Put it right, and run it again.")

    def ask(self, words: str, wanted: str) -> None:
        if input(words).strip().strip('“”"').lower() != wanted:
            raise CommandError("Nothing is done.")

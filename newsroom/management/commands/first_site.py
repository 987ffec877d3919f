"""``manage.py first_site``: a newsroom's own site, and its first administrator."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.accounts.models import User
from newsroom.core import languages
from newsroom.first_steps import site
from newsroom.first_steps.site import Question
from newsroom.staff.emails import password_link
from newsroom.web.http import absolute_url

LOGIN = Question("admin", "The first administrator’s login (need not be a name)")
EMAIL = Question("email", "Their e-mail address", needed=True, only_with="admin")


class Command(BaseCommand):
    help = "Make a newsroom's own site in an empty database, and invite its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        asked = [question for part in site.parts() for question in part.questions]
        for question in [*asked, LOGIN, EMAIL]:
            parser.add_argument(f"--{question.name}", help=question.words)
        parser.add_argument("--no-input", action="store_true", help="Ask nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.ask = sys.stdin.isatty() and not options["no_input"]
        if site.is_there():
            self.stdout.write("There is a site already: it stays as it is.")
        else:
            asked = [question for part in site.parts() for question in part.questions]
            self.make(self.answers(asked, options))
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            self.stdout.write("There is an administrator already.")
        else:
            self.invite(self.answers([LOGIN, EMAIL], options))
        self.stdout.write(f"What is left to do: {absolute_url('first_steps')}")

    def make(self, answers: dict[str, str]) -> None:
        try:
            made = site.make(answers)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        for line in made:
            self.stdout.write(f"  {line}.")
        if answers["language"] != languages.OWN:
            self.stdout.write(f"Now set SITE_LANGUAGE={answers['language']}, too.")

    def invite(self, answers: dict[str, str]) -> None:
        login = answers["admin"]
        if not login:
            self.stdout.write("Nobody can sign in yet: run this again, with --admin and --email.")
            return
        call_command("staff", "invite", login, role="Administrator", email=answers["email"])
        link = password_link(User.objects.get(username=login))
        self.stdout.write(
            f"{login} chooses a password here, once, within three days:\n{link}\n"
            f"(The site has to run for that, at {settings.BASE_URL}.)"
        )

    def answers(self, questions: list[Question], options: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for question in questions:
            wanted = not question.only_with or found[question.only_with]
            found[question.name] = self.answer(question, found, options) if wanted else ""
        return found

    def answer(self, question: Question, before: dict[str, str], options: dict[str, Any]) -> str:
        """By the option; else asked for, until it will do; else the default."""
        given, default = options[question.name.replace("-", "_")], question.default(before)
        while True:
            try:
                if given is None and self.ask:
                    given = input(f"{question.words}{f' [{default}]' if default else ''}: ")
                return question.read(given or default)
            except ValidationError as error:
                if not self.ask:
                    raise CommandError(f"--{question.name}: {error.messages[0]}") from error
                self.stdout.write(error.messages[0])
                given = None

"""``manage.py staff``: who works here. Addresses are asked for, so that no shell keeps them."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from newsroom.accounts import audit
from newsroom.accounts.models import User
from newsroom.panic import travel
from newsroom.staff import people, roles

DO = {
    "disable": (people.disable, "signed out everywhere, and can't sign in"),
    "travel": (lambda user: travel.begin(user, audit.COMMAND), "sees nothing: travel mode"),
    "back": (lambda user: travel.end(user, audit.COMMAND), "is back from travel mode"),
    "forget-factors": (people.forget_second_factors, "signs in with the password alone, once"),
}


class Command(BaseCommand):
    help = "Invite a colleague, disable an account, or forget a lost second factor."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        invite = actions.add_parser("invite", help="an account, and a mail to choose a password")
        invite.add_argument("login", help="what they sign in with; need not be their name")
        invite.add_argument("--role", choices=[*roles.ROLES, "Administrator"], required=True)
        invite.add_argument("--email", help="asked for when left out")
        for action, (_, words) in DO.items():
            actions.add_parser(action, help=words).add_argument("login")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "invite":
            return self.invite(options["login"], options["role"], options["email"])
        user = User.objects.filter(username=options["login"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as “{options['login']}”.")
        do, words = DO[options["action"]]
        with transaction.atomic():
            try:
                do(user)
            except travel.NobodyElse as error:
                raise CommandError(travel.ALONE) from error
            audit.record(audit.COMMAND, f"{options['action']}: {words}", user.username)
        self.stdout.write(f"{user.username}: {words}.")
        return None

    def invite(self, login: str, role: str, email: str | None) -> None:
        email = (email or input("E-mail address: ")).strip()
        try:
            validate_email(email)
            User.username_validator(login)
            User(username=login).clean()
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        roles.grant()
        group = Group.objects.filter(name=role).first()
        try:
            user = people.invite(email, login, group)
        except IntegrityError as error:
            raise CommandError(f"“{login}” is somebody else’s login.") from error
        if role == "Administrator":
            User.objects.filter(pk=user.pk).update(is_superuser=True)
        audit.record(audit.COMMAND, f"invited a colleague as {role}", user.username)
        self.stdout.write(f"{user.username}: invited as {role}. Their mail has the link.")

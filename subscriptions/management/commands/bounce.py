"""``manage.py bounce ADDRESS < mail``: what the mail server pipes into us: bounces, complaints, and
readers' wishes to leave."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.core.tokens import BadToken
from subscriptions.readers import by_mail
from subscriptions.tracking import feedback

MOST_BYTES = 1_000_000  # a report begins with what we need


class Command(BaseCommand):
    help = (
        "Read a bounce, a complaint or a wish to leave from standard input; "
        "ADDRESS is where it came to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        mail = sys.stdin.buffer.read(MOST_BYTES)
        try:
            if leaver := by_mail.subscription_of(options["address"]):
                by_mail.leave(leaver, mail)
            else:
                feedback.told_by_mail(options["address"], mail)
        except BadToken as error:
            raise CommandError(
                "That is not a return path of ours, nor a complaint about a mail of ours."
            ) from error

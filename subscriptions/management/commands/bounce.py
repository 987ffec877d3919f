"""``manage.py bounce RETURN_PATH < report``: what the mail server pipes bounces into."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.core.tokens import BadToken
from subscriptions.sending.smtp import read_return_path
from subscriptions.tracking import feedback

MOST_BYTES = 1_000_000  # a report begins with what we need


class Command(BaseCommand):
    help = "Read a bounce from standard input; RETURN_PATH is the address it came to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("return_path")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            mailing_id, subscriber_id = read_return_path(options["return_path"])
        except BadToken as error:
            raise CommandError("That is not a return path of ours.") from error
        feedback.bounced_by_mail(mailing_id, subscriber_id, sys.stdin.buffer.read(MOST_BYTES))

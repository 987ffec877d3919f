"""``manage.py bounce ADDRESS < mail``: what the mail server pipes bounces and complaints into."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.core.tokens import BadToken
from subscriptions.tracking import feedback

MOST_BYTES = 1_000_000  # a report begins with what we need


class Command(BaseCommand):
    help = "Read a bounce or a complaint from standard input; ADDRESS is where it came to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            feedback.told_by_mail(options["address"], sys.stdin.buffer.read(MOST_BYTES))
        except BadToken as error:
            raise CommandError(
                "That is not a return path of ours, nor a complaint about a mail of ours."
            ) from error

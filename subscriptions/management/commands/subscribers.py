"""``manage.py subscribers import|export|erase|count``: the list in the terminal.

Addresses are asked for, so that no shell keeps them and no other process sees them.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Count

from newsroom.accounts import audit
from subscriptions.models import Newsletter, ReaderCount, Subscriber, Subscription
from subscriptions.readers import erasure
from subscriptions.transfer import exporting, in_terminal

Say = Callable[[str], object]


class SubCommand(NamedTuple):
    help: str
    arguments: Callable[[CommandParser], None]
    run: Callable[[dict[str, Any], Say], None]


def chosen(slugs: list[str]) -> list[Newsletter]:
    """Those of these slugs; all, without any."""
    found = Newsletter.objects.live()
    if missing := set(slugs) - set(found.values_list("slug", flat=True)):
        raise CommandError(f"No such newsletter: {', '.join(sorted(missing))}.")
    return list(found.filter(slug__in=slugs) if slugs else found)


def of_newsletters(parser: CommandParser) -> None:
    words = "its slug, as in its address; several times for several; none: all"
    parser.add_argument("--newsletter", action="append", default=[], help=words)


# --- export ---------------------------------------------------------------------------------


def export_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", help="a new file; “-”: the terminal")
    parser.add_argument("--why", required=True, help="for the audit log, without names")
    parser.add_argument("--status", action="append", choices=exporting.ALL, default=[])
    of_newsletters(parser)


def export(options: dict[str, Any], say: Say) -> None:
    newsletters, name = chosen(options["newsletter"]), options["file"]
    slugs = " ".join(one.slug for one in newsletters)
    audit.record(audit.COMMAND, "exported readers", slugs, options["why"])
    found = exporting.pieces(exporting.lines(newsletters, options["status"] or exporting.ALL))
    if name == "-":
        for piece, _ in found:
            sys.stdout.buffer.write(piece)
        return
    part = f"{name}.part"  # no half file has the name of a whole one
    try:
        if os.path.exists(name):
            raise FileExistsError
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CommandError(f"{name}, or {part}, is there already.") from error
    rows = 0
    with open(number, "wb") as file:
        for piece, rows in found:
            file.write(piece)
            say(f"\r{rows:,} readers")
    os.rename(part, name)
    say(f"\r{rows:,} readers are in {name}. It names them: keep it safe.\n")


# --- erase ----------------------------------------------------------------------------------


def erase_arguments(parser: CommandParser) -> None:
    parser.add_argument("--why", required=True, help="for the audit log, without names")
    words = "they want no mail ever again: a keyed hash of the address stays"
    parser.add_argument("--for-ever", action="store_true", help=words)


def erase(options: dict[str, Any], say: Say) -> None:
    found = Subscriber.objects.with_email(input("E-mail address: ")).first()
    if found is None:
        raise CommandError("That is nobody's address here.")
    with transaction.atomic():
        audit.record(audit.COMMAND, "erased a reader", str(found.pk), options["why"])
        erasure.erase(found, never_again=options["for_ever"])
    say("Erased.\n")


# --- count ----------------------------------------------------------------------------------


def count_arguments(parser: CommandParser) -> None:
    parser.add_argument("--exact", action="store_true", help="look at every row, by state")
    of_newsletters(parser)


def count(options: dict[str, Any], say: Say) -> None:
    """Who may get mail, as it is kept; or everybody, counted."""
    for newsletter in chosen(options["newsletter"]):
        say(f"{newsletter.slug:<24}{ReaderCount.objects.of(newsletter):>12,}\n")
        if options["exact"]:
            rows = Subscription.objects.filter(newsletter=newsletter).values_list("status")
            for status, readers in rows.annotate(Count("pk")).order_by("status"):
                say(f"  {status:<22}{readers:>12,}\n")


SUB_COMMANDS = {
    "import": SubCommand(
        "readers from another tool's file", in_terminal.arguments, in_terminal.import_readers
    ),
    "export": SubCommand("the list, as CSV", export_arguments, export),
    "erase": SubCommand("forget one reader", erase_arguments, erase),
    "count": SubCommand("how many there are", count_arguments, count),
}


class Command(BaseCommand):
    help = "The list of readers: move in, take it away, forget somebody, count."

    def add_arguments(self, parser: CommandParser) -> None:
        parsers = parser.add_subparsers(dest="sub_command", required=True)
        for name, sub_command in SUB_COMMANDS.items():
            sub_command.arguments(parsers.add_parser(name, help=sub_command.help))

    def handle(self, *args: Any, **options: Any) -> None:
        def say(words: str) -> None:
            self.stdout.write(words, ending="")

        SUB_COMMANDS[options["sub_command"]].run(options, say)

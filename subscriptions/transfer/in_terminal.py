"""``manage.py subscribers import FILE …``: readers of another tool, in the terminal."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from newsroom.accounts import audit
from newsroom.core.table_files.reading import Unreadable
from subscriptions.models import Newsletter, ReaderImport
from subscriptions.transfer import importing, report
from subscriptions.transfer.formats import BY_KEY, State
from subscriptions.transfer.meaning import DAY_FIRST, MONTH_FIRST, Incomplete, Mapping
from subscriptions.transfer.stored import TooLarge

SECONDS = 10  # between two signs of life
STATES = [state.value for state in State]
Say = Callable[[str], object]


def arguments(add: CommandParser) -> None:
    add.add_argument("file", type=Path)
    add.add_argument("--newsletter", required=True, metavar="SLUG")
    add.add_argument("--consent", required=True, help="Where these readers' consent comes from.")
    add.add_argument("--dry-run", action="store_true", help="Look through, and import nothing.")
    add.add_argument("--format", choices=sorted(BY_KEY), help="If it is not seen rightly.")
    add.add_argument("--email", metavar="COLUMN", help="The column with the addresses.")
    add.add_argument("--are", choices=STATES, help="What all are, if the file doesn't say.")
    add.add_argument(
        "--status", action="append", default=[], metavar="WORD=STATE",
        help=f"What a word of the file's column of states means: {', '.join(STATES)}.",
    )  # fmt: skip
    add.add_argument("--month-first", action="store_true", help="03/04/2024 is in March.")
    add.add_argument("--tags", action="store_true", help="Take over tags, for segments.")


def import_readers(options: dict[str, Any], say: Say) -> None:
    """Show what it would do, then do it. Raises CommandError."""
    file, newsletter, consent = options["file"], options["newsletter"], options["consent"]
    target = Newsletter.objects.live().filter(slug=newsletter).first()
    if target is None:
        slugs = ", ".join(Newsletter.objects.live().values_list("slug", flat=True))
        raise CommandError(f"There is no newsletter {newsletter!r}. There are: {slugs}.")
    if "@" in consent:
        raise CommandError("Please leave addresses out of where the consent comes from.")
    try:
        with file.open("rb") as opened:
            made = importing.take(target, opened, file.name)
        looked = importing.look(made)
        say(f"It looks like a file of {looked.found.name}. {looked.found.ask}\n")
        importing.explain(made, mapping_of(made, options), consent[:300], queue=False)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except (Unreadable, TooLarge) as error:
        raise CommandError(str(error) or "The file is too large: cut it into several.") from error
    except Incomplete as error:
        importing.drop(made)
        raise CommandError(f"{error} See --email, --are and --status.") from error
    work(made, say)
    show(made, say)
    if options["dry_run"]:
        importing.drop(made)
        return
    audit.record(audit.COMMAND, "imported readers", f"{made.pk} begin")
    importing.begin(made, queue=False)
    work(made, say)
    show(made, say)


def work(made: ReaderImport, say: Say) -> None:
    """Until it is over. Should this process die, a worker goes on with it."""
    status = made.status
    while made.status == status:
        importing.work(made, until=time.monotonic() + SECONDS)
        made.refresh_from_db()
        if sys.stderr.isatty():
            say(f"\r{made.get_status_display()}: {made.rows_done:,} ")
    if made.status == ReaderImport.Status.FAILED:
        raise CommandError(made.problem)


def show(made: ReaderImport, say: Say) -> None:
    say(f"Import {made.pk}: {made.get_status_display()}.\n")
    for count, words in report.lines(made):
        say(f"  {count:>12,} {words}\n")
    for one in made.problems.order_by("pk")[:20]:
        say(f"    row {one.row:,}: {one.reason}\n")


def mapping_of(made: ReaderImport, options: dict[str, Any]) -> Mapping:
    """What is seen, and what the options say of it. Raises CommandError."""
    mapping = Mapping.of(made.mapping)
    mapping.format = options["format"] or mapping.format
    mapping.address = options["email"] or mapping.address
    mapping.otherwise = options["are"] or mapping.otherwise
    mapping.dates = MONTH_FIRST if options["month_first"] else mapping.dates or DAY_FIRST
    mapping.with_tags = options["tags"]
    for said in options["status"]:
        word, _, state = said.partition("=")
        if state not in STATES:
            raise CommandError(f"{said!r}: WORD=STATE, and a state is {', '.join(STATES)}.")
        mapping.states[word.strip().casefold()] = state
    return mapping

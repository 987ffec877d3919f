"""The run: all who gave in a year get word of their statement, many to a call, each once.

A press writes one row for each donor and year, by one statement of SQL; a row that is there stays.
Then some thousand rows at a time are posted in one transaction each. So whoever dies has changed
nothing, or left what the next run posts. Memory does not grow with the number of donors.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from donations.models import Contribution, Donor, ReceiptNumber, StatementMail
from newsroom.core.jobs import after_commit
from newsroom.core.moves import transition
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.mail.compose import at_once
from newsroom.models import Suppression, TransactionalMail

Status, Mailed = StatementMail.Status, TransactionalMail.Status
PURPOSE, TASK = "yearly_statement", "donations.tasks.post_statements"
TAKEN_AT_ONCE = 2000
WRITTEN_AT_ONCE = 500


class NotSent(Exception):
    """Why not; the message is for finance."""


def years() -> list[int]:
    """Those that are over: what comes later in a year would be in no statement of it."""
    this = timezone.localdate().year
    found = ReceiptNumber.objects.filter(year__lt=this).order_by("-year")
    return list(found.values_list("year", flat=True))


def wanted(year: int) -> QuerySet[Donor]:
    """Who gave in that year, of which something is left, and has got no word of it yet."""
    given = Contribution.objects.filter(
        donor=OuterRef("pk"), receipt__year=year, returned__lt=F("amount")
    )
    told = StatementMail.objects.filter(donor=OuterRef("pk"), year=year)
    return Donor.objects.filter(Exists(given)).exclude(Exists(told))


def by_language(year: int) -> list[tuple[str, int]]:
    rows = wanted(year).order_by().values_list("language").annotate(Count("pk"))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def ask(year: int, by: Any, seen: int) -> int:
    """Write to all of them; how many they are. ``seen``: how many they were on the page. Raises
    NotSent when they are others by now."""
    if year not in years():
        raise NotSent("This year is not over, or nothing was given in it.")
    sql, values = wanted(year).order_by().values("id", "language").query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {StatementMail._meta.db_table}"
            " (donor_id, language, year, status, asked_by_id, asked_at)"
            f" SELECT found.id, found.language, %s, %s, %s, now() FROM ({sql}) AS found"
            " ON CONFLICT DO NOTHING",
            [year, Status.WAITING, by.pk, *values],
        )
        new = cursor.rowcount
        if new != seen:
            transaction.set_rollback(True)
            raise NotSent(
                f"Meanwhile it is {new:,}. Please look once more." if new
                else "Somebody has just sent them: see below."
            )  # fmt: skip
        after_commit(TASK)
    return new


def post_waiting() -> None:
    """Safe to run twice, also at the same time."""
    while _take() == TAKEN_AT_ONCE:
        pass


def _take() -> int:
    """Some of those that wait, in one transaction; how many. Two who run at once share them."""
    with transaction.atomic():
        waiting = StatementMail.objects.filter(status=Status.WAITING).order_by("pk")
        locked = waiting.select_for_update(skip_locked=True, of=("self",))
        found = list(locked.select_related("donor")[:TAKEN_AT_ONCE])
        unwanted = _suppressed(found)
        _move([one for one in found if one.pk in unwanted], Status.SKIPPED)
        posted = [one for one in found if one.pk not in unwanted]
        _move(posted, Status.POSTED)
        _post(posted)
    return len(found)


def _move(found: Sequence[StatementMail], to: str) -> None:
    transition(StatementMail.objects.filter(pk__in=[one.pk for one in found]), to)


def _post(found: Sequence[StatementMail]) -> None:
    """One mail for those whose words are the same, as many as fit into one call."""
    alike: dict[tuple[int, str], list[StatementMail]] = defaultdict(list)
    for one in found:
        alike[one.year, one.language].append(one)
    calls: dict[int, str] = {}
    for group in alike.values():
        for start in range(0, len(group), at_once()):
            call = outbox.new_call()
            calls[call] = str(call)
            for one in group[start : start + at_once()]:
                one.call = call
    StatementMail.objects.bulk_update(found, ["call"], batch_size=WRITTEN_AT_ONCE)
    outbox.post_all(PURPOSE, calls, timezone.now())


def of_call(call: int) -> list[StatementMail]:
    """Whom its mail goes to, now that it is written: who was erased meanwhile is gone."""
    rows = StatementMail.objects.filter(call=call, status=Status.POSTED)
    found = list(rows.select_related("donor").order_by("pk"))
    unwanted = _suppressed(found)
    return [one for one in found if one.pk not in unwanted]


def _suppressed(found: Sequence[StatementMail]) -> set[int]:
    """Whose address must get no mail."""
    indexes = {one.pk: list_index(one.donor.email) for one in found}
    known = Suppression.among(indexes.values())
    return {pk for pk, index in indexes.items() if index in known}


# --- What became of it ----------------------------------------------------------------------------


class Progress(NamedTuple):
    asked: int
    waiting: int
    under_way: int  # in the outbox
    sent: int
    skipped: int
    failed: int

    @property
    def going_on(self) -> bool:
        return bool(self.waiting or self.under_way)


def _mails(*statuses: str) -> QuerySet[TransactionalMail]:
    return TransactionalMail.objects.filter(
        purpose=PURPOSE, object_id=OuterRef("call"), status__in=statuses
    )


def progress(year: int) -> Progress:
    """One query."""
    rows = StatementMail.objects.filter(year=year).annotate(
        under_way=Exists(_mails(Mailed.WAITING, Mailed.SENDING)), lost=Exists(_mails(Mailed.FAILED))
    )
    posted = Q(status=Status.POSTED)
    found = rows.aggregate(
        asked=Count("pk"),
        waiting=Count("pk", filter=Q(status=Status.WAITING)),
        on_its_way=Count("pk", filter=posted & Q(under_way=True)),
        sent=Count("pk", filter=posted & Q(under_way=False, lost=False)),
        skipped=Count("pk", filter=Q(status=Status.SKIPPED)),
        failed=Count("pk", filter=posted & Q(lost=True)),
    )
    return Progress(*found.values())


def failed(year: int) -> QuerySet[StatementMail]:
    """Those whose mail did not go, each with its ``error``."""
    lost = _mails(Mailed.FAILED)
    rows = StatementMail.objects.filter(Exists(lost), year=year, status=Status.POSTED)
    return rows.annotate(error=Subquery(lost.values("error")[:1])).order_by("pk")


def skipped(year: int) -> Iterator[StatementMail]:
    rows = StatementMail.objects.filter(year=year, status=Status.SKIPPED)
    return rows.order_by("pk").iterator()


def try_again(year: int) -> int:
    """Those that failed, once more; how many."""
    with transaction.atomic():
        ids = list(failed(year).select_for_update(of=("self",)).values_list("pk", flat=True))
        again = transition(StatementMail.objects.filter(pk__in=ids), Status.WAITING, call=None)
        after_commit(TASK)
    return again

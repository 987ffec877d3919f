"""The run: whom to remind now, many to a call, each once.

Every minute it takes those whose moment has come, by one index and some thousands at a time, and
posts their mails in the same transaction. So whoever dies has changed nothing, or left what the
outbox sends. Whether it is still wanted is asked here, and again when the mail is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from donations.asking import may_ask, reminders
from donations.asking.may_ask import Asking, Why
from donations.models import Appeal, Deferral
from donations.models.asking.deferral_count import Outcome
from newsroom.core.clock import begin_of
from newsroom.core.moves import transition
from newsroom.mail import outbox
from newsroom.mail.compose import at_once

Status = Deferral.Status

LATE_BY = timedelta(days=14)  # what an outage held up longer than this stays unsent
ONCE_MORE_AFTER = timedelta(days=7)
LAPSES_AFTER = timedelta(days=7)  # after its last mail
TAKEN_AT_ONCE = 5000

FOR_GOOD = (Why.SUPPRESSED, Why.SAID_NO)  # also for what is every year

FIRST, SECOND = "reminder", "second_reminder"  # the mails


def send_due(now: datetime) -> int:
    """Post all reminders whose moment has come; how many."""
    posted = 0
    while True:
        taken, new = _take(now)
        posted += new
        if taken < TAKEN_AT_ONCE:
            return posted


def _take(now: datetime) -> tuple[int, int]:
    """Some of those that are due, in one transaction: how many, and to how many a mail was posted.
    Two who run at once share them."""
    with transaction.atomic():
        due = Deferral.objects.due(now).order_by("due_at").select_for_update(skip_locked=True)
        found = list(due[:TAKEN_AT_ONCE])
        waited = [one for one in found if _is_to_come(one)]
        _lapse([one for one in found if not _is_to_come(one)], now)
        unwanted = {one.pk: why for one, why in refused(waited, now)}
        _give_up(waited, unwanted, now)
        wanted = [one for one in waited if one.pk not in unwanted]
        for purpose, mail in ((FIRST, 0), (SECOND, 1)):
            _post(purpose, [one for one in wanted if one.mails == mail], now)
    return len(found), len(wanted)


def _is_to_come(deferral: Deferral) -> bool:
    """A mail: the first, or the second."""
    if deferral.status == Status.WAITING:
        return True
    return deferral.once_more and deferral.mails == 1


def _lapse(over: Sequence[Deferral], now: datetime) -> None:
    """Their mails brought nothing. What is every year waits for the next."""
    for one in over:
        if one.yearly:
            one.next_year(now)
    _end([one for one in over if not one.yearly], Status.LAPSED, now)
    reminders.count(over, Outcome.LAPSED)


def _give_up(found: Sequence[Deferral], why: dict[int, str], now: datetime) -> None:
    """Those that are not to be sent, by what becomes of them."""
    for one in found:
        if one.pk in why and one.yearly and why[one.pk] not in FOR_GOOD:
            one.next_year(now)
    rest = [one for one in found if not one.yearly or why.get(one.pk) in FOR_GOOD]
    given = [one for one in rest if why.get(one.pk) == Why.GIVES]
    lapsed = [one for one in rest if why.get(one.pk) in (LATE, NO_APPEAL, Why.SUPPRESSED)]
    stopped = [one for one in rest if why.get(one.pk) == Why.SAID_NO]
    _end(given, Status.GIVEN, now)
    _end(lapsed, Status.LAPSED, now)
    _end(stopped, Status.CANCELLED, now)
    reminders.count(lapsed, Outcome.LAPSED)


def _end(found: Sequence[Deferral], status: str, now: datetime) -> None:
    rows = Deferral.objects.filter(pk__in=[one.pk for one in found])
    transition(rows, status, ended_on=timezone.localdate(now), call=None)


def _post(purpose: str, found: Sequence[Deferral], now: datetime) -> None:
    """One mail each for those whose words are the same, as many as fit into one call."""
    alike: dict[tuple[int | None, str], list[Deferral]] = defaultdict(list)
    for one in found:
        alike[one.appeal_id, one.language].append(one)
    after = ONCE_MORE_AFTER if purpose == FIRST else LAPSES_AFTER
    for group in alike.values():
        for start in range(0, len(group), at_once()):
            part = group[start : start + at_once()]
            rows = Deferral.objects.filter(pk__in=[one.pk for one in part])
            call = outbox.new_call()
            mails = 1 if purpose == FIRST else 2
            transition(rows, Status.REMINDED, call=call, mails=mails, due_at=now + after)
            outbox.post(purpose, call, key=str(call))
    if purpose == FIRST:
        reminders.count(found, Outcome.REMINDED)


def of_call(call: int, now: datetime) -> list[Deferral]:
    """Whom its mail goes to, now that it is written."""
    found = list(Deferral.objects.filter(call=call, status=Status.REMINDED).order_by("pk"))
    unwanted = {one.pk for one, _why in refused(found, now)}
    return [one for one in found if one.pk not in unwanted]


# --- Is it wanted? ---------------------------------------------------------------------------

LATE, NO_APPEAL = "late", "no appeal"


def refused(found: Sequence[Deferral], now: datetime) -> Iterable[tuple[Deferral, str]]:
    """Who gets none, and why. Not weeks late; nor whom no mail may ask (may_ask.py): who gives by
    now, say, by whatever address. A debit that is on its way counts, for should it fail, another
    mail says so and asks. What else they wait for is no reason. An appeal that is over is none to
    write, unless another one is running."""
    unwanted = may_ask.refused({one.pk: Asking(one.email, _since(one)) for one in found})
    running = Appeal.objects.running().exists()
    for one in found:
        if now - one.due_at > LATE_BY:
            yield one, LATE
        elif one.pk in unwanted:
            yield one, unwanted[one.pk]
        elif one.appeal_id and not running:
            yield one, NO_APPEAL


def _since(deferral: Deferral) -> datetime:
    """A gift from then on is why nobody is asked. Of the wish only its day is known; a gift of that
    day has ended it when it arrived. What is every year is silent in one with a gift."""
    if deferral.yearly:
        return begin_of(deferral.remind_on.replace(month=1, day=1))
    return begin_of(deferral.created_on + timedelta(days=1))

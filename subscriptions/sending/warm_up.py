"""The warm-up of newcomers: whom an import brought and no issue has gone to yet.

Nobody knows yet whether such a list is any good. So its readers get their first issue after
everybody else, in steps that grow, each step a sample of those who are left. Between two steps is
time for bounces and complaints to come in; thresholds.py judges them apart from all others'. A step
is of its batches, the last one released of the mailing: whoever dies has lost nothing.
"""

from datetime import datetime, timedelta
from itertools import accumulate

from django.db.models import BooleanField, ExpressionWrapper, F, Max, Q, Value
from django.db.models.expressions import Combinable

from newsroom.core.database import room_for_hashes
from subscriptions.models import Batch, Mailing, Newsletter, ReaderImport
from subscriptions.models.batch import Cardinality

FIRST, GROWS = 200, 5  # readers of the first step; each has so many times the one before
PAUSE = timedelta(hours=1)
Status = Mailing.Status


def steps_for(newcomers: int) -> list[int]:
    """How many of so many are in each step; none: they are too few to do harm, and go with the
    others."""
    if newcomers <= FIRST:
        return []
    steps, size = [], FIRST
    while newcomers > 0:
        steps.append(min(size, newcomers))
        newcomers, size = newcomers - size, size * GROWS
    return steps


def first_of(steps: list[int]) -> list[int]:
    """The place of each step's first reader, counted from 1."""
    return [1, *(1 + before for before in accumulate(steps[:-1]))] if steps else []


def is_newcomer(newsletter: Newsletter) -> Combinable:
    """Of each of a newsletter's subscriptions: an expression. A seed is none."""
    imports = list(ReaderImport.objects.not_mailed().filter(newsletter=newsletter))
    if not imports:
        return Value(False)
    since = min(one.started_at for one in imports if one.started_at)
    mailed = Batch.objects.filter(mailing__newsletter=newsletter, mailing__frozen_at__gte=since)
    came = Q(seed=False, source__in=[one.source for one in imports])
    room_for_hashes()
    return ExpressionWrapper(came & ~Q(subscriber__in=mailed.reached()), BooleanField())


def foreseen(newsletter: Newsletter, audience: int) -> list[int]:
    """The steps of an issue to so many, by what imports have counted: for looking at."""
    imports = ReaderImport.objects.not_mailed().filter(newsletter=newsletter)
    return steps_for(min(imports.brought(), audience))


def next_at(mailing: Mailing) -> datetime | None:
    """When the next step is due; None: there is none, or the one before is still going out."""
    if mailing.status != Status.SENDING or mailing.step == len(mailing.steps):
        return None
    released = mailing.batches.filter(step__lte=mailing.step)
    if released.filter(status__in=[Batch.Status.PENDING, Batch.Status.SENDING]).exists():
        return None
    last = released.filter(step=mailing.step).aggregate(at=Max("tried_at"))["at"]
    return last + PAUSE if last and mailing.step else mailing.frozen_at


def release_due(now: datetime) -> None:
    """The next step of each mailing whose last one is out, and has been for long enough."""
    waiting = Mailing.objects.filter(status=Status.SENDING, step__lt=Cardinality("steps"))
    for mailing in waiting.select_related("newsletter"):
        if (due := next_at(mailing)) and due <= now:
            release(mailing, now)


def release(mailing: Mailing, now: datetime) -> bool:
    """Let the next step go. One winner, however many try; a resume has ended the thresholds of the
    others' copies, not those of the newcomers'."""
    still = Mailing.objects.filter(pk=mailing.pk, step=mailing.step, status=Status.SENDING)
    judged = {} if mailing.step else {"thresholds_on": True}
    not_after = now + PAUSE + mailing.newsletter.grace
    return bool(still.update(step=F("step") + 1, not_after=not_after, **judged))

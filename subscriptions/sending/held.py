"""Mailings after a restore: only the provider, or a person, knows whether they have gone out.

What had been frozen when the dump was made goes on as batches in doubt, where the provider has a
record: it is asked about each before anybody gets it.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F

from newsroom.core import clock
from newsroom.core.moves import transition
from newsroom.hold.items import Item, NotNow, day
from newsroom.mail import providers
from subscriptions.models import Batch, Mailing
from subscriptions.sending import engine

Status = Mailing.Status
MAY_GO = [*Mailing.BEFORE_FREEZE, *Mailing.UNDER_WAY]
DROPPED = "Dropped after a restore: it may have gone out before."


def hold_back() -> None:
    """All that are not over: also of one that was paused, or waits for its hour to be set, readers
    may have got everything since the dump."""
    Mailing.objects.filter(status__in=MAY_GO).update(held=True)


def items() -> Iterator[Item]:
    held = Mailing.objects.filter(held=True).select_related("issue", "newsletter")
    for mailing in held.order_by("pk"):
        yield Item(
            key=f"mailing {mailing.pk}",
            title=f"{mailing.newsletter.title}: {mailing.subject or mailing.issue.subject}",
            facts=_facts(mailing),
            record=partial(_record, mailing),
            if_released=_if_released(mailing),
            if_dropped="It is cancelled: nobody gets it any more.",
            release=partial(release, mailing),
            drop=partial(drop, mailing),
        )


def _facts(mailing: Mailing) -> list[str]:
    facts = [f"Here it is: {mailing.get_status_display()}."]
    if mailing.send_at:
        facts.append(f"Its hour: {day(mailing.send_at)}, {_hour(mailing)}.")
    if mailing.frozen_at:
        done = mailing.progress()
        left = done["pending"] + done["sending"] + done["in_doubt"] + done["needs_review"]
        facts.append(f"By our own record {done['accepted']:,} readers have it, {left:,} have not.")
    return facts


def _hour(mailing: Mailing) -> str:
    assert mailing.send_at
    return f"{mailing.send_at.astimezone(mailing.newsletter.zone):%H:%M}"


def _record(mailing: Mailing) -> str:
    provider = providers.current()
    if provider.sent is None:
        return f"{provider.name} has no record that can be asked. You decide."
    since = (mailing.frozen_at or mailing.approved_at) - timedelta(days=1)
    count = provider.sent(mailing.tag, since)
    if count is None:
        return f"{provider.name} does not answer. Look at its own pages, or come back later."
    if not count:
        return f"{provider.name} has no mail of it."
    return f"{provider.name} has {count:,} mail{'s' if count > 1 else ''} of it."


def _if_released(mailing: Mailing) -> str:
    if mailing.status == Status.SCHEDULED:
        return "It goes out to all of its readers: at once, if its hour has passed."
    if mailing.status not in Mailing.UNDER_WAY:
        return "Nothing goes out before an editor schedules it."
    to = "to those of whom our own record does not know that they have it"
    if _asks():
        to = f"to those of the others whom {providers.current().name}, asked again, does not have"
    waits = ", when an editor resumes it" if mailing.status == Status.PAUSED else ""
    return f"It goes on{waits}: {to}."


def _asks() -> bool:
    """Can it be asked by the batch's own number, which the dump has?"""
    provider = providers.current()
    return bool(provider.find and provider.sent)


def release(mailing: Mailing) -> None:
    """It may go on. One winner."""
    now = clock.now()
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
        if not mailing.held:
            raise NotNow("Somebody else has decided about this issue already.")
        mailing.held = False
        not_after = mailing.not_after
        if mailing.status in Mailing.UNDER_WAY or mailing.is_due(now):
            not_after = now + mailing.newsletter.grace
        Mailing.objects.filter(pk=mailing.pk).update(held=False, not_after=not_after)
        if mailing.status in Mailing.UNDER_WAY and _asks():
            _ask_about(mailing)


def _ask_about(mailing: Mailing) -> None:
    """What waits may have been sent since the dump, with its name."""
    fields = {
        "provider": providers.current().key,
        "tried_at": mailing.frozen_at,
        "tries": F("tries") + 1,
        "probes": 0,
        "next_try_at": clock.now(),
        "error": "The database was restored.",
    }
    transition(mailing.batches.filter(tries=0), Batch.Status.IN_DOUBT, frm=["pending"], **fields)
    fields.pop("tried_at")
    transition(mailing.batches.all(), Batch.Status.IN_DOUBT, frm=["pending"], **fields)


def drop(mailing: Mailing) -> None:
    now = clock.now()
    with transaction.atomic():
        if not Mailing.objects.filter(pk=mailing.pk, held=True).update(held=False, problem=DROPPED):
            raise NotNow("Somebody else has decided about this issue already.")
        if not mailing.withdraw(now):
            engine.cancel(mailing)

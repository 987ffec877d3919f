"""Mailings after a restore: only the provider, or a person, knows whether they have gone out.

What had been frozen when the dump was made becomes batches in doubt, where the provider has a
record: it is asked about each, and counts the whole, before anybody gets anything.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from newsroom.core import clock
from newsroom.core.moves import transition
from newsroom.hold.items import Item, NotNow, day
from newsroom.mail import providers
from subscriptions.models import Batch, Mailing
from subscriptions.models.batch import BatchQuerySet
from subscriptions.sending import engine

Status = Mailing.Status
MAY_GO = [*Mailing.BEFORE_FREEZE, *Mailing.UNDER_WAY]
RESTORED = "The database was restored."
TOOK_OVER = "A replica of the database took over, which may lack this call."
MOST_LOST = 400  # calls of a mailing: 25 a second in the 15 that a replica may lack (hold/)
DROPPED = "Dropped after a restore: it may have gone out before."


def hold_back() -> None:
    """All that are not over: also of one that was paused, or waits for its hour to be set, readers
    may have got everything since the dump."""
    Mailing.objects.filter(status__in=MAY_GO).update(held=True)
    Batch.objects.filter(error=RESTORED, status__in=Batch.OPEN).update(error="")  # another time


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
        if _asked(mailing).exists():
            calls = _being_asked(mailing).count()
            facts.append(f"{providers.current().name} is being asked; calls left: {calls:,}.")
    return facts


def _hour(mailing: Mailing) -> str:
    assert mailing.send_at
    return f"{mailing.send_at.astimezone(mailing.newsletter.zone):%H:%M}"


def _record(mailing: Mailing) -> str:
    provider = providers.current()
    if provider.sent is None:
        return f"{provider.name} has no record that can be asked. You decide."
    count = _sent(mailing)
    if count is None:
        return f"{provider.name} does not answer. Look at its own pages, or come back later."
    if not count:
        return f"{provider.name} has no mail of it."
    return f"{provider.name} has {count:,} mail{'s' if count > 1 else ''} of it."


def _sent(mailing: Mailing) -> int | None:
    """By the provider's record, whose hour may not be ours."""
    provider = providers.current()
    assert provider.sent
    return provider.sent(
        mailing.tag, (mailing.frozen_at or mailing.approved_at) - timedelta(days=1)
    )


def _if_released(mailing: Mailing) -> str:
    if mailing.status == Status.SCHEDULED:
        return "It goes out to all of its readers: at once, if its hour has passed."
    if mailing.status not in Mailing.UNDER_WAY:
        return "Nothing goes out before an editor schedules it."
    waits = ", when an editor resumes it" if mailing.status == Status.PAUSED else ""
    known = f"It goes on{waits}: to those of whom our own record does not know that they have it."
    if not _has_record() or _asked(mailing).exists():
        return known
    name = providers.current().name
    return (
        f"{name} is asked about each call first. If its number of mails is ours then, it goes on"
        f"{waits}, to the others; if not, you decide once more."
    )


def _has_record() -> bool:
    """Can it be asked by the batch's own number, which the dump has?"""
    provider = providers.current()
    return bool(provider.find and provider.sent)


def _asked(mailing: Mailing) -> Any:
    return mailing.batches.filter(error=RESTORED)


def _being_asked(mailing: Mailing) -> Any:
    return mailing.batches.filter(status__in=[Batch.Status.SENDING, Batch.Status.IN_DOUBT])


def release(mailing: Mailing) -> None:
    """It may go on; of one that was under way, the provider is asked first. One winner."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
        if not mailing.held:
            raise NotNow("Somebody else has decided about this issue already.")
        if mailing.status in Mailing.UNDER_WAY and _has_record():
            asks = not _asked(mailing).exists()
            if asks and _ask_about(mailing.batches.all(), mailing, RESTORED):
                return
            if _being_asked(mailing).exists():
                raise NotNow(f"{providers.current().name} is being asked. Come back in a while.")
        _let_go(mailing)


def _let_go(mailing: Mailing) -> None:
    now, not_after = clock.now(), mailing.not_after
    mailing.held = False
    if mailing.status in Mailing.UNDER_WAY or mailing.is_due(now):
        not_after = now + mailing.newsletter.grace
    Mailing.objects.filter(pk=mailing.pk).update(held=False, not_after=not_after)


def _ask_about(batches: BatchQuerySet, mailing: Mailing, why: str) -> int:
    """What waits, or was being sent, may have been sent since, with its name."""
    fields = {
        "provider": providers.current().key,
        "tried_at": mailing.frozen_at,
        "tries": F("tries") + 1,
        "probes": 0,
        "next_try_at": clock.now(),
        "claim_token": None,
        "lease_until": None,
        "error": why,
    }
    frm = [Batch.Status.PENDING, Batch.Status.SENDING]
    new = transition(batches.filter(tries=0), Batch.Status.IN_DOUBT, frm=frm, **fields)
    fields.pop("tried_at")
    return new + transition(batches, Batch.Status.IN_DOUBT, frm=frm, **fields)


def ask_about_next() -> None:
    """A replica took over: what comes next by it may be what went out last."""
    if not _has_record():
        return
    for mailing in Mailing.objects.filter(held=False, status__in=Mailing.UNDER_WAY):
        waiting = mailing.batches.filter(status=Batch.Status.PENDING).order_by("seq")
        next_ones = [*waiting.values_list("pk", flat=True)[:MOST_LOST]]
        _ask_about(mailing.batches.filter(pk__in=next_ones), mailing, TOOK_OVER)


def go_on() -> None:
    """With those about whose calls the provider has been asked, and has as many mails as we now
    know of. Else some have gone under numbers that the dump lacks (a call that was cut anew, say):
    then a person decides. Of what is over nothing is left to decide."""
    Mailing.objects.filter(held=True).exclude(status__in=MAY_GO).update(held=False)
    for mailing in Mailing.objects.filter(held=True, status__in=Mailing.UNDER_WAY):
        if not _asked(mailing).exists() or _being_asked(mailing).exists():
            continue
        if _sent(mailing) == mailing.progress()["accepted"]:
            with transaction.atomic(), suppress(NotNow):
                release(mailing)


def drop(mailing: Mailing) -> None:
    now = clock.now()
    with transaction.atomic():
        if not Mailing.objects.filter(pk=mailing.pk, held=True).update(held=False, problem=DROPPED):
            raise NotNow("Somebody else has decided about this issue already.")
        if not mailing.withdraw(now):
            engine.cancel(mailing)

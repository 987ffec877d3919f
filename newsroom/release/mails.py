"""Single mails, and what was asked on forms: held in groups, by what they are and their day."""

import re
from collections.abc import Iterator
from datetime import UTC, date
from functools import partial
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate, TruncDay
from django.utils import translation

from newsroom.core.jobs import after_commit
from newsroom.core.kept import retention
from newsroom.core.moves import transition
from newsroom.hold.items import Item
from newsroom.mail import asked, providers
from newsroom.mail.catalogue import mails
from newsroom.models import Asked, Hold, TransactionalMail

Status = TransactionalMail.Status


def held_mails() -> Iterator[Item]:
    held: Any = TransactionalMail.objects.waiting().filter(held=True)
    groups = held.annotate(day=TruncDate("created_at")).values("purpose", "day")
    for group in groups.annotate(mails=Count("pk")).order_by("purpose", "day"):
        purpose, day, number = group["purpose"], group["day"], group["mails"]
        those = partial(_of, purpose, day)
        yield Item(
            key=f"mails {purpose} {day}",
            title=f"{number:,} mail{'s' if number > 1 else ''}: {subject(purpose)}",
            facts=[f"Asked for on {day:%-d %B %Y}. Our name for them: {purpose}."],
            record=_record,
            if_released="They go out, if what they are about still holds.",
            if_dropped="They are not sent.",
            release=lambda those=those: release_mails(those()),  # type: ignore[misc]
            drop=lambda those=those: drop_mails(those()),  # type: ignore[misc]
        )


def subject(purpose: str) -> str:
    """As declared, with dots for what it names."""
    words, _ = mails()[purpose]
    with translation.override("en"):
        return f"“{re.sub(r'{[^}]*}', '…', str(words.subject))}”"


def _of(purpose: str, day: date) -> Any:
    held: Any = TransactionalMail.objects.waiting().filter(held=True, purpose=purpose)
    return held.annotate(day=TruncDate("created_at")).filter(day=day)


def _record() -> str:
    provider = providers.current()
    if provider.find:
        return f"{provider.name} is asked about each one that waited then, before it goes."
    return f"{provider.name} has no record that can be asked. You decide."


def release_mails(mails: Any) -> None:
    """Those of before the restore may have arrived already: the provider is asked first."""
    holds = Hold.objects.filter(ended_at=None).values_list("began_at", flat=True)
    before = Q(created_at__lt=max(holds)) if holds else Q()
    retention.in_chunks(mails.filter(before), lambda some: some.update(held=False, in_doubt=True))
    retention.in_chunks(mails, lambda some: some.update(held=False))


def drop_mails(mails: Any) -> None:
    day = TruncDay("created_at", tzinfo=UTC)  # as of all that is over: finish()
    gone: Any = {"held": False, "object_id": None, "second_id": None, "created_at": day}
    retention.in_chunks(mails, lambda some: transition(some, Status.DROPPED, **gone))


def held_requests() -> Iterator[Item]:
    held = Asked.objects.filter(held=True, answered=False)
    for group in held.values("what").annotate(requests=Count("pk")).order_by("what"):
        what, number = group["what"], group["requests"]
        yield Item(
            key=f"asked {what}",
            title=f"{number:,} request{'s' if number > 1 else ''} on a form: {what}",
            facts=["Typed before the restore, and not answered then."],
            record=lambda: "Nobody else knows of it.",
            if_released="They are answered now, as on any day, with a mail to each.",
            if_dropped="They are not answered. Who wanted something will ask again.",
            release=partial(release_requests, what),
            drop=partial(drop_requests, what),
        )


def release_requests(what: str) -> None:
    those = Asked.objects.filter(held=True, answered=False, what=what)
    for pk in those.values_list("pk", flat=True):
        after_commit("newsroom.tasks.answer_asked", pk)
    those.update(held=False)


def drop_requests(what: str) -> None:
    for one in Asked.objects.filter(held=True, answered=False, what=what):
        asked.close(one)

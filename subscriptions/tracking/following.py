"""What a provider's events bring about, a thousand at a time: the job behind the inbox.

A row goes in the transaction that follows it, so a worker that dies loses nothing and does nothing
twice. Everything here may run again, and in any order, without harm.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from newsroom.mail.diagnosis import Verdict
from subscriptions.models import Batch, ProviderEvent
from subscriptions.models.provider_event import DELIVERED, ProviderEventQuerySet
from subscriptions.sending import reconcile
from subscriptions.tracking import feedback
from subscriptions.tracking.feedback import Found

log = logging.getLogger(__name__)

AT_ONCE = 1000  # events followed in one transaction


def follow_some() -> int:
    """The longest waiting that nobody else is at; how many there were."""
    return _follow(ProviderEvent.objects.waiting(), AT_ONCE)


def _follow(waiting: ProviderEventQuerySet, most: int) -> int:
    """All together. If that fails, halves: what can't be followed ends up alone, and is set aside.
    Raises OperationalError or InterfaceError: the database is away, or others were in our way."""
    ids: list[int] = []
    try:
        with transaction.atomic():
            locked = waiting.select_for_update(skip_locked=True).order_by("pk")
            events = list(locked[:most])
            ids = [event.pk for event in events]
            follow(events)
            ProviderEvent.objects.filter(pk__in=ids).delete()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # its words may hold a row's
        if len(ids) > 1:
            for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                _follow(ProviderEvent.objects.waiting().filter(pk__in=half), most)
        else:
            log.error("Provider's event %s is set aside: %s", ids, type(error).__name__)
            rows = ProviderEvent.objects.filter(pk__in=ids)
            rows.update(set_aside_on=timezone.localdate())
    return len(ids)


def follow(events: Sequence[ProviderEvent]) -> None:
    """Batches first, then readers, as everybody locks them (docs/architecture.md)."""
    _prove(events)
    bad = [event for event in events if event.what not in ("", DELIVERED)]
    calls = Batch.objects.filter(pk__in={event.batch_id for event in bad if event.batch_id})
    sent: dict[UUID | None, tuple[int, int]] = {
        pk: (mailing_id, step)
        for pk, mailing_id, step in calls.values_list("pk", "mailing_id", "step")
    }
    found = [
        Found(
            Verdict(event.what),
            bytes(event.email_index),
            mailing_id,
            event.happened_on,
            newcomer=step > 0,
        )
        for event in bad
        for mailing_id, step in [sent.get(event.batch_id, (None, 0))]
    ]
    alive = [bytes(event.email_index) for event in events if event.what == DELIVERED]
    feedback.act_on_all(found, alive)


def _prove(events: Sequence[ProviderEvent]) -> None:
    """That the provider has those calls."""
    told: dict[UUID, str] = {}
    for event in events:
        if event.batch_id:
            told[event.batch_id] = told.get(event.batch_id) or event.provider_id
    unsettled = Batch.objects.filter(pk__in=told, status__in=Batch.OPEN, tries__gt=0)
    for pk in unsettled.order_by("pk").values_list("pk", flat=True):
        reconcile.found(pk, told[pk])

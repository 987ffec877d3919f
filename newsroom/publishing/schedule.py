"""The clock of pages: those whose hour has come are published, those whose time is over taken down.

Wagtail's own command stops at the first page that it can't publish, and never gets to those behind
it. Here each is a transaction of its own.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from wagtail.models import Page, Revision

from newsroom.mail import outbox

log = logging.getLogger(__name__)


def keep(now: datetime) -> None:
    """Safe to run twice at once: who comes second finds the row taken, or nothing due."""
    over = Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at")
    due = Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at")
    for pk in list(over.values_list("pk", flat=True)):
        carry_on(take_down, pk, now)
    for pk, page in list(due.values_list("pk", "object_id")):
        if not carry_on(publish, pk, now):
            outbox.post("not_published", int(page), key=str(pk))


def publish(pk: int, now: datetime) -> None:
    due = Revision.objects.select_for_update(skip_locked=True).filter(approved_go_live_at__lt=now)
    for revision in due.filter(pk=pk):
        revision.publish(log_action="wagtail.publish.scheduled")
        take_down(int(revision.object_id), now)  # after an outage: nobody sees it in between


def take_down(pk: int, now: datetime) -> None:
    over = Page.objects.select_for_update(skip_locked=True).filter(live=True, expire_at__lt=now)
    for page in over.filter(pk=pk):
        page.specific.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")


def carry_on(do: Callable[[int, datetime], None], pk: int, now: datetime) -> bool:
    """What one page can't do must not keep the others waiting; it is tried again at the next beat.
    The log says why, for it may need a hand: an address that was taken meanwhile."""
    try:
        with transaction.atomic():
            do(pk, now)
    except Exception:
        log.exception("a scheduled page could not be published or taken down")
        return False
    return True

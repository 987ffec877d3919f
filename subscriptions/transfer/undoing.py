"""An import taken back, but for whom an issue has reached; and what is forgotten of imports that
are over."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from newsroom.core.database import room_for_hashes
from newsroom.core.jobs import after_commit
from newsroom.core.moves import transition
from newsroom.models import Suppression
from subscriptions.models import (
    Batch,
    Consent,
    ImportedChange,
    ImportProblem,
    Mailing,
    ReaderImport,
    ReaderTag,
    Subscriber,
    Subscription,
)
from subscriptions.transfer.importing import Changed, forget_file

Status = ReaderImport.Status
AT_ONCE = 2000  # rows
PROBLEMS_KEPT = timedelta(days=30)
UNDOABLE = timedelta(days=90)  # for so long we know whom an issue went to (retention.py)
# As it was before, unless something was decided since, here or by a later import. On a list only if
# they agreed to that still: two imports may be undone in any order. No move of theirs: of nobody's.
ITS = "split_part(how, ':', 1) = %(source)s"  # consents that it recorded
GIVE_BACK = f"""
    UPDATE subscriptions_subscription s SET status = c.status, confirmed_on = c.confirmed_on,
        unsubscribed_on = c.unsubscribed_on
    FROM subscriptions_importedchange c
    WHERE c.subscription_id = s.id AND c.id = ANY(%(changes)s) AND s.status <> c.status
    AND NOT EXISTS (
        SELECT FROM subscriptions_consent since WHERE since.subscription_id = s.id
        AND since.action <> 'asked' AND since.id > (
            SELECT max(id) FROM subscriptions_consent WHERE subscription_id = s.id AND {ITS}
        )
    )
    AND (c.status <> 'confirmed' OR EXISTS (
        SELECT FROM subscriptions_consent WHERE subscription_id = s.id
        AND action = 'confirmed' AND NOT {ITS}
    ))
"""


def why_not(reader_import: ReaderImport) -> str:
    """Why it can't be undone; "": it can."""
    if reader_import.started_at is None:
        return "Nothing of it has been imported."
    if reader_import.status not in ReaderImport.MOVES[Status.UNDOING]:
        return f"It is {reader_import.get_status_display()}."
    if reason := too_late(reader_import, timezone.now()):
        return reason
    if mailed_since(reader_import).filter(status=Mailing.Status.SENDING).exists():
        return "An issue is on its way to its readers: pause that first."
    return ""


def too_late(reader_import: ReaderImport, now: datetime) -> str:
    """Why it can't be undone any more, whatever happens."""
    if not ReaderImport.objects.not_mailed().filter(pk=reader_import.pk).exists():
        return "An issue has gone to its readers."
    if (reader_import.finished_at or reader_import.worked_at) < now - UNDOABLE:
        return f"It was more than {UNDOABLE.days} days ago."
    return ""


def mailed_since(reader_import: ReaderImport) -> QuerySet[Mailing]:
    return Mailing.objects.filter(
        newsletter=reader_import.newsletter_id, frozen_at__gte=reader_import.started_at
    )


def begin(reader_import: ReaderImport) -> None:
    """Raises Changed."""
    with transaction.atomic():
        now = timezone.now()
        if why_not(reader_import) or not transition(
            reader_import, Status.UNDOING, rows_done=0, worked_at=now
        ):
            raise Changed
        forget_file(reader_import)
        after_commit("subscriptions.tasks.work_on_import", reader_import.pk)


def work(reader_import: ReaderImport) -> None:
    """Some rows to a transaction: who dies goes on where they were, since what is done is gone."""
    while take_back_some(reader_import) or give_back_some(reader_import):
        pass
    ReaderTag.objects.filter(by_import=reader_import).delete()
    transition(reader_import, Status.UNDONE, finished_at=timezone.now())


def came_with(reader_import: ReaderImport) -> QuerySet[Subscription]:
    """Those who were not here before, have decided nothing here since, and got no issue: who has
    one can leave by its link."""
    own = Consent.objects.decisions().filter(subscription=OuterRef("pk"))
    mailed = Batch.objects.filter(mailing__in=mailed_since(reader_import))
    return Subscription.objects.filter(
        ~Exists(own),
        ~Q(subscriber__in=mailed.reached()),
        newsletter=reader_import.newsletter_id,
        source=reader_import.source,
    )


def take_back_some(reader_import: ReaderImport) -> bool:
    with transaction.atomic():
        room_for_hashes()
        found = came_with(reader_import).select_for_update().order_by("pk")
        some = dict(found.values_list("pk", "subscriber_id")[:AT_ONCE])
        Subscription.objects.filter(pk__in=some).delete()
        alone = Subscriber.objects.filter(pk__in=some.values(), subscriptions=None)
        alone.delete()
        alive(reader_import, len(some))
    return bool(some)


def give_back_some(reader_import: ReaderImport) -> bool:
    with transaction.atomic():
        changes = ImportedChange.objects.filter(reader_import=reader_import).order_by("pk")
        some = list(changes.select_for_update()[:AT_ONCE])
        theirs = Subscription.objects.filter(pk__in=[one.subscription_id for one in some])
        list(theirs.select_for_update().order_by("pk").values_list("pk"))
        taken = [one.pk for one in some]
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, {"changes": taken, "source": reader_import.source})
        made = ImportedChange.objects.filter(
            pk__in=taken,
            suppressed_index=OuterRef("email_index"),
            suppressed_mark=OuterRef("mark"),
        )
        Suppression.objects.filter(Exists(made)).delete()
        by_it = Q(how=reader_import.source) | Q(how__startswith=f"{reader_import.source}:")
        Consent.objects.filter(by_it, subscription__in=theirs).delete()
        changes.filter(pk__in=taken).delete()
        alive(reader_import, len(some))
    return bool(some)


def alive(reader_import: ReaderImport, rows: int) -> None:
    ReaderImport.objects.filter(pk=reader_import.pk).update(
        rows_done=F("rows_done") + rows, worked_at=timezone.now()
    )


def forget(now: datetime) -> None:
    """Files that nobody goes on with; what only an undo needs, once there can be none; and after a
    month which rows were left out."""
    for one in ReaderImport.objects.forgotten(now):
        with transaction.atomic():
            working = ReaderImport.objects.filter(pk=one.pk, status__in=ReaderImport.WORKING)
            if transition(one, Status.DROPPED) or not working.exists():  # begun at this moment
                forget_file(one)
    for one in ReaderImport.objects.filter(changes__isnull=False).distinct():
        if too_late(one, now) and not one.working:
            ImportedChange.objects.filter(reader_import=one).delete()
    old = now - PROBLEMS_KEPT
    ImportProblem.objects.filter(reader_import__worked_at__lt=old).delete()

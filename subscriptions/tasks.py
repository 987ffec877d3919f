"""What Celery calls. Tasks take ids or nothing, and are safe to run twice or late."""

import time
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError

from newsroom.celery import ending
from newsroom.core import clock
from newsroom.core.moves import transition
from newsroom.hold import gate
from newsroom.mail import outbox
from subscriptions.issues import checklist, drafting
from subscriptions.issues.rendering import Unsendable
from subscriptions.models import (
    Batch,
    IssuePage,
    Mailing,
    Newsletter,
    ReaderCount,
    ReaderImport,
    ReaderMove,
    Segment,
)
from subscriptions.readers import audience, wishes
from subscriptions.readers.due import sunset, welcomes
from subscriptions.sending import engine, freezing, reconcile, subject_test, transports, warm_up
from subscriptions.tracking import following
from subscriptions.transfer import importing, undoing

LOOP_SECONDS = 60  # then a loop ends and the next kick starts a fresh one
UNAPPROVED_AFTER = timedelta(hours=6)  # how long after its hour a missing approval is reported


@shared_task
def keep_hours() -> None:
    """The newsletter's clock: draft, freeze what is due, choose subjects, and say what can't be
    sent."""
    gate.look()
    now = clock.now()
    for newsletter in Newsletter.objects.live():
        drafting.draft_due_issue(newsletter, now)
        _report_unapproved(newsletter, now)
    for mailing in Mailing.objects.due(now):
        if mailing.is_late(now):
            if mailing.move(Mailing.Status.MISSED):
                outbox.post("missed", mailing.pk, key=f"{mailing.pk}-{mailing.send_at:%Y%m%d%H%M}")
        else:
            start_mailing.delay(mailing.pk)
    subject_test.decide_due(now)
    warm_up.release_due(now)
    overdue = Mailing.objects.filter(status=Mailing.Status.SENDING, not_after__lte=now)
    for mailing in overdue.filter(held=False):
        mailing.move(
            Mailing.Status.PAUSED, problem="It ran past its last hour. Resume to send the rest."
        )


def _report_unapproved(newsletter: Newsletter, now: datetime) -> None:
    """Tell the editors, once, of an issue whose hour has come and that nobody has approved, or
    nobody has scheduled."""
    if newsletter.weekday is None:
        return
    hour = newsletter.next_send_at(now - UNAPPROVED_AFTER)
    if hour > now:
        return
    day = hour.astimezone(newsletter.zone).date()
    for issue in IssuePage.objects.unscheduled_for(newsletter, day):
        outbox.post("unapproved", issue.pk, key=f"{issue.pk}-{day}")


@shared_task
def start_mailing(mailing_id: int) -> None:
    """Freeze a due mailing and start its send loops. What can't be sent is said, and tried again at
    the next beat, until its grace is over."""
    mailing = Mailing.objects.get(pk=mailing_id)
    try:
        frozen = freezing.freeze(mailing, clock.now())
    except Unsendable as reason:
        Mailing.objects.filter(pk=mailing_id).update(problem=str(reason)[:300])
        outbox.post("unsendable", mailing_id, key=f"{mailing_id}-{mailing.revision_id}")
        return
    if frozen:
        Mailing.objects.close_if_done(mailing_id)  # nobody to send to
        start_send_loops()


@shared_task
def start_send_loops() -> None:
    """Start send loops if there is something to send. They expire unstarted when all are busy."""
    if Batch.objects.sendable().exists():
        for _ in range(settings.MAIL_SEND_LOOPS):
            send_loop.apply_async(expires=4)


@shared_task
def send_loop() -> None:
    """One send loop: the next batch, and the next, until none is left, its minute is over or its
    worker ends."""
    ends = time.monotonic() + LOOP_SECONDS
    transport = transports.open_transport()
    try:
        while time.monotonic() < ends and not ending():
            if not engine.send_next(transport):
                if not Batch.objects.sendable().exists():
                    break
                time.sleep(0.2)  # the throttle holds us back
    finally:
        transport.close()


@shared_task
def reconcile_batches() -> None:
    reconcile.run_due(clock.now())
    Mailing.objects.close_done()


@shared_task
def follow_events() -> None:
    """What the mail provider has told us, until nothing waits, the minute is over or the worker
    ends; then the next beat starts a fresh one."""
    ends = time.monotonic() + LOOP_SECONDS
    while time.monotonic() < ends and not ending() and following.follow_some():
        pass


@shared_task
def end_pauses() -> None:
    wishes.end_pauses()


@shared_task
def look_at_links() -> None:
    """Others' pages that coming issues link to, for the desk's checklist."""
    checklist.look_at_others_pages()


@shared_task
def send_due_welcomes() -> None:
    welcomes.post_due(clock.now())


@shared_task
def keep_sunset() -> None:
    if not gate.look():  # whose answer was lost with a restore must not fall silent in a hurry
        sunset.keep(clock.now())


@shared_task
def fold_reader_counts() -> None:
    ReaderCount.objects.fold()
    ReaderMove.objects.fold()


@shared_task
def check_reader_counts() -> None:
    ReaderCount.objects.mend()


@shared_task
def work_on_import(pk: int) -> None:
    """A minute of it; then others have their turn."""
    reader_import = ReaderImport.objects.filter(pk=pk).first()
    if reader_import is None:
        return
    try:
        if reader_import.status == ReaderImport.Status.UNDOING:
            undoing.work(reader_import)
        elif not importing.work(reader_import, time.monotonic() + LOOP_SECONDS):
            work_on_import.delay(pk)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the beat looks after it
    except Exception:
        words = "It stopped for a reason that nobody thought of. Our log says more."
        transition(reader_import, ReaderImport.Status.FAILED, problem=words)
        raise


@shared_task
def keep_imports_going() -> None:
    """Those whose job was lost."""
    for pk in ReaderImport.objects.left_behind(clock.now()).values_list("pk", flat=True):
        work_on_import.delay(pk)


@shared_task
def forget_imports() -> None:
    undoing.forget(clock.now())


@shared_task
def count_segments() -> None:
    """Those that wait for it; of two who count at once, both write down the truth."""
    for segment in Segment.objects.due(clock.now()).select_related("newsletter"):
        audience.count_segment(segment, clock.now())

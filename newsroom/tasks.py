"""What Celery calls: single mails, reads, the clock of pages, what is forgotten at night."""

import logging

from celery import shared_task
from django.utils import timezone

from newsroom import measures
from newsroom.accounts import audit
from newsroom.accounts.sessions import SessionStore
from newsroom.core import clock
from newsroom.core.kept import retention
from newsroom.kept_pages import in_front
from newsroom.mail import asked, outbox
from newsroom.models import Asked, TransactionalMail
from newsroom.pictures import formats
from newsroom.publishing import reads, schedule, upload_cleaning
from newsroom.release import after_restore

log = logging.getLogger(__name__)


@shared_task
def send_mail(mail_id: int) -> None:
    outbox.send(TransactionalMail.objects.get(pk=mail_id), clock.now())


@shared_task
def answer_asked(asked_id: int) -> None:
    asked.answer(asked_id)


@shared_task
def send_waiting_mails() -> None:
    """Mails whose first task was lost or whose next try is due; and what was asked for them."""
    for asked_id in Asked.objects.left_behind(clock.now()).values_list("pk", flat=True)[:500]:
        answer_asked.apply_async([asked_id], expires=15)
    due = TransactionalMail.objects.due(clock.now()).order_by("next_try_at")
    for mail_id in due.values_list("pk", flat=True)[:500]:
        send_mail.apply_async([mail_id], expires=15)


@shared_task
def publish_scheduled() -> None:
    schedule.keep(timezone.now())  # the clock that Wagtail looks at, too


@shared_task
def purge_in_front(tags: str) -> None:
    in_front.send(tags)


@shared_task
def tick(queue: str) -> None:
    measures.tick(queue)


@shared_task
def clear_sessions() -> None:
    SessionStore.clear_expired()


@shared_task
def forget_uploads_put_aside() -> None:
    upload_cleaning.forget_put_aside()


@shared_task
def make_formats(image_id: int) -> None:
    formats.make(image_id)


@shared_task
def make_formats_left_behind() -> None:
    formats.make_left_behind()


@shared_task
def verify_audit_log() -> None:
    """Its head goes into the logs, which lie elsewhere: see “audit verify --head”."""
    verdict = audit.verify()
    if verdict.broken:
        log.error("audit log: entry %s does not follow from those before", verdict.broken.pk)
    else:
        log.info("audit log: %s entries, head %s", verdict.entries, verdict.head)


@shared_task
def keep_hold() -> None:
    after_restore.keep()


@shared_task
def count_reads() -> None:
    reads.move_to_database()


@shared_task
def forget_what_is_over() -> None:
    """Nightly: the table of retention."""
    retention.enforce(timezone.localdate())

"""Single mails: posted in the transaction that causes them, sent by a task, once."""

import logging
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from newsroom.jobs import after_commit
from subscriptions.models import TransactionalMail
from subscriptions.models.transactional import RETRY_AFTER
from subscriptions.outcomes import classify

log = logging.getLogger(__name__)

Status = TransactionalMail.Status


def post(purpose: str, object_id: int, key: str) -> None:
    """Queue the mail ``purpose`` about one row, unless the same key was posted before."""
    from subscriptions.tasks import send_mail

    mail, new = TransactionalMail.objects.get_or_create(
        purpose=purpose, key=key, defaults={"object_id": object_id}
    )
    if new:
        after_commit(send_mail, mail.pk)


def send(mail: TransactionalMail, now: datetime) -> None:
    """Write and send one mail. Safe to call twice: the second finds it taken or done."""
    if not mail.claim(now):
        return
    mail.refresh_from_db()
    write = import_string(settings.TRANSACTIONAL_MAILS[mail.purpose])
    try:
        message = write(mail.object_id)
        if message is None:  # the reader left or the moment has passed
            mail.finish(Status.DROPPED)
            return
        message.send()
    except Exception as error:
        _, reason = classify(error)
        log.warning("Mail %s (%s): %s", mail.pk, mail.purpose, reason)
        _finish_failed(mail, reason, now)
    else:
        status = getattr(message, "anymail_status", None)
        provider_id = str(status.message_id or "") if status else ""
        mail.finish(Status.SENT, sent_at=now, provider_id=provider_id)


def _finish_failed(mail: TransactionalMail, reason: str, now: datetime) -> None:
    if mail.tries > len(RETRY_AFTER):
        mail.finish(Status.FAILED, error=reason)
    else:
        wait = RETRY_AFTER[mail.tries - 1]
        mail.finish(Status.WAITING, error=reason, next_try_at=now + wait)

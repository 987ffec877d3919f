"""The send: freeze, claim, send, finish; and what to do when nobody knows.

Nothing is lost and nothing is sent twice, whatever dies when. The database is the truth, the
Celery tasks are pumps that look for the next batch. A batch whose outcome is unknown is *in
doubt*: only evidence (the provider's own record, or a person) takes it out of there.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from newsroom import tokens
from subscriptions import doubt, rendering
from subscriptions.models import Batch, Mailing, Subscriber, Subscription, Suppression
from subscriptions.models.newsletter import GRACE, IssuePage
from subscriptions.outcomes import classify

log = logging.getLogger(__name__)

BATCH_SIZE = 1000  # Mailgun: at most 1,000 recipients per call ("Batch sending")
HALVINGS_BEFORE_DOUBT = 8
LONGEST_BACKOFF = timedelta(minutes=10)

Status = Batch.Status


@dataclass(frozen=True)
class Recipient:
    subscriber_id: int
    subscription_id: int
    email: str


# --- Approve, freeze ------------------------------------------------------------------------


def approve(issue: IssuePage, user: Any, send_at: datetime) -> Mailing:
    """Schedule the issue's newest revision. Raises IntegrityError if it is scheduled already."""
    return Mailing.objects.create(
        issue=issue,
        newsletter=issue.newsletter,
        revision=issue.latest_revision or issue.save_revision(user=user),
        approved_by=user,
        send_at=send_at,
        not_after=send_at + GRACE,
    )


FREEZE = """
    INSERT INTO subscriptions_batch (id, mailing_id, seq, subscriber_ids, size)
    SELECT gen_random_uuid(), %(mailing)s, seq, array_agg(subscriber_id ORDER BY subscriber_id),
           count(*)
    FROM (
        SELECT s.subscriber_id,
               (row_number() OVER (ORDER BY s.subscriber_id) - 1) / %(size)s AS seq
        FROM subscriptions_subscription s
        JOIN subscriptions_subscriber r ON r.id = s.subscriber_id
        WHERE s.newsletter_id = %(newsletter)s AND s.status = 'confirmed'
          AND NOT EXISTS (
              SELECT 1 FROM subscriptions_suppression x WHERE x.email_index = r.email_index)
    ) numbered
    GROUP BY seq
"""


def freeze(mailing: Mailing, now: datetime) -> bool:
    """Fix content and audience in one transaction, and publish the web version with it.

    True for the one caller who did it. Dies half-way: rolled back, done again at the next beat.
    """
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
        if mailing.status != Mailing.Status.SCHEDULED or mailing.send_at > now:
            return False
        issue = mailing.revision.as_object()
        rendered = rendering.render_issue(issue)
        with connection.cursor() as cursor:
            cursor.execute(
                FREEZE,
                {
                    "mailing": mailing.pk,
                    "size": BATCH_SIZE,
                    "newsletter": mailing.newsletter_id,
                },
            )
            cursor.execute(
                "SELECT coalesce(sum(size), 0) FROM subscriptions_batch WHERE mailing_id = %s",
                [mailing.pk],
            )
            audience = cursor.fetchone()[0]
        mailing.revision.publish()
        return mailing.move(
            Mailing.Status.SENDING,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            audience=audience,
            frozen_at=now,
        )


# --- Claim, send, finish --------------------------------------------------------------------


def send_next(mail: BaseEmailBackend) -> bool:
    """Send one batch. False when none is waiting."""
    claimed = claim()
    if claimed is None:
        return False
    batch, recipients = claimed
    if not recipients:  # all of them left since the freeze
        finish(batch, Status.ACCEPTED)
        return True
    try:
        message = compose(batch, recipients)
        mail.send_messages([message])
    except Exception as error:
        _finish_failed(batch, error)
    else:
        finish(batch, Status.ACCEPTED, provider_id=message.anymail_status.message_id or "")
    return True


def claim() -> tuple[Batch, list[Recipient]] | None:
    """Take the next batch, with who may get it *now*: committed before any call is made.

    Whoever unsubscribed or was suppressed since the freeze is recorded as excluded.
    """
    with transaction.atomic():
        batch = (
            Batch.objects.sendable()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("mailing__newsletter")
            .order_by("mailing_id", "seq")
            .first()
        )
        if batch is None:
            return None
        recipients = eligible(batch)
        here = {recipient.subscriber_id for recipient in recipients}
        now = timezone.now()
        batch.excluded_ids = [pk for pk in batch.subscriber_ids if pk not in here]
        batch.status = Status.SENDING
        batch.claim_token = uuid.uuid4()
        batch.lease_until = now + settings.MAIL_LEASE
        batch.tries += 1
        batch.tried_at = now
        batch.probes = 0
        # fmt: off
        batch.save(update_fields=[
            "excluded_ids", "status", "claim_token", "lease_until", "tries", "tried_at", "probes",
        ])
        # fmt: on
    return batch, recipients


def eligible(batch: Batch) -> list[Recipient]:
    rows = (
        Subscription.objects.mailable()
        .filter(newsletter=batch.mailing.newsletter_id, subscriber__in=batch.subscriber_ids)
        .order_by("subscriber")
        .values_list("subscriber_id", "pk", "subscriber__email")
    )
    return [Recipient(*row) for row in rows]


def compose(batch: Batch, recipients: list[Recipient]) -> AnymailMessage:
    """The provider call's message: rendered text, and each reader's own links as merge data.

    Both unsubscribe headers go to every recipient (RFC 8058); List-Id names the list for ever
    (RFC 2919).
    """
    mailing, newsletter = batch.mailing, batch.mailing.newsletter
    message = AnymailMessage(
        subject=mailing.subject,
        body=mailing.text,
        from_email=newsletter.sender,
        to=[recipient.email for recipient in recipients],
        reply_to=[newsletter.reply_to] if newsletter.reply_to else None,
        headers=list_headers(newsletter),
    )
    message.attach_alternative(mailing.html, "text/html")
    message.tags = [f"mailing-{mailing.pk}"]
    message.metadata = {"batch": str(batch.pk)}
    message.merge_data, message.merge_headers = {}, {}
    for recipient in recipients:
        links = personal_links(recipient.subscriber_id, recipient.subscription_id)
        message.merge_data[recipient.email] = links
        message.merge_headers[recipient.email] = unsubscribe_headers(links["unsubscribe"])
    return message


def unsubscribe_headers(link: str) -> dict[str, str]:
    """Both headers of the one-click unsubscribe (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def list_headers(newsletter: Any) -> dict[str, str]:
    domain = newsletter.sender_address.rpartition("@")[2]
    return {"List-Id": f"{newsletter.title} <{newsletter.slug}.{domain}>", "Precedence": "bulk"}


def personal_links(subscriber_id: int, subscription_id: int) -> dict[str, str]:
    unsubscribe = tokens.lasting("unsubscribe", subscription_id)
    preferences = tokens.lasting("preferences", subscriber_id)
    return {
        "unsubscribe": f"{settings.BASE_URL}/newsletter/unsubscribe/{unsubscribe}/",
        "preferences": f"{settings.BASE_URL}/newsletter/preferences/{preferences}/",
    }


def finish(batch: Batch, to: str, **fields: Any) -> None:
    """End my claim. Whoever's lease ran out has lost it: then what I know is still evidence."""
    mine = Batch.objects.filter(pk=batch.pk, claim_token=batch.claim_token)
    if mine.update(status=to, claim_token=None, lease_until=None, **fields):
        Mailing.objects.close_if_done(batch.mailing_id)
    elif to == Status.ACCEPTED:
        doubt.found(batch.pk, fields.get("provider_id", ""))


def _finish_failed(batch: Batch, error: Exception) -> None:
    """Tell a definite no from doubt; log the kind of error, never its text with addresses."""
    outcome, reason = classify(error)
    log.warning("Batch %s: %s (%s)", batch.pk, reason, outcome)
    now = timezone.now()
    if outcome == "refused":
        _pause(batch, reason)
    elif outcome == "bad":
        _refused_whole(batch, reason)
    elif outcome == "no":
        wait = min(timedelta(seconds=5 * 2**batch.tries), LONGEST_BACKOFF)
        finish(batch, Status.PENDING, error=reason, next_try_at=now + wait)
    else:
        finish(batch, Status.IN_DOUBT, error=reason, next_try_at=now + settings.MAIL_PROBES[0])


def _pause(batch: Batch, reason: str) -> None:
    """Stop the mailing until a person has acted; this batch waits with the others."""
    batch.mailing.move(Mailing.Status.PAUSED, problem=reason)
    finish(batch, Status.PENDING, error=reason)


def _refused_whole(batch: Batch, reason: str) -> None:
    """Halve a refused batch until the bad address stands alone; it is suppressed then.

    When nothing of the mailing was taken after several halvings, it is the mail that is bad.
    """
    others = Batch.objects.filter(mailing=batch.mailing_id)
    taken = others.filter(status=Status.ACCEPTED).exists()
    if not taken and others.filter(status=Status.SPLIT).count() >= HALVINGS_BEFORE_DOUBT:
        _pause(batch, reason)
    elif batch.size > 1:
        batch.split()
    else:
        for subscriber in Subscriber.objects.filter(pk__in=batch.subscriber_ids):
            Suppression.objects.get_or_create(
                email_index=subscriber.email_index,
                defaults={"reason": Suppression.Reason.REFUSED},
            )
        finish(batch, Status.REJECTED, error=reason)


# --- The end --------------------------------------------------------------------------------


def resume(mailing: Mailing, now: datetime) -> bool:
    """Go on with a paused mailing, from now within its grace."""
    if mailing.status != Mailing.Status.PAUSED:  # «sending» may come from «scheduled» too
        return False
    return mailing.move(Mailing.Status.SENDING, problem="", not_after=now + GRACE)


def cancel(mailing: Mailing) -> bool:
    """Stop for good: nothing more goes out beyond the calls in flight."""
    with transaction.atomic():
        if not mailing.move(Mailing.Status.CANCELLED, finished_at=timezone.now()):
            return False
        mailing.batches.filter(status=Status.PENDING).update(status=Status.CANCELLED)
    return True


def connection_for_bulk() -> BaseEmailBackend:
    """An open connection, so that a pump's calls share one session."""
    mail = get_connection()
    mail.open()
    return mail


def send_test(issue: IssuePage, to: str) -> None:
    """The issue as readers will get it, to one colleague, marked, its personal links dead."""
    rendered = rendering.render_issue(issue)
    message = AnymailMessage(
        subject=f"[Test] {rendered.subject}",
        body=rendering.for_display(rendered.text),
        from_email=issue.newsletter.sender,
        to=[to],
    )
    message.attach_alternative(rendering.for_display(rendered.html), "text/html")
    message.send()

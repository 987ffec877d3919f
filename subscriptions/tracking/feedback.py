"""What the provider tells us later: bounces, complaints, and proof that a batch arrived.

Events come twice, late or never. Everything here may run again without harm.
"""

from email import message_from_bytes, policy
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.core.exceptions import ValidationError

from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import Batch, DeliveryFailure, Mailing, Subscriber, Subscription
from subscriptions.readers import signup
from subscriptions.sending import reconcile, thresholds

# What tells that the address is dead or its owner wants no mail, and why we suppress it then.
# A bounce for other reasons (policy, content, a full mailbox) says nothing about the address.
SUPPRESSING = {
    (EventType.BOUNCED, RejectReason.INVALID): Suppression.Reason.BOUNCE,
    (EventType.BOUNCED, RejectReason.BOUNCED): Suppression.Reason.BOUNCE,
}
FAILURES = {
    EventType.BOUNCED: DeliveryFailure.Kind.BOUNCED,
    EventType.COMPLAINED: DeliveryFailure.Kind.COMPLAINED,
}


def receive(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Anymail's ``tracking`` signal: the request's signature has been checked. What it brings has
    passed through others' hands (metadata is ours only if we sent the mail): any type may come."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    batch_id = plain(metadata.get("batch"))
    if batch_id:
        reconcile.found(batch_id, plain(event.message_id)[:200])
    recipient = plain(event.recipient)
    if not recipient:
        return
    reason = SUPPRESSING.get((event.event_type, event.reject_reason))
    if event.event_type == EventType.COMPLAINED:  # whatever else it says
        reason = Suppression.Reason.COMPLAINT
    if batch_id and event.event_type in FAILURES:
        count(batch_id, recipient, FAILURES[event.event_type])
    if reason:
        Suppression.add(list_index(recipient), reason)
    if reason == Suppression.Reason.COMPLAINT or event.event_type == EventType.UNSUBSCRIBED:
        leave_all_lists(recipient, how=str(event.event_type))


def plain(value: Any) -> str:
    """Text that a database takes; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")


# RFC 3463: no such mailbox, domain or system. A full mailbox (5.2.2) and a policy (5.7.x) say
# nothing about the address.
DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"}


def bounced_by_mail(mailing_id: int, subscriber_id: int, report: bytes) -> None:
    """A delivery status notification (RFC 3464) that came to a reader's own return path."""
    if not DEAD & statuses_of(report):
        return
    mailing = Mailing.objects.filter(pk=mailing_id).first()
    subscriber = Subscriber.objects.filter(pk=subscriber_id).first()
    if mailing is None or subscriber is None:
        return
    Suppression.add(subscriber.email_index, Suppression.Reason.BOUNCE)
    thresholds.record(mailing_id, subscriber_id, DeliveryFailure.Kind.BOUNCED)


def statuses_of(report: bytes) -> set[str]:
    """The status of each recipient that failed for good; empty for anything but such a report."""
    parts = message_from_bytes(report, policy=policy.default).walk()
    blocks = [
        block
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for block in part.walk()
    ]
    return {
        str(block["Status"]).strip()
        for block in blocks
        if str(block["Action"]).strip().lower() == "failed"
    }


def count(batch_id: Any, email: str, kind: str) -> None:
    """Of a mailing's copies, one came to nothing: the thresholds want to know."""
    subscriber = Subscriber.objects.with_email(email).first()
    try:
        batch = Batch.objects.filter(pk=batch_id).first()
    except ValidationError:  # a single mail's
        return
    if subscriber and batch:
        thresholds.record(batch.mailing_id, subscriber.pk, kind)


def leave_all_lists(email: str, how: str) -> None:
    for subscription in Subscription.objects.filter(subscriber__email_index=list_index(email)):
        signup.unsubscribe(subscription, how=how)

"""What the provider tells us later: bounces, complaints, and proof that a batch arrived.

Events come twice, late or never. Everything here may run again without harm.
"""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from newsroom.privacy import email_index
from subscriptions import doubt, signup
from subscriptions.models import Subscription, Suppression

# What tells that the address is dead or its owner wants no mail, and why we suppress it then.
# A bounce for other reasons (policy, content, a full mailbox) says nothing about the address.
SUPPRESSING = {
    (EventType.BOUNCED, RejectReason.INVALID): Suppression.Reason.BOUNCE,
    (EventType.BOUNCED, RejectReason.BOUNCED): Suppression.Reason.BOUNCE,
    (EventType.COMPLAINED, RejectReason.SPAM): Suppression.Reason.COMPLAINT,
    (EventType.COMPLAINED, None): Suppression.Reason.COMPLAINT,
}


def receive(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Anymail's ``tracking`` signal: the request's signature has been checked."""
    batch_id = (event.metadata or {}).get("batch")
    if batch_id:
        doubt.found(batch_id, event.message_id or "")
    if not event.recipient:
        return
    reason = SUPPRESSING.get((event.event_type, event.reject_reason))
    if reason:
        Suppression.objects.get_or_create(
            email_index=email_index(event.recipient), defaults={"reason": reason}
        )
    if reason == Suppression.Reason.COMPLAINT or event.event_type == EventType.UNSUBSCRIBED:
        leave_all_lists(event.recipient, how=str(event.event_type))


def leave_all_lists(email: str, how: str) -> None:
    for subscription in Subscription.objects.filter(subscriber__email_index=email_index(email)):
        signup.unsubscribe(subscription, how=how)

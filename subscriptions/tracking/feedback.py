"""What the provider tells us later: bounces, complaints, and proof that a batch arrived.

Events come twice, late or never. Everything here may run again without harm.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType
from django.core.exceptions import ValidationError

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.core.tokens import BadToken
from newsroom.mail import providers
from newsroom.mail.diagnosis import Verdict
from newsroom.mail.providers.events import value_at
from newsroom.models import Suppression
from subscriptions.models import Batch, DeliveryFailure, Mailing, Subscriber, Subscription
from subscriptions.readers import signup
from subscriptions.sending import reconcile, thresholds
from subscriptions.sending.smtp import read_return_path
from subscriptions.tracking import reports

Reason, Kind = Suppression.Reason, DeliveryFailure.Kind


@dataclass(frozen=True)
class Effect:
    suppress: str | None = None  # for which reason
    count: str | None = None  # as which failure of the mailing
    leave: str = ""  # every list, and what the consent says of how


EFFECTS = {
    Verdict.DEAD: Effect(suppress=Reason.BOUNCE, count=Kind.BOUNCED),
    Verdict.SOFT: Effect(count=Kind.SOFT),
    Verdict.US: Effect(count=Kind.US),
    Verdict.COMPLAINT: Effect(suppress=Reason.COMPLAINT, count=Kind.COMPLAINED, leave="complained"),
    Verdict.UNSUBSCRIBE: Effect(leave="unsubscribed"),
    Verdict.NOTHING: Effect(),
    # Nothing was sent: the cause is taken over, and has been counted when it came about.
    Verdict.LISTED: Effect(suppress=Reason.REFUSED),
    Verdict.LISTED_DEAD: Effect(suppress=Reason.BOUNCE),
    Verdict.LISTED_COMPLAINT: Effect(suppress=Reason.COMPLAINT, leave="complained"),
}


def receive(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Anymail's ``tracking`` signal: the request's signature has been checked. What it brings has
    passed through others' hands (metadata is ours only if we sent the mail): any type may come."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    batch_id = plain(metadata.get("batch"))
    if batch_id:
        reconcile.found(batch_id, plain(event.message_id)[:200])
    events = providers.current().events
    if events is None:
        return
    said = f"{plain(event.mta_response)} {plain(event.description)}"
    verdict = events.verdict(event.esp_event, said)
    recipient = plain(event.recipient) or plain(value_at(event.esp_event, events.recipient))
    if not recipient:
        return
    if event.event_type == EventType.DELIVERED:
        DeliveryFailure.objects.outlived(list_index(recipient))
    elif verdict is not Verdict.NOTHING:  # of a million mails, nearly all are delivered or opened
        act(verdict, list_index(recipient), _mailing_of(batch_id))


def plain(value: Any) -> str:
    """Text that a database takes; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")


def _mailing_of(batch_id: str) -> int | None:
    """None for a single mail's, and for what is no batch of ours."""
    try:
        found = Batch.objects.filter(pk=batch_id) if batch_id else Batch.objects.none()
    except ValidationError:
        return None
    return found.values_list("mailing_id", flat=True).first()


def act(verdict: Verdict, index: bytes, mailing_id: int | None) -> None:
    """What follows for the address with that ``list_index``, and for the mailing it was sent."""
    effect = EFFECTS[verdict]
    if effect.suppress:
        Suppression.add(index, effect.suppress)
    if effect.leave:
        for subscription in Subscription.objects.filter(subscriber__email_index=index):
            signup.unsubscribe(subscription, how=effect.leave)
    if effect.count and mailing_id:
        for subscriber in Subscriber.objects.filter(email_index=index):
            thresholds.record(mailing_id, subscriber.pk, effect.count)


def told_by_mail(address: str, raw: bytes) -> None:
    """A bounce that came to a reader's own return path, or a complaint from a feedback loop, which
    comes to any address of ours. Raises BadToken: nothing that we signed says whose it is."""
    report = reports.read(raw)
    mailing_id, subscriber = whose([address, *(report.places if report.feedback else [])])
    if subscriber:
        act(report.verdict(subscriber.email), subscriber.email_index, mailing_id)


def whose(places: list[str]) -> tuple[int | None, Subscriber | None]:
    """The mailing and the reader that the first return path or unsubscribe link of ours names; None
    for what is gone. Raises BadToken without one."""
    for place in places:
        for word in re.split(r"[\s<>,\"]+", place):
            with suppress(BadToken):
                mailing_id, subscriber_id = read_return_path(word)
                found = Mailing.objects.filter(pk=mailing_id).values_list("pk", flat=True)
                return found.first(), Subscriber.objects.filter(pk=subscriber_id).first()
            with suppress(BadToken):
                token = word.rstrip("/").rpartition("/")[2]
                of = Subscription.objects.filter(pk=tokens.read_permanent("unsubscribe", token))
                return None, Subscriber.objects.filter(subscriptions__in=of).first()
    raise BadToken

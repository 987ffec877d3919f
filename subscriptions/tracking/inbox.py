"""A provider's events as they come: what there is to follow of each is stored once, and no more.

The request's signature has been checked. What it brings has passed through others' hands (metadata
is ours only if we sent the mail): any type may come. Following is a job's: following.py.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType
from django.utils import timezone

from newsroom.core.privacy import keyed_hash, list_index
from newsroom.mail.diagnosis import Verdict
from newsroom.mail.providers import Provider
from newsroom.mail.providers.events import Events, value_at
from subscriptions.models import ProviderEvent
from subscriptions.models.provider_event import DELIVERED, Told


def take_in(provider: Provider, events: Sequence[AnymailTrackingEvent]) -> None:
    if provider.events:
        read = [_told(provider.key, provider.events, event) for event in events]
        ProviderEvent.objects.take_in([one for one in read if one])


def _told(provider: str, events: Events, event: AnymailTrackingEvent) -> Told | None:
    """None: nothing follows from it."""
    recipient = plain(event.recipient) or plain(value_at(event.esp_event, events.recipient))
    what = _what(events, event) if recipient else ""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    batch_id = _uuid(metadata.get("batch"))
    if not what and batch_id is None:
        return None
    index = list_index(recipient) if what else b""
    facts = [provider, _identity(events, event), what, index.hex()]
    return Told(
        key=keyed_hash(json.dumps(facts, sort_keys=True), "provider event"),
        what=what,
        email_index=index,
        batch_id=batch_id,
        provider_id=plain(event.message_id)[:200] if batch_id else "",
        happened_on=_day_of(event.timestamp),
    )


def _what(events: Events, event: AnymailTrackingEvent) -> str:
    if event.event_type == EventType.DELIVERED:
        return DELIVERED
    said = f"{plain(event.mta_response)} {plain(event.description)}"
    verdict = events.verdict(event.esp_event, said)
    return "" if verdict is Verdict.NOTHING else verdict.value


def _identity(events: Events, event: AnymailTrackingEvent) -> Any:
    """What a repeat has in common with the first: an id; else all that is said. One id may tell of
    several addresses."""
    own = [value_at(event.esp_event, path) for path in events.id]
    return own if own and all(own) else plain(event.event_id) or event.esp_event


def _uuid(value: Any) -> uuid.UUID | None:
    """None for a single mail's, and for what is no batch of ours."""
    try:
        return uuid.UUID(plain(value))
    except ValueError:
        return None


def _day_of(at: Any) -> date:
    """Never a day to come: what it says is another's clock."""
    today = timezone.localdate()
    try:
        return min(timezone.localdate(at), today) if isinstance(at, datetime) else today
    except (ValueError, OverflowError):
        return today


def plain(value: Any) -> str:
    """Text that a database takes; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")

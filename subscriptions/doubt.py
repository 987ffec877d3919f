"""Batches in doubt: was it sent? Only the provider's own record can say.

Each provider has its way (see the research notes of the design); this is Mailgun's. Where there
is none, a person decides.
"""

import logging
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin

import requests
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone

from subscriptions.models import Batch, Mailing, Subscriber

log = logging.getLogger(__name__)

TIMEOUT = (3.05, 20)  # seconds to connect, to answer
CLOCKS_DIFFER_BY = timedelta(minutes=10)  # at most, ours and the provider's


def available() -> bool:
    return settings.EMAIL_BACKEND == "anymail.backends.mailgun.EmailBackend"


def ask(batch: Batch) -> str | None:
    """The provider's message id, "" when it has no such message, None when it can't say.

    Mailgun takes a call whole or not at all, so one recipient stands for all of them. Asked with
    the Logs API ("List logs"), whose filter travels in the body: no address in any URL.
    """
    if not available():
        return None
    # Only who was in the call can have an event; the excluded were left out.
    sent_to = next(pk for pk in batch.subscriber_ids if pk not in set(batch.excluded_ids))
    email = Subscriber.objects.filter(pk=sent_to).values_list("email", flat=True).first()
    if email is None:  # erased since
        return None
    base = settings.ANYMAIL.get("MAILGUN_API_URL", "https://api.mailgun.net/v3")
    tried_at = batch.tried_at or timezone.now()
    recipient = {"attribute": "recipient", "comparator": "=", "values": [same(email)]}
    tag = {"attribute": "tag", "comparator": "=", "values": [same(f"mailing-{batch.mailing_id}")]}
    query: Any = {
        "start": format_datetime(tried_at - CLOCKS_DIFFER_BY),
        "end": format_datetime(timezone.now() + CLOCKS_DIFFER_BY),
        "events": ["accepted"],
        "filter": {"AND": [recipient, tag]},
        "pagination": {"limit": 100},
    }
    try:
        answer = requests.post(
            urljoin(base, "/v1/analytics/logs"),
            json=query,
            auth=("api", settings.ANYMAIL["MAILGUN_API_KEY"]),
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        events = answer.json()["items"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        log.warning("No evidence for batch %s: %s", batch.pk, type(error).__name__)
        return None
    for event in events:
        if event.get("user-variables", {}).get("batch") == str(batch.pk):
            return str(event["message"]["headers"]["message-id"])
    return ""


def same(value: str) -> dict[str, str]:
    return {"label": value, "value": value}


def found(batch_id: Any, provider_id: str) -> None:
    """Proof that the provider has this batch: whoever holds it or doubts it, it is accepted."""
    try:
        batch = Batch.objects.filter(pk=batch_id).first()
    except ValidationError:  # not a batch's id: somebody else's metadata
        batch = None
    if batch is None:
        return
    # Pending too: sent back after a «no», and not claimed again yet.
    if batch.settle(Batch.Status.ACCEPTED, frm=Batch.OPEN, provider_id=provider_id):
        Mailing.objects.close_if_done(batch.mailing_id)


def resolve_all(now: datetime) -> None:
    """Batches whose worker vanished fall into doubt; doubtful ones are asked after."""
    Batch.objects.abandoned().update(
        status=Batch.Status.IN_DOUBT,
        error="the worker vanished during the call",
        next_try_at=now + settings.MAIL_PROBES[0],
    )
    doubtful = Batch.objects.filter(status=Batch.Status.IN_DOUBT, next_try_at__lte=now)
    for batch in doubtful.select_related("mailing")[:50]:
        resolve(batch, now)


def resolve(batch: Batch, now: datetime) -> None:
    """Ask the provider whether it has this batch; after the last «no» it goes out again."""
    answer = ask(batch)
    frm = [Batch.Status.IN_DOUBT]
    if answer is None:  # it can't tell, or not now
        later = now + settings.MAIL_PROBES[-1]
        to = Batch.Status.IN_DOUBT if available() else Batch.Status.HELD
        Batch.objects.filter(pk=batch.pk, status__in=frm).update(status=to, next_try_at=later)
    elif answer:
        found(batch.pk, answer)
    elif batch.probes + 1 < len(settings.MAIL_PROBES):
        wait = settings.MAIL_PROBES[batch.probes + 1]
        # Two who ask at the same moment count as one probe: the distances are what matters.
        Batch.objects.filter(pk=batch.pk, status__in=frm, probes=batch.probes).update(
            probes=F("probes") + 1, next_try_at=now + wait
        )
    else:
        batch.settle(Batch.Status.PENDING, frm=frm, next_try_at=now)


def decide(batch: Batch, *, sent: bool) -> bool:
    """An editor's word on a held batch: it was sent, or send it. One winner."""
    to = Batch.Status.ACCEPTED if sent else Batch.Status.PENDING
    decided = batch.settle(to, frm=[Batch.Status.HELD], next_try_at=timezone.now())
    Mailing.objects.close_if_done(batch.mailing_id)
    return decided

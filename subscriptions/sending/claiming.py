"""The claim: one batch becomes ours for a while, and who may get it now is looked up.

It is committed before any call is made, so that whoever dies leaves a trace of what may be on its
way.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from newsroom.core.moves import transition
from newsroom.hold import gate
from newsroom.mail import providers
from subscriptions.models import Batch, Mailing, Throttle
from subscriptions.models.throttle import tomorrow
from subscriptions.readers.audience import audience_of


@dataclass(frozen=True, slots=True)
class Recipient:
    subscriber_id: int
    subscription_id: int
    email: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours until its lease is over, and who may get it now.

    ``call_before`` is a moment of this process's monotonic clock, in seconds: a call that begins
    later may still be on its way when others have begun to ask after it.
    """

    batch: Batch
    recipients: tuple[Recipient, ...]
    call_before: float


def claim() -> Claim | None:
    """Claim the next batch, in one short transaction. None: no batch waits, or none may go now.

    1. Take the first batch that may be sent and that nobody else has in hand: its row is locked,
       and other loops skip it. Look whether the database is still the one that it was.
    2. Ask the throttle. What is too much for one call, or for today, becomes a batch of its own.
    3. Look up who of its readers may get it *now*: whoever unsubscribed or was suppressed since
       the freeze is left out.
    4. Write down the attempt: who was left out, a token that only we know, and a lease.
    5. Commit. Whoever dies before has changed nothing; of whoever dies later the lease runs out,
       and the batch is in doubt.
    """
    began = time.monotonic()  # before the lease begins
    provider = providers.current()
    gate.holds()
    with transaction.atomic():
        # 1
        batch = (
            Batch.objects.sendable()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("mailing__newsletter", "mailing__segment")
            .annotate(clock=Now())
            .order_by("mailing_id", "seq")
            .first()
        )
        if batch is None:
            return None
        # Restored while we waited for the row? A database that was holds its mailings from here on.
        if gate.look() and Mailing.objects.filter(pk=batch.mailing_id, held=True).exists():
            return None
        now = batch.clock
        # 2
        if not _fits(batch, provider.key, provider.per_call, now):
            return None
        # 3
        recipients = eligible(batch)
        here = {recipient.subscriber_id for recipient in recipients}
        # 4
        transition(
            batch,
            Batch.Status.SENDING,
            excluded_ids=[pk for pk in batch.subscriber_ids if pk not in here],
            claim_token=uuid.uuid4(),
            lease_until=now + settings.MAIL_LEASE,
            tries=batch.tries + 1,
            tried_at=now,
            first_tried_at=batch.first_tried_at or now,
            provider=provider.key,
            probes=0,
            begun=0,
            done=0,
            left_out_ids=[],
        )
    # 5
    return Claim(batch, recipients, began + settings.MAIL_LEASE.total_seconds() / 3)


def _fits(batch: Batch, provider: str, per_call: int, now: datetime) -> bool:
    """May it go now? Cut to what the provider takes in one call, and the warm-up plan allows.

    A call that may have arrived stays as it was: its repeat has to be the same.
    """
    throttle = Throttle.locked(provider)
    left = throttle.left_today(now)
    if left == 0:
        until = tomorrow(now)
        Mailing.objects.filter(pk=batch.mailing_id).update(
            problem="Today's share of the warm-up plan is sent. The rest follows tomorrow.",
            not_after=until + batch.mailing.newsletter.grace,
        )
        throttle.close(until)
        return False
    most = min(per_call, left or per_call)
    if batch.size > most and not batch.first_tried_at:
        rest = batch.subscriber_ids[most:]
        batch.split_off(rest, Batch.Status.PENDING, next_try_at=batch.next_try_at)
    return throttle.take(batch.size, now)


def eligible(batch: Batch) -> tuple[Recipient, ...]:
    """Those of its readers who are in the audience now, in the order of their ids."""
    rows = (
        audience_of(batch.mailing.newsletter, batch.mailing.segment, batch.subscriber_ids)
        .filter(subscriber__in=batch.subscriber_ids)
        .order_by("subscriber")
        .values_list("subscriber_id", "pk", "subscriber__email")
    )
    return tuple(Recipient(*row) for row in rows)

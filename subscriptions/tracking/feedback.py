"""What follows from what comes back: a provider's events (following.py), and mails.

They come twice, late or never. Everything here may run again without harm.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.tokens import BadToken
from newsroom.mail.diagnosis import Verdict
from newsroom.models import Suppression, SuppressionLift
from subscriptions.models import Batch, DeliveryFailure, Mailing, Subscriber, Subscription
from subscriptions.readers import signup
from subscriptions.sending import thresholds
from subscriptions.sending.smtp import read_return_path
from subscriptions.sending.thresholds import Failed
from subscriptions.tracking import reports

Reason, Kind = Suppression.Reason, DeliveryFailure.Kind


@dataclass(frozen=True)
class Effect:
    suppress: str | None = None  # for which reason
    count: str | None = None  # as which failure of the mailing
    leave: str = ""  # every list, and what the consent says of how


LEAVES = ("complained", "unsubscribed")  # from the strictest

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


@dataclass(frozen=True)
class Found:
    verdict: Verdict
    email_index: bytes
    mailing_id: int | None  # which it was sent; None: a single mail, or nobody knows
    on: date  # when it happened
    newcomer: bool = False  # in the warm-up of that mailing


def act(verdict: Verdict, index: bytes, mailing_id: int | None, newcomer: bool = False) -> None:
    """What follows for the address with that ``list_index``, and for the mailing it was sent."""
    act_on_all([Found(verdict, index, mailing_id, timezone.localdate(), newcomer)])


def act_on_all(found: Sequence[Found], alive: Sequence[bytes] = ()) -> None:
    """The same for many, and for addresses at which mail has arrived.

    What is told late decides nothing for whom has decided since: who confirmed on a later day, or
    was taken off the list of suppressed addresses. It is counted all the same.
    """
    with transaction.atomic():
        readers = _locked(found)
        if alive:
            DeliveryFailure.objects.outlived(*alive)
        since = _decided_since(found, readers)
        Suppression.add_all(
            [
                (one.email_index, reason)
                for one in found
                if (reason := EFFECTS[one.verdict].suppress)
                and since.get(one.email_index, one.on) <= one.on
            ]
        )
        _leave(found, readers)
        thresholds.record(
            [
                Failed(one.mailing_id, readers[one.email_index].pk, kind, one.newcomer)
                for one in found
                if (kind := EFFECTS[one.verdict].count)
                and one.mailing_id
                and one.email_index in readers
            ]
        )


@dataclass
class Reader:
    pk: int
    subscriptions: list[Subscription] = field(default_factory=list)


def _locked(found: Sequence[Found]) -> dict[bytes, Reader]:
    """Whom it is about, by index: readers first, then their subscriptions, each in the order of
    their keys, as those who sign up, confirm or erase lock them; suppressions come after."""
    indexes = {one.email_index for one in found}
    rows = Subscriber.objects.filter(email_index__in=indexes).order_by("pk").only("email_index")
    readers = {row.pk: row for row in rows.select_for_update(no_key=True)} if indexes else {}
    known = {pk: Reader(pk) for pk in readers}
    theirs = Subscription.objects.filter(subscriber__in=known).order_by("pk")
    for subscription in theirs.select_for_update(no_key=True) if known else ():
        known[subscription.subscriber_id].subscriptions.append(subscription)
    return {bytes(row.email_index): known[pk] for pk, row in readers.items()}


def _decided_since(found: Sequence[Found], readers: dict[bytes, Reader]) -> dict[bytes, date]:
    """The last day on which an address's owner confirmed, or it was lifted."""
    lifts = SuppressionLift.objects.filter(email_index__in={one.email_index for one in found})
    days = lifts.values_list("email_index").annotate(Max("on")) if found else ()
    since = {bytes(index): day for index, day in days}
    for index, reader in readers.items():
        confirmed = [one.confirmed_on for one in reader.subscriptions if one.confirmed_on]
        if confirmed:
            since[index] = max(since.get(index, confirmed[0]), *confirmed)
    return since


def _leave(found: Sequence[Found], readers: dict[bytes, Reader]) -> None:
    """A complaint says more than that somebody left, whichever came first."""
    how: dict[int, tuple[str, Subscription]] = {}
    for one in found:
        leave, reader = EFFECTS[one.verdict].leave, readers.get(one.email_index)
        for subscription in reader.subscriptions if leave and reader else ():
            if (subscription.confirmed_on or one.on) <= one.on:
                before = how.get(subscription.pk, (leave, subscription))[0]
                how[subscription.pk] = (min(before, leave, key=LEAVES.index), subscription)
    for leave in LEAVES:
        signup.leave_all([row for said, row in how.values() if said == leave], leave)


def told_by_mail(address: str, raw: bytes) -> None:
    """A bounce that came to a reader's own return path, or a complaint from a feedback loop, which
    comes to any address of ours. Raises BadToken: nothing that we signed says whose it is."""
    report = reports.read(raw)
    mailing_id, subscriber = whose([address, *(report.places if report.feedback else [])])
    if subscriber:
        warmed_up = Batch.objects.filter(mailing=mailing_id, step__gt=0).of_reader(subscriber.pk)
        verdict = report.verdict(subscriber.email)
        act(verdict, subscriber.email_index, mailing_id, newcomer=warmed_up.exists())


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

"""Bounces, complaints and refusals of a mailing, and what stops it when they are too many.

Gmail and Yahoo want complaints below 0.1 % and act at 0.3 % ("Email sender guidelines"); a list
with more than one dead address in twenty was bought, or is broken.
"""

from collections.abc import Collection
from dataclasses import dataclass

from newsroom.models import Suppression
from subscriptions.models import DeliveryFailure, Mailing, Subscriber

Kind = DeliveryFailure.Kind


@dataclass(frozen=True)
class Threshold:
    share: float  # of those who were sent to
    at_least: int  # so that one angry reader of the canary stops nothing
    words: str


THRESHOLDS = {
    Kind.BOUNCED: Threshold(0.05, 10, "bounced"),
    Kind.COMPLAINED: Threshold(0.003, 3, "complained of spam"),
    Kind.REFUSED: Threshold(0.02, 10, "were refused by the provider"),
    Kind.SOFT: Threshold(0.1, 10, "could not be reached (mailbox full, or “not now”)"),
    Kind.US: Threshold(0.02, 10, "were refused because of us (policy, reputation, content)"),
}


def record(failed: Collection[tuple[int, int, str]]) -> None:
    """Write failures down (of a mailing, a reader, a kind), once however often they are told. One
    too many stops the mailing, or suppresses a mailbox that is always full."""
    rows = [
        DeliveryFailure(mailing_id=mailing_id, subscriber_id=subscriber_id, kind=kind)
        for mailing_id, subscriber_id, kind in sorted(set(failed))
    ]
    DeliveryFailure.objects.bulk_create(rows, ignore_conflicts=True)
    soft = {pk for _, pk, kind in failed if kind == Kind.SOFT}
    if soft and (away := DeliveryFailure.objects.away_too_long(soft)):
        dead = Subscriber.objects.filter(pk__in=away).values_list("email_index", flat=True)
        Suppression.add_all([(index, Suppression.Reason.BOUNCE) for index in dead])
    for mailing_id, kind in sorted({(row.mailing_id, row.kind) for row in rows}):
        _stop_if_too_many(mailing_id, kind)


def _stop_if_too_many(mailing_id: int, kind: str) -> None:
    threshold, failures = THRESHOLDS[Kind(kind)], DeliveryFailure.objects
    stoppable = Mailing.objects.filter(status=Mailing.Status.SENDING, thresholds_on=True)
    mailing = stoppable.defer("html", "text").filter(pk=mailing_id).first()
    if mailing is None:  # most events come when all is sent: nothing to stop, nothing to count
        return
    failed = failures.filter(mailing=mailing_id, kind=kind).count()
    if failed < threshold.at_least:
        return
    numbers = mailing.progress()
    sent_to = numbers["accepted"] + numbers["rejected"]
    if failed > threshold.share * sent_to:
        mailing.move(
            Mailing.Status.PAUSED,
            problem=f"{failed:,} of the first {sent_to:,} readers {threshold.words} "
            f"({failed / max(sent_to, 1):.1%}; the threshold is {threshold.share:.1%}). "
            "Look into it; if you resume, nothing stops this issue by itself any more.",
        )

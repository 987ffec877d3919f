"""Bounces, complaints and refusals of a mailing, and what stops it when they are too many.

Gmail and Yahoo want complaints below 0.1 % and act at 0.3 % ("Email sender guidelines"); a list
with more than one dead address in twenty was bought, or is broken.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from newsroom.mail import outbox
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


class Failed(NamedTuple):
    mailing_id: int
    subscriber_id: int
    kind: str
    newcomer: bool  # in a step of the mailing's warm-up


def record(failed: Collection[Failed]) -> None:
    """Write failures down, once however often they are told. One too many stops the mailing, or
    suppresses a mailbox that is always full."""
    rows = [DeliveryFailure(**one._asdict()) for one in sorted(set(failed))]
    DeliveryFailure.objects.bulk_create(rows, ignore_conflicts=True)
    soft = {one.subscriber_id for one in failed if one.kind == Kind.SOFT}
    if soft and (away := DeliveryFailure.objects.away_too_long(soft)):
        dead = Subscriber.objects.filter(pk__in=away).values_list("email_index", flat=True)
        Suppression.add_all([(index, Suppression.Reason.BOUNCE) for index in dead])
    for told in sorted({(one.mailing_id, one.kind, one.newcomer) for one in failed}):
        _stop_if_too_many(*told)


def _stop_if_too_many(mailing_id: int, kind: str, newcomers: bool) -> None:
    """Newcomers and all others are judged apart: a good list hides no bad one that has come to it,
    nor does the bad one stop the good. Once the warm-up goes, the others have their copies."""
    threshold, failures = THRESHOLDS[Kind(kind)], DeliveryFailure.objects
    stoppable = Mailing.objects.filter(status=Mailing.Status.SENDING, thresholds_on=True)
    mailing = stoppable.filter(pk=mailing_id).first()
    if mailing is None:  # most events come when all is sent: nothing to stop, nothing to count
        return
    if newcomers != (mailing.step > 0):
        return
    failed = failures.filter(mailing=mailing_id, kind=kind, newcomer=newcomers).count()
    if failed < threshold.at_least:
        return
    numbers = mailing.progress(**({"step__gt": 0} if newcomers else {"step": 0}))
    sent_to = numbers["accepted"] + numbers["rejected"]
    if failed > threshold.share * sent_to:
        later = "it before its warm-up" if mailing.steps and not newcomers else "this issue"
        stopped = mailing.move(
            Mailing.Status.PAUSED,
            problem=f"{failed:,} of the first {sent_to:,} "
            f"{'who came by an import' if newcomers else 'readers'} {threshold.words} "
            f"({failed / max(sent_to, 1):.1%}; the threshold is {threshold.share:.1%}). "
            f"Look into it; if you resume, nothing stops {later} by itself any more.",
        )
        if stopped:
            outbox.post("stopped", mailing_id, key=f"{mailing_id}-{kind}-{newcomers}")

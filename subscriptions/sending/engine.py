"""The send: claim, send, finish; and what to do when nobody knows.

Nothing is lost and nothing is sent twice, whatever dies when. The database is the truth, the
Celery tasks are send loops that look for the next batch. A batch whose outcome is unknown is *in
doubt*: only evidence (the provider's own record, or a person) takes it out of there.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any, assert_never

from django.core.mail import get_connection
from django.db import transaction

from newsroom.core import clock
from newsroom.core.database import with_retries
from newsroom.core.moves import transition
from newsroom.mail import providers
from newsroom.mail.compose import Rendered, literal, message_of
from newsroom.mail.diagnosis import Verdict
from newsroom.mail.errors import Outcome, SendError, classify
from newsroom.models import Suppression
from subscriptions.issues import rendering
from subscriptions.models import Batch, DeliveryFailure, Edition, Mailing, Subscriber, Throttle
from subscriptions.models.batch import Cardinality, settle
from subscriptions.models.issue import IssuePage
from subscriptions.models.mailing import CLOSED
from subscriptions.sending import claiming, reconcile, thresholds
from subscriptions.sending.result import SendResult
from subscriptions.sending.thresholds import Failed
from subscriptions.sending.transports import LostClaim, TooLate, Transport

log = logging.getLogger(__name__)

HALVINGS_BEFORE_PAUSE = 8
# How long a reader waits who is refused “for now”, each time; then their copy is given up. Mail
# servers that know nobody let them wait for five minutes and more (greylisting: RFC 6647, 3).
NOT_NOW = [timedelta(minutes=minutes) for minutes in (1, 5, 10, 15)]
LONGEST_BACKOFF = timedelta(minutes=10)

Status, Kind = Batch.Status, DeliveryFailure.Kind
# As what a reader counts whose mailbox said “not now” until we gave up.
GIVEN_UP = {Verdict.DEAD: Kind.SOFT, Verdict.SOFT: Kind.SOFT, Verdict.US: Kind.US}


# --- Claim, send, finish --------------------------------------------------------------------


def send_next(transport: Transport) -> bool:
    """Send one batch. False when none is waiting, or none may go now."""
    claim = with_retries(claiming.claim)
    if claim is None:
        return False
    batch = claim.batch
    if not claim.recipients:  # all of them left since the freeze
        finish(batch, Status.ACCEPTED)
        return True
    try:
        result = transport.send(claim)
    except TooLate:
        finish(batch, Status.PENDING, error="The worker was too slow to begin the call.")
    except LostClaim:
        log.warning("Batch %s was taken from us while we slept", batch.pk)
    except Exception as error:
        _finish_failed(batch, classify(error, providers.current()))
    else:
        _finish_taken(batch, result)
    return True


def finish(batch: Batch, to: str, **fields: Any) -> None:
    """End my claim. Whoever's lease ran out has lost it: then what I know is still evidence."""

    def write() -> None:
        mine = Batch.objects.filter(pk=batch.pk, claim_token=batch.claim_token)
        if settle(mine, to, **fields):
            Mailing.objects.close_if_done(batch.mailing_id)
        elif to == Status.ACCEPTED:
            reconcile.found(
                batch.pk, fields.get("provider_id", ""), "the worker that made the call"
            )

    with_retries(write)


def _finish_taken(batch: Batch, result: SendResult) -> None:
    """Taken, but for those who were left out: each kind becomes a batch of its own."""
    if not result.left_out:
        finish(batch, Status.ACCEPTED, provider_id=result.provider_id)
        return
    if result.error:
        log.warning("Batch %s: %s", batch.pk, result.error)
    with_retries(lambda: _divide(batch, result, clock.now()))


def _divide(batch: Batch, result: SendResult, now: datetime) -> None:
    again = {"next_try_at": now + _backoff(batch.tries), "error": result.error}
    with transaction.atomic():
        if result.refused:
            batch.split_off(result.refused, Status.REJECTED, error=result.error)
            _suppress(batch, result.refused)
        if result.later:
            _put_off(batch, result, now)
        if result.untried:
            batch.split_off(result.untried, Status.PENDING, **again)
        if result.because_of_us or result.problem:  # behind the others, who tell whether it is all
            _wait_for_person(batch, result, again)
        if result.in_doubt:
            unknown = batch.split_off(result.in_doubt, Status.NEEDS_REVIEW, error=result.error)
            if unknown:
                unknown.note(f"Handed over, then {result.error}. An editor has to decide.")
        finish(batch, Status.ACCEPTED, provider_id=result.provider_id)


def _put_off(batch: Batch, result: SendResult, now: datetime) -> None:
    """Refused for now: again later, a few times. If nobody of the mailing has ever been taken, it
    is hardly the readers: then the mailing waits for a person, and all their copies with it."""
    if batch.put_off < len(NOT_NOW):
        again = {"next_try_at": now + NOT_NOW[batch.put_off], "put_off": batch.put_off + 1}
        batch.split_off(result.later, Status.PENDING, error=result.error, **again)
    elif not _taken_by_anybody(batch, result):
        batch.split_off(result.later, Status.PENDING, error=result.error, put_off=0)
        problem = f"nobody has been taken so far: {result.error}"
        batch.mailing.move(Mailing.Status.PAUSED, problem=problem[:300])
    else:
        batch.split_off(result.later, Status.REJECTED, error=result.error)
        _record(batch, {pk: GIVEN_UP.get(verdict) for pk, verdict in result.later.items()})


def _record(batch: Batch, failed: Mapping[int, str | None]) -> None:
    """What came of these readers' copies, if it counts."""
    rows = [(pk, kind) for pk, kind in failed.items() if kind]
    thresholds.record([Failed(batch.mailing_id, pk, kind, batch.step > 0) for pk, kind in rows])


def _taken_by_anybody(batch: Batch, result: SendResult | None = None) -> bool:
    """Has any other call of the mailing been taken, or a part of this one?"""
    if result and batch.recipients > len(result.left_out.intersection(batch.subscriber_ids)):
        return True
    accepted = Batch.objects.filter(mailing=batch.mailing_id, status=Status.ACCEPTED)
    return accepted.filter(size__gt=Cardinality("excluded_ids")).exists()


def _wait_for_person(batch: Batch, result: SendResult, again: dict[str, Any]) -> None:
    """Refused because of us: their copies wait, and the mailing with them if no other would fare
    better. Whom the same mailing finds so a second time is given up, and never suppressed; but not
    while nobody at all has been taken."""
    told = DeliveryFailure.objects.filter(
        mailing=batch.mailing_id, kind=Kind.US, subscriber__in=result.because_of_us
    )
    twice = list(told.values_list("subscriber_id", flat=True))
    if twice and not _taken_by_anybody(batch, result):
        twice = []
        result.problem = result.problem or result.error
    once = [pk for pk in result.because_of_us if pk not in twice]
    if twice:
        batch.split_off(twice, Status.REJECTED, error=result.error)
    if once:
        batch.split_off(once, Status.PENDING, **again)
    if result.problem and (once or not twice):
        batch.mailing.move(Mailing.Status.PAUSED, problem=result.problem[:300])
    _record(batch, dict.fromkeys(once, Kind.US))


def _finish_failed(batch: Batch, outcome: Outcome) -> None:
    """Tell a definite no from a call in doubt; ``reason`` never holds an address."""
    log.warning("Batch %s: %s (%s)", batch.pk, outcome.reason, outcome.kind)
    now = with_retries(clock.now)
    with_retries(lambda: batch.note(outcome.reason[0].upper() + outcome.reason[1:] + "."))
    match outcome.kind:
        case SendError.NOT_SENT | SendError.SLOWER:
            with_retries(lambda: _make_way(batch, outcome, now))
        case SendError.ACCOUNT:
            _pause(batch, outcome.reason)
        case SendError.ADDRESS | SendError.CALL:
            _refused_whole(batch, outcome)
        case SendError.LATER:
            everybody = dict.fromkeys(batch.subscriber_ids, Verdict.NOTHING)
            _finish_taken(batch, SendResult(later=everybody, error=outcome.reason))
        case SendError.HAD:
            finish(batch, Status.ACCEPTED, error=outcome.reason)
        case SendError.IN_DOUBT:
            first_probe = reconcile.first_probe(batch, now)
            finish(batch, Status.IN_DOUBT, error=outcome.reason, next_try_at=first_probe)
        case _:
            assert_never(outcome.kind)


def _pause(batch: Batch, reason: str) -> None:
    """Stop the mailing until a person has acted; this batch waits with the others."""
    batch.mailing.move(Mailing.Status.PAUSED, problem=reason[:300])
    finish(batch, Status.PENDING, error=reason[:300], first_tried_at=None)


def _make_way(batch: Batch, outcome: Outcome, now: datetime) -> None:
    """A definite no: this batch waits, and so does every other call to that provider."""
    wait = max(outcome.wait, _backoff(batch.tries))
    with transaction.atomic():
        throttle = Throttle.locked(batch.provider)
        if outcome.kind is SendError.SLOWER:
            throttle.slow_down(now, outcome.wait)
        else:
            throttle.close(now + _backoff(min(batch.tries, 3)))
    again = {"next_try_at": now + wait, "first_tried_at": None}
    finish(batch, Status.PENDING, error=outcome.reason[:300], **again)


def _backoff(tries: int) -> timedelta:
    return min(timedelta(seconds=2 * 2 ** min(tries, 10)), LONGEST_BACKOFF)


def _refused_whole(batch: Batch, outcome: Outcome) -> None:
    """Halve a refused batch until what is bad stands alone: an address, which is suppressed, or
    one reader's copy, which waits or is given up.

    When nothing of the mailing was taken after several halvings, or by one reader's call, it is
    the mail that is bad.
    """
    taken = _taken_by_anybody(batch)
    halved = Batch.objects.filter(mailing=batch.mailing_id, status=Status.SPLIT).count()
    if not taken and halved >= HALVINGS_BEFORE_PAUSE:
        _pause(batch, outcome.reason)
    elif batch.size > 1:
        batch.split()
    elif outcome.kind is SendError.ADDRESS:
        _finish_taken(batch, SendResult(refused=batch.subscriber_ids, error=outcome.reason))
    else:
        alone = SendResult(because_of_us=batch.subscriber_ids, error=outcome.reason)
        alone.problem = "" if taken else outcome.reason
        _finish_taken(batch, alone)


def _suppress(batch: Batch, subscriber_ids: list[int]) -> None:
    """The provider takes no mail to these addresses: remember it, and count it."""
    found = Subscriber.objects.filter(pk__in=subscriber_ids).values_list("pk", "email_index")
    there = dict(found)
    Suppression.add_all([(index, Suppression.Reason.REFUSED) for index in there.values()])
    _record(batch, dict.fromkeys(there, Kind.REFUSED))


# --- The end --------------------------------------------------------------------------------


def resume(mailing: Mailing, now: datetime) -> bool:
    """Go on with a paused mailing, from now within its grace; without its thresholds if it was not
    a person who paused it: whoever resumes has seen why."""
    if mailing.status != Mailing.Status.PAUSED:  # “sending” may come from “scheduled” too
        return False
    return mailing.move(
        Mailing.Status.SENDING,
        problem="",
        not_after=now + mailing.newsletter.grace,
        thresholds_on=mailing.thresholds_on and mailing.was_stopped_by_people,
    )


def cancel(mailing: Mailing) -> bool:
    """Stop for good: nothing more goes out beyond the calls in flight."""
    with transaction.atomic():
        if not mailing.move(Mailing.Status.CANCELLED, finished_at=clock.now()):
            return False
        transition(mailing.batches.all(), Status.CANCELLED)
    return True


def send_test(issue: IssuePage, to: list[str], edition: Edition) -> None:
    """The issue as readers of that edition will get it, marked, its personal links dead: a mail for
    each colleague and subject, on one connection."""
    rendered = rendering.render_issue(issue, edition)
    html, text = map(rendering.for_display, (rendered.html, rendered.text))
    mails = []
    for address, subject in product(to, issue.subjects):
        shown = Rendered(f"[Test] {subject}", html, text)
        mails.append(message_of(literal(shown), issue.newsletter.sender, [address]))
    get_connection().send_messages(mails)


def stop_mailings() -> str:
    """The newsroom is closed (newsroom/panic/steps.py): what is being sent is paused, and what was
    to be loses its hour, until a person has said so for each. Safe to run again."""
    going = Mailing.objects.filter(status=Mailing.Status.SENDING)
    paused = transition(going, Mailing.Status.PAUSED, problem=CLOSED)
    waiting = Mailing.objects.filter(status__in=[Mailing.Status.SCHEDULED, Mailing.Status.MISSED])
    off: dict[str, Any] = {"send_at": None, "not_after": None, "problem": CLOSED}
    taken = transition(waiting, Mailing.Status.APPROVED, **off)
    return f"{paused} mailings paused, {taken} taken off the schedule"

"""Staff give a contribution back: one person up to a limit, two above it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations import money
from donations.models import Contribution, Dispute, Refund, Review, ReviewRules
from donations.payments import gateway, giving_back, sync
from donations.payments.leases import lease
from newsroom.hold import gate

Status = Refund.Status
DAY = timedelta(hours=24)
MEANWHILE = "Meanwhile something else was given back. Please look once more."
HELD = "It waits: after a restore an administrator looks whether Stripe has done it already."
AGAIN = "Stripe does not answer. It is tried again by itself."


class NotRefunded(Exception):
    """Why not; the message is for finance."""


def most(contribution: Contribution) -> int:
    """What is left to give back by Stripe, in the smallest unit: nothing while a dispute lasts, or
    of what came without Stripe."""
    if hasattr(contribution, "offline"):
        return 0
    disputed = contribution.disputes.filter(status__in=Dispute.LASTS).exists()
    return 0 if disputed else contribution.left


def needs_second(contribution: Contribution, amount: int, by: Any) -> bool:
    """Judged by sums, so that many small ones are no way around: what would then have gone back of
    this contribution, and what this officer has given back alone since yesterday.

    Compared by about what it is worth in dollars (donations/money.py).
    """
    own = Refund.objects.alone(by, timezone.now() - DAY).select_related("contribution")
    given = [(refund.contribution, refund.amount) for refund in own]
    of_this = sum(sum_ for one, sum_ in given if one == contribution)
    back = max(contribution.returned, of_this) + amount
    alone = sum(money.worth(sum_, one.currency) for one, sum_ in [*given, (contribution, amount)])
    return is_much(max(money.worth(back, contribution.currency), alone))


def is_much(worth: Any) -> bool:
    """Does it take two people?"""
    return bool(worth > ReviewRules.load().two_people_above)


def check(contribution: Contribution, amount: int) -> None:
    """Raises NotRefunded when so much is not left."""
    if not 0 < amount <= most(contribution):
        left = money.show(most(contribution), contribution.currency)
        raise NotRefunded(f"At most {left} can be given back.")


def ask(
    contribution: Contribution, amount: int, reason: str, by: Any, *, form_id: UUID, left: int
) -> Refund:
    """Refund at once if it is little, else wait for a second person, in a review of its own.
    Raises NotRefunded."""
    with transaction.atomic():
        refund, new = begin(contribution, amount, reason, by, form_id=form_id, left=left)
        if new and refund.status == Status.WAITING:
            Review.open(
                Review.Kind.REFUND_WAITS,
                str(refund.pk),
                f"{money.show(amount, contribution.currency)}: {reason}",
                contribution=contribution,
                amount=amount,
                status=Review.Status.PROPOSED,
                choice=Review.Choice.REFUND,
                proposed_by=by,
                refund=refund,
            )
    if refund.status not in (Status.WAITING, Status.DECLINED):
        carry_out(refund)
    return refund


def begin(
    contribution: Contribution,
    amount: int,
    reason: str,
    by: Any,
    *,
    form_id: UUID,
    left: int,
    stripe_reason: str = "",
) -> tuple[Refund, bool]:
    """The row, approved or waiting, and is it new? Call carry_out after the transaction.

    ``form_id``: the press; the same form pressed again, even at the same moment, finds the same
    refund. ``left``: what was left to give back when the officer confirmed it. Raises NotRefunded.
    """
    try:
        with transaction.atomic():
            get_user_model().objects.select_for_update().get(pk=by.pk)  # their sums, one at a time
            refund, new = Refund.objects.filter(form_id=form_id).first(), False
            if refund is None:
                refund, new = _begin(contribution, amount, by, form_id, left), True
                refund.reason, refund.stripe_reason = reason, stripe_reason
                refund.save(force_insert=True)
    except IntegrityError as error:
        raise NotRefunded("Another refund of this contribution is under way.") from error
    if (refund.contribution_id, refund.asked_by_id) != (contribution.pk, by.pk):
        raise NotRefunded("This form was used for something else. Please open it again.")
    return refund, new


def _begin(contribution: Contribution, amount: int, by: Any, form_id: UUID, left: int) -> Refund:
    """In the caller's transaction. The contribution is locked and read again: what another refund
    has just given back of it is in there, or that refund is still open."""
    contribution = Contribution.objects.select_for_update().get(pk=contribution.pk)
    check(contribution, amount)
    if most(contribution) != left:
        raise NotRefunded(MEANWHILE)
    waits = needs_second(contribution, amount, by)
    return Refund(
        contribution=contribution,
        amount=amount,
        asked_by=by,
        form_id=form_id,
        held=gate.look(),
        status=Status.WAITING if waits else Status.APPROVED,
    )


def approve(refund: Refund, by: Any, left: int) -> None:
    """The second person's word, given when so much was ``left`` on their page. Call it in a
    transaction, and carry_out after it. Raises NotRefunded."""
    if by.pk == refund.asked_by_id:
        raise NotRefunded("Somebody else has to approve what you asked for.")
    contribution = Contribution.objects.select_for_update().get(pk=refund.contribution_id)
    check(contribution, refund.amount)
    if most(contribution) != left:
        raise NotRefunded(MEANWHILE)
    if not refund.move(Status.APPROVED, approved_by=by):
        raise NotRefunded("Somebody has decided about it already.")


def carry_out(refund: Refund) -> None:
    """Call Stripe under a key made of the row's id: repeating it refunds once.

    One at a time: a second press waits, and finds what came of the first. It is done only when the
    contribution has it, so that no other refund begins from an older sum. Raises NotRefunded.
    Without an answer the refund stays approved, and is carried out later.
    """
    gate.look()
    try:
        with lease(f"refund-{refund.pk}"):
            _carry_out(refund)
    except gateway.Unavailable as error:
        raise NotRefunded(AGAIN) from error


def _carry_out(refund: Refund) -> None:
    """Raises gateway.Unavailable when it is to be tried again."""
    intent = refund.contribution.stripe_payment_intent
    refund.refresh_from_db()
    if refund.held:
        raise NotRefunded(HELD)
    if refund.status == Status.FAILED:
        raise NotRefunded(f"Stripe refused: {refund.error}")
    if refund.status != Status.APPROVED:
        return
    try:
        made = _made_already(refund, intent) or giving_back.give_back(
            intent, refund.amount, _key(refund), refund.stripe_reason
        )
    except stripe.StripeError as error:
        reason = str(error.user_message or type(error).__name__)[:300]
        with transaction.atomic():
            if refund.move(Status.FAILED, error=reason):
                reopen(refund, reason)
        raise NotRefunded(f"Stripe refused: {reason}") from error
    Refund.objects.filter(pk=refund.pk).update(stripe_refund=made.id)
    try:
        sync.pull_refund(made.id)
    except stripe.StripeError as error:
        raise gateway.Unavailable from error
    # It has failed already; or another, who took our lease over, has finished it.
    if not refund.move(Status.DONE) and refund.status != Status.DONE:
        raise NotRefunded(refund.error)


def _key(refund: Refund) -> str:
    return f"refund-{refund.pk}"


def _made_already(refund: Refund, intent: str) -> stripe.Refund | None:
    """While its key is kept, repeating it is enough. Later Stripe would take it for another."""
    if timezone.now() - refund.asked_at < giving_back.KEYS_ARE_KEPT:
        return None
    return giving_back.given_back(intent, _key(refund))


def reopen(refund: Refund, reason: str) -> None:
    """What was decided by it is not done: a person looks again. A refund's own review is over."""
    for review in refund.reviews.exclude(kind=Review.Kind.REFUND_WAITS):
        gone: dict[str, Any] = {"closed_at": None, "closed_by": None, "decision": ""}
        gone |= {"choice": "", "proposed_by": None, "refund": None}
        by_it = [Review.Status.PROPOSED, Review.Status.DECIDED]
        review.move(Review.Status.OPEN, "refused", text=reason, frm=by_it, **gone)

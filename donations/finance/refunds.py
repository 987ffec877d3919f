"""Staff give a contribution back: one person up to a limit, two above it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations import money
from donations.models import Contribution, Dispute, Refund, Review
from donations.payments import gateway, sync
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

    Compared in whole units of whatever currency: a limit of 100 is 100 dollars, or 100 yen's worth
    of caution.
    """
    own = Refund.objects.alone(by, timezone.now() - DAY).select_related("contribution")
    given = [(refund.contribution, refund.amount) for refund in own]
    of_this = sum(sum_ for one, sum_ in given if one == contribution)
    back = max(contribution.returned, of_this) + amount
    alone = sum(money.units(sum_, one.currency) for one, sum_ in [*given, (contribution, amount)])
    return max(money.units(back, contribution.currency), alone) > settings.REFUND_LIMIT


def check(contribution: Contribution, amount: int) -> None:
    """Raises NotRefunded when so much is not left."""
    if not 0 < amount <= most(contribution):
        left = money.show(most(contribution), contribution.currency)
        raise NotRefunded(f"At most {left} can be given back.")


def ask(
    contribution: Contribution, amount: int, reason: str, by: Any, *, form_id: UUID, left: int
) -> Refund:
    """Refund at once if it is little, else wait for a second person.

    ``form_id``: the press; the same form pressed again, even at the same moment, finds the same
    refund. ``left``: what was left to give back when the officer confirmed it. Raises NotRefunded.
    """
    try:
        with transaction.atomic():
            get_user_model().objects.select_for_update().get(pk=by.pk)  # their sums, one at a time
            refund = Refund.objects.filter(form_id=form_id).first()
            if refund is None:
                refund = _begin(contribution, amount, reason, by, form_id, left)
    except IntegrityError as error:
        raise NotRefunded("Another refund of this contribution is under way.") from error
    if (refund.contribution_id, refund.asked_by_id) != (contribution.pk, by.pk):
        raise NotRefunded("This form was used for something else. Please open it again.")
    if refund.status not in (Status.WAITING, Status.DECLINED):
        carry_out(refund)
    return refund


def _begin(
    contribution: Contribution, amount: int, reason: str, by: Any, form_id: UUID, left: int
) -> Refund:
    """The row, in the caller's transaction. The contribution is locked and read again: what another
    refund has just given back of it is in there, or that refund is still open."""
    contribution = Contribution.objects.select_for_update().get(pk=contribution.pk)
    check(contribution, amount)
    if most(contribution) != left:
        raise NotRefunded(MEANWHILE)
    waits = needs_second(contribution, amount, by)
    refund = Refund.objects.create(
        contribution=contribution,
        amount=amount,
        reason=reason,
        asked_by=by,
        form_id=form_id,
        held=gate.look(),
        status=Status.WAITING if waits else Status.APPROVED,
    )
    if waits:
        why = f"{money.show(amount, contribution.currency)}: {reason}"
        Review.open(Review.Kind.REFUND_WAITS, str(refund.pk), why, contribution=contribution)
    return refund


def approve(refund: Refund, by: Any, left: int) -> None:
    """The second person's word, given when so much was ``left`` on their page; pressed again, it is
    the same word. Raises NotRefunded."""
    if by.pk == refund.asked_by_id:
        raise NotRefunded("Somebody else has to approve what you asked for.")
    with transaction.atomic():
        contribution = Contribution.objects.select_for_update().get(pk=refund.contribution_id)
        if refund.status == Status.WAITING:
            check(contribution, refund.amount)
            if most(contribution) != left:
                raise NotRefunded(MEANWHILE)
        approved = refund.move(Status.APPROVED, approved_by=by)
    if approved:
        _close_review(refund, by, "Approved.")
    elif refund.approved_by_id != by.pk or refund.status == Status.DECLINED:
        raise NotRefunded("Somebody has decided about it already.")
    carry_out(refund)


def decline(refund: Refund, by: Any) -> None:
    if refund.move(Status.DECLINED, approved_by=by):
        _close_review(refund, by, "Declined.")
    elif refund.approved_by_id != by.pk or refund.status != Status.DECLINED:
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
        made = gateway.give_back(intent, refund.amount, f"refund-{refund.pk}")
    except stripe.StripeError as error:
        reason = str(error.user_message or type(error).__name__)[:300]
        refund.move(Status.FAILED, error=reason)
        raise NotRefunded(f"Stripe refused: {reason}") from error
    Refund.objects.filter(pk=refund.pk).update(stripe_refund=made.id)
    try:
        sync.pull_refund(made.id)
    except stripe.StripeError as error:
        raise gateway.Unavailable from error
    # It has failed already; or another, who took our lease over, has finished it.
    if not refund.move(Status.DONE) and refund.status != Status.DONE:
        raise NotRefunded(refund.error)


def _close_review(refund: Refund, by: Any, decision: str) -> None:
    review = Review.objects.filter(kind=Review.Kind.REFUND_WAITS, about=str(refund.pk)).first()
    if review:
        review.close(by, decision, timezone.now())

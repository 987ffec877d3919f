"""Staff give a contribution back: one person up to a limit, two above it."""

from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations import money
from donations.models import Contribution, Dispute, Refund, Review
from donations.payments import gateway, sync

Status = Refund.Status
DAY = timedelta(hours=24)


class NotRefunded(Exception):
    """Why not; the message is for finance."""


def most(contribution: Contribution) -> int:
    """What is left to give back, in the smallest unit: nothing while a dispute lasts."""
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


def ask(contribution: Contribution, amount: int, reason: str, by: Any) -> Refund:
    """Refund at once if it is little, else wait for a second person. Raises NotRefunded."""
    if not 0 < amount <= most(contribution):
        left = money.show(most(contribution), contribution.currency)
        raise NotRefunded(f"At most {left} can be given back.")
    try:
        with transaction.atomic():
            get_user_model().objects.select_for_update().get(pk=by.pk)  # their sums, one at a time
            waits = needs_second(contribution, amount, by)
            refund = Refund.objects.create(
                contribution=contribution,
                amount=amount,
                reason=reason,
                asked_by=by,
                status=Status.WAITING if waits else Status.APPROVED,
            )
            if waits:
                why = f"{money.show(amount, contribution.currency)}: {reason}"
                kind = Review.Kind.REFUND_WAITS
                Review.open(kind, str(refund.pk), why, contribution=contribution)
    except IntegrityError as error:
        raise NotRefunded("Another refund of this contribution is under way.") from error
    if not waits:
        carry_out(refund)
    return refund


def approve(refund: Refund, by: Any) -> None:
    """The second person's word. Raises NotRefunded."""
    if by.pk == refund.asked_by_id:
        raise NotRefunded("Somebody else has to approve what you asked for.")
    if not refund.move(Status.APPROVED, approved_by=by):
        raise NotRefunded("Somebody has decided about it already.")
    _close_review(refund, by, "Approved.")
    carry_out(refund)


def decline(refund: Refund, by: Any) -> None:
    if not refund.move(Status.DECLINED, approved_by=by):
        raise NotRefunded("Somebody has decided about it already.")
    _close_review(refund, by, "Declined.")


def carry_out(refund: Refund) -> None:
    """Call Stripe under a key made of the row's id: repeating it refunds once.

    Raises NotRefunded. Without an answer the refund stays approved, and is carried out later.
    """
    intent = refund.contribution.stripe_payment_intent
    try:
        made = gateway.give_back(intent, refund.amount, f"refund-{refund.pk}")
    except gateway.Unavailable as error:
        raise NotRefunded("Stripe does not answer. It is tried again by itself.") from error
    except stripe.StripeError as error:
        reason = str(error.user_message or type(error).__name__)[:300]
        refund.move(Status.FAILED, error=reason)
        raise NotRefunded(f"Stripe refused: {reason}") from error
    refund.move(Status.DONE, stripe_refund=made.id)
    sync.pull_refund(made.id)


def _close_review(refund: Refund, by: Any, decision: str) -> None:
    review = Review.objects.filter(kind=Review.Kind.REFUND_WAITS, about=str(refund.pk)).first()
    if review:
        review.close(by, decision, timezone.now())

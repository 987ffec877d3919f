"""A donor's bank asks for the money back."""

from typing import Any

import stripe

from donations.models import Contribution, Dispute, Review
from donations.payments.mirror.values import say_unknown, time_of, time_or_none

Kind = Review.Kind
# Stripe's status -> the review that is open while it lasts, and what to do.
REVIEWS = {
    "warning_needs_response": (
        Kind.INQUIRY,
        "The bank asks what this was ({reason}); no money is gone. A refund now avoids a dispute, "
        "or answer at Stripe.",
    ),
    "needs_response": (
        Kind.DISPUTE,
        "The bank asks why ({reason}). Answer at Stripe, or accept it.",
    ),
    "appeal_needs_response": (
        Kind.APPEAL,
        "The bank decided for the donor ({reason}). Appeal at Stripe, or accept it.",
    ),
}


def mirror_dispute(found: stripe.Dispute, contribution: Contribution) -> None:
    """One that waits for an answer opens a review, which its next state closes again."""
    due_at = time_or_none(found.evidence_details.due_by)
    if found.status not in Dispute.STATUSES:
        say_unknown(found.id, f"the status “{found.status}”", contribution=contribution)
    if found.currency != contribution.currency:
        say_unknown(found.id, f"the currency {found.currency}", contribution=contribution)
    booked = sorted(found.balance_transactions, key=lambda entry: entry.created)
    Dispute.objects.update_or_create(
        stripe_dispute=found.id,
        defaults={
            "contribution": contribution,
            "amount": found.amount,
            "currency": found.currency,
            "reason": found.reason,
            "status": found.status,
            "evidence_due_at": due_at,
            "created_at": time_of(found.created),
            "went_at": next((time_of(one.created) for one in booked if one.amount < 0), None),
            "came_back_at": next((time_of(one.created) for one in booked if one.amount > 0), None),
        },
    )
    now: Any = REVIEWS.get(found.status)
    if now:
        kind, words = now
        why = words.format(reason=found.reason)
        Review.open(kind, found.id, why, contribution=contribution, due_at=due_at)
    if found.status in Dispute.STATUSES:  # what we don't know settles nothing
        for kind, _ in REVIEWS.values():
            if now is None or kind != now[0]:
                Review.settle(kind, found.id, f"At Stripe: {found.status}.")


def takes_money(found: stripe.Dispute) -> bool:
    """Is it formal? One that is lost though nothing was taken came after a refund."""
    return found.status in Dispute.GONE and bool(
        found.balance_transactions or found.status in Dispute.LASTS
    )

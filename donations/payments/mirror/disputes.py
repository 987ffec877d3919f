"""A donor's bank asks for the money back."""

import stripe

from donations.models import Contribution, Dispute, Review
from donations.payments.mirror.values import say_unknown, time_of, time_or_none


def mirror_dispute(found: stripe.Dispute, contribution: Contribution) -> None:
    """One that waits for an answer opens a review, which its end closes again."""
    due_at = time_or_none(found.evidence_details.due_by)
    if found.status not in Dispute.STATUSES:
        say_unknown(found.id, f"the status “{found.status}”", contribution=contribution)
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
        },
    )
    if found.status in Dispute.NEEDS_RESPONSE:
        why = f"The bank asks why ({found.reason}). Answer at Stripe, or accept it."
        Review.open(Review.Kind.DISPUTE, found.id, why, contribution=contribution, due_at=due_at)
    else:
        Review.settle(Review.Kind.DISPUTE, found.id, f"At Stripe: {found.status}.")

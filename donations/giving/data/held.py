"""What we hold about a donor, whole: they can see it, and take it away (GDPR, articles 15 and 20).
In words: in_words.py."""

from typing import Any

from donations.models import Deferral, Donor
from newsroom.core.privacy import list_index
from subscriptions.models import Subscription


def everything_about(donor: Donor) -> dict[str, Any]:
    """By key; days are dates, amounts in their currency's units."""
    contributions = donor.contributions.select_related("receipt", "offline").order_by("created_at")
    subscriptions = Subscription.objects.filter(subscriber__email_index=list_index(donor.email))
    return {
        "email": donor.email,
        "name": donor.name,
        "language": donor.language,
        "known_since": donor.created_on,
        "contributions": [
            {
                "begun_at": contribution.created_at,
                "received_at": contribution.received_at,
                "amount": contribution.exact_amount,
                "currency": contribution.currency,
                "returned": contribution.exact_returned,
                "kept": contribution.exact_left,
                "status": contribution.status,
                "frequency": contribution.frequency,
                "paid_with": contribution.payment_method,
                "receipt": contribution.receipt_number,
                "message": contribution.message,
                **(contribution.offline.about if hasattr(contribution, "offline") else {}),
            }
            for contribution in contributions
        ],
        "not_asked_since": donor.not_asked_since,
        "recurring_contributions": [
            {
                "what": str(recurring),
                "status": recurring.status,
                "started_at": recurring.started_at,
                "ended_at": recurring.ended_at,
                "card": recurring.card,
                "changes": list(recurring.asked_changes.values("what", "detail", "at")),
            }
            for recurring in donor.recurring.prefetch_related("asked_changes")
        ],
        "reminders": list(
            Deferral.objects.of_donor(donor).values("remind_on", "zone", "yearly", "status")
        ),
        "newsletters": [
            {
                "newsletter": subscription.newsletter.title,
                "status": subscription.status,
                "consents": list(
                    subscription.consents.values("on", "action", "how", "policy_version")
                ),
            }
            for subscription in subscriptions.select_related("newsletter")
        ],
    }

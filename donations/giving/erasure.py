"""A donor's data: everything at a glance to take away, and its end.

Accounts have to be kept for years, the person need not: contributions and receipts stay with their
amounts, dates and numbers, and nobody can tell any more whose they were.
"""

from typing import Any

from django.db import transaction

from donations.models import Deferral, Donor, ErasedCustomer
from donations.payments import gateway, sync
from newsroom.core.privacy import list_index
from subscriptions.models import Subscription


def everything_about(donor: Donor) -> dict[str, Any]:
    """What we hold about a person, for them to take away (GDPR, articles 15 and 20)."""
    contributions = donor.contributions.select_related("receipt").order_by("created_at")
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
            }
            for contribution in contributions
        ],
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
            Deferral.objects.of_address(donor.email_index).values("remind_at", "status")
        ),
        "newsletters": [
            {
                "newsletter": subscription.newsletter.title,
                "status": subscription.status,
                "consents": list(
                    subscription.consents.values("action", "policy_version", "how", "on")
                ),
            }
            for subscription in subscriptions.select_related("newsletter")
        ],
    }


def erase(donor: Donor) -> None:
    """End what they give regularly, at Stripe too, and forget who they were. Safe to repeat.

    Stripe first: if that fails, nothing is lost here and the button can be pressed again. The
    newsletter is another consent, which they withdraw on its own page. Raises
    gateway.Unavailable, stripe.StripeError.
    """
    renewing = set(donor.recurring.values_list("stripe_customer", flat=True))
    given = set(donor.contributions.values_list("stripe_customer", flat=True))
    customers = (renewing | given) - {""}
    for customer in customers:
        gateway.delete_customer(customer)
    for subscription in donor.recurring.filter(ended_at=None).values_list(
        "stripe_subscription", flat=True
    ):
        sync.pull_subscription(subscription)
    with transaction.atomic():
        Deferral.objects.of_address(donor.email_index).delete()
        erased = [ErasedCustomer(stripe_customer=customer) for customer in customers]
        ErasedCustomer.objects.bulk_create(erased, ignore_conflicts=True)
        for contribution in donor.contributions.all():
            contribution.message = ""
            contribution.payment_method = contribution.payment_method.partition(" ")[0]
            contribution.save(update_fields=["message", "payment_method"])
        donor.recurring.update(card="", card_expires_on=None)
        donor.delete()  # what they gave stays, with no donor

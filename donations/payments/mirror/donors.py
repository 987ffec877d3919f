"""Who is behind a customer."""

from typing import Any

from donations.models import Checkout, Donor, ErasedCustomer
from newsroom.core.privacy import giving_index


def donor_of(customer: Any, checkout: Checkout | None) -> Donor | None:
    """The person behind a customer; without their name if they did not want it kept. None once they
    were erased: what Stripe was asked a moment before must not bring them back."""
    email = getattr(customer, "email", None)
    if not email or is_erased(customer.id):
        return None
    name = "" if checkout and checkout.anonymous else getattr(customer, "name", None) or ""
    fields = {"email": email, "name": name}
    if checkout:
        fields["language"] = checkout.language
    donor, _ = Donor.objects.get_or_create(email_index=giving_index(email), defaults=fields)
    if name and not donor.name:  # they gave anonymously before
        donor.name = name
        donor.save(update_fields=["name"])
    return donor


def is_erased(customer_id: str) -> bool:
    return ErasedCustomer.objects.filter(pk=customer_id).exists()

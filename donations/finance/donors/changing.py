"""A donor's address is corrected; two donors become one."""

import stripe

from donations.models import Donor
from donations.payments import gateway, sync
from donations.payments.mirror import donors
from newsroom.core.privacy import giving_index

BUSY = "Stripe does not answer, so not all of it is done. Please press again."


class NotChanged(Exception):
    """Why not; the message is for finance."""


def correct_address(donor: Donor, email: str) -> Donor:
    """At Stripe first, for each customer that they are, as every address here is mirrored from
    there. Safe to repeat. Raises NotChanged."""
    index = giving_index(email)
    if Donor.objects.filter(email_index=index).exclude(pk=donor.pk).exists():
        raise NotChanged("Another donor has this address. If both are one person, merge them.")
    customers = list(donor.customers.values_list("pk", flat=True))
    if not customers:
        raise NotChanged("Stripe has no customer for them any more.")
    try:
        for customer in customers:
            gateway.change_address(customer, email)
        for customer in customers:
            sync.pull_address(customer)
    except gateway.FAILURES as error:
        refused = isinstance(error, stripe.InvalidRequestError)
        raise NotChanged("Stripe refuses this address." if refused else BUSY) from error
    return Donor.objects.get(email_index=index)


def merge(home: Donor, there: Donor) -> None:
    """All that the first gave is the other's from now on; the first number is gone, and its links
    with it. Raises NotChanged."""
    if home.pk == there.pk:
        raise NotChanged("That is the same donor.")
    if not donors.merge(home.pk, there.pk):
        raise NotChanged("One of them is not there any more.")

"""The end of a donor's data. What there is of it: data/held.py.

Accounts have to be kept for years, the person need not: contributions and receipts stay with their
amounts, dates and numbers, and nobody can tell any more whose they were.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from donations.models import (
    Checkout,
    Contribution,
    Customer,
    Deferral,
    Donor,
    ErasedCustomer,
    Erasure,
    Note,
    OfflineGift,
    RecurringChange,
    RecurringContribution,
    ReviewStep,
)
from donations.payments import gateway, sync
from donations.payments.mirror.donors import PEOPLE
from newsroom.core.database import one_at_a_time


def erase(donor: Donor, form_id: UUID | None = None) -> None:
    """End what they give regularly, at Stripe too, and forget who they were. Safe to repeat;
    ``form_id`` is the press that did it.

    Stripe first: if that fails, nothing is lost here and the button can be pressed again. Meanwhile
    they may become one with another donor: then all customers that were theirs on the page are
    forgotten, and those who come to them as well. The newsletter is another consent, which they
    withdraw on its own page. Raises gateway.Unavailable, stripe.StripeError.
    """
    gone: set[str] = set()
    wishes = list(Deferral.objects.of_donor(donor).values_list("pk", flat=True))
    while not _forget(donor, gone, wishes, form_id):
        for customer in _customers_of(donor) - gone:
            gateway.delete_customer(customer)
            gone.add(customer)
        ended = RecurringContribution.objects.filter(stripe_customer__in=gone, ended_at=None)
        for subscription in ended.values_list("stripe_subscription", flat=True):
            sync.pull_subscription(subscription)


def _customers_of(donor: Donor) -> set[str]:
    """Those known by a contribution alone, too."""
    named = donor.customers.values_list("pk", flat=True)
    renewing = donor.recurring.values_list("stripe_customer", flat=True)
    given = donor.contributions.values_list("stripe_customer", flat=True)
    return {*named, *renewing, *given} - {""}


def _forget(donor: Donor, gone: set[str], wishes: list[int], form_id: UUID | None) -> bool:
    """False, and nothing is done, while they have customers at Stripe that are not ``gone``."""
    with transaction.atomic():
        one_at_a_time(PEOPLE)
        mine = Q(donor_id=donor.pk) | Q(stripe_customer__in=gone)
        list(Customer.objects.select_for_update().filter(mine))  # nobody writes for them meanwhile
        if _customers_of(donor) - gone:
            return False
        if form_id:
            Erasure.objects.get_or_create(form_id=form_id)
        theirs = Deferral.objects.of_donor(donor) | Deferral.objects.filter(pk__in=wishes)
        theirs.delete()
        erased = [ErasedCustomer(stripe_customer=customer) for customer in gone]
        ErasedCustomer.objects.bulk_create(erased, ignore_conflicts=True)
        given, promised = (
            Contribution.objects.filter(mine),
            RecurringContribution.objects.filter(mine),
        )
        asked = Checkout.objects.filter(Q(contributions__in=given) | Q(recurring__in=promised))
        same_form = Checkout.objects.filter(form_id__in=asked.values("form_id"))
        same_form.forget_choices()
        same_form.forget_networks()
        OfflineGift.objects.filter(contribution__in=given).forget()
        theirs_given = list(given.values_list("pk", flat=True))  # found by the donor, who goes
        for contribution in given:
            contribution.message, contribution.donor = "", None
            contribution.payment_method = contribution.payment_method.partition(" ")[0]
            contribution.last_four_index = contribution.instrument_index = None  # type: ignore[assignment]
            fields = ["message", "payment_method", "last_four_index", "instrument_index", "donor"]
            contribution.save(update_fields=fields)
        Note.objects.filter(contribution__in=theirs_given).delete()
        noted = ReviewStep.objects.filter(what=ReviewStep.What.NOTED)
        noted.filter(review__contribution__in=theirs_given).update(text="")
        RecurringChange.objects.filter(recurring__in=promised).update(why="")
        promised.update(card="", card_expires_on=None, donor=None)
        Customer.objects.filter(pk__in=gone).delete()
        Donor.objects.filter(pk=donor.pk).delete()  # what they gave stays, with no donor
    return True

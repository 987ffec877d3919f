"""Who is behind a customer, and who they are when its address changes at Stripe.

A new customer is whose address it bears: a guest may type anybody's, and what they give is seen in
that mailbox alone. From then on the customer counts, not the address. One decides at a time.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from donations.models import (
    Checkout,
    Contribution,
    Customer,
    Donor,
    DonorAddress,
    ErasedCustomer,
    RecurringContribution,
)
from newsroom.core.database import one_at_a_time
from newsroom.core.privacy import giving_index

PEOPLE = int.from_bytes(b"people")  # the lock; before any row is locked


def donor_of(customer: Any, checkout: Checkout | None) -> Donor | None:
    """The person behind a customer, who stays as they are until the transaction ends; without their
    name if they did not want it kept. None once they were erased: what Stripe was asked a moment
    before must not bring them back."""
    if customer is None:
        return None
    name = "" if checkout and checkout.anonymous else getattr(customer, "name", None) or ""
    known = Customer.objects.select_for_update(no_key=True).filter(pk=customer.id).first()
    donor = Donor.objects.get(pk=known.donor_id) if known else _newcomer(customer, name, checkout)
    if donor and name and not donor.name:  # they gave anonymously before
        donor.name = name
        donor.save(update_fields=["name"])
    return donor


def donor_at(email: str, name: str) -> Donor:
    """Who has this address, without Stripe: somebody of the staff knows them. Call it first in the
    transaction."""
    one_at_a_time(PEOPLE)
    found = Donor.objects.filter(email_index=giving_index(email)).first()
    return found or _new_donor(email, name, None)


def is_erased(customer_id: str) -> bool:
    return ErasedCustomer.objects.filter(pk=customer_id).exists()


def has_moved(customer: Any) -> bool:
    """Does it bear another address than when Stripe was asked last?"""
    email = getattr(customer, "email", None)
    known = Customer.objects.filter(pk=customer.id).first() if email else None
    return bool(email and known and bytes(known.email_index) != giving_index(email))


def move(customer: Any, names: Mapping[str, str]) -> set[str]:
    """The customer's address has changed at Stripe: their donor has it from now on, or they are one
    with whoever has it already. That one's links alone stay good: an address at Stripe is
    unproven, and links that were mailed to another must not open what is theirs.

    ``names`` are those that the donor's other customers bear at Stripe. Nothing is done while some
    are missing: which, is returned.
    """
    if not has_moved(customer):  # or was deleted: who gave stays known
        return set()
    with transaction.atomic():
        one_at_a_time(PEOPLE)
        known = Customer.objects.select_for_update().filter(pk=customer.id).first()
        if known is None:  # erased
            return set()
        index, home = giving_index(customer.email), known.donor
        there = Donor.objects.filter(email_index=index).first()
        candidates = set() if there == home else _candidates(known)
        if missing := candidates - set(names):
            return missing
        Customer.objects.filter(pk=known.pk).update(email_index=index)
        if there == home:
            return set()
        name = getattr(customer, "name", None) or ""
        along = {other for other in candidates if _alike(name, names[other])}
        if not _is_all(known, along):
            if candidates - along and _alike(name, home.name):
                home.name = ""  # was theirs who leaves; its own comes with its next gift
                home.save(update_fields=["name"])
            there = there or _new_home(customer)
            _hand_over(home, there, Customer.objects.filter(pk__in={known.pk} | along))
        elif there:
            _merge(home, there)
        else:
            _rename(home, customer.email)
    return set()


def merge(home: int, there: int) -> bool:
    """A colleague knows that two donors are one person: the second stays. False when one of them is
    gone meanwhile."""
    with transaction.atomic():
        one_at_a_time(PEOPLE)
        found = Donor.objects.in_bulk({home, there})
        if len(found) < 2:
            return False
        _merge(found[home], found[there])
    return True


def _newcomer(customer: Any, name: str, checkout: Checkout | None) -> Donor | None:
    one_at_a_time(PEOPLE)
    known = Customer.objects.select_related("donor").filter(pk=customer.id).first()
    if known:  # another was faster
        return known.donor
    email = getattr(customer, "email", None)
    if not email or is_erased(customer.id):
        return None
    index = giving_index(email)
    donor = Donor.objects.filter(email_index=index).first() or _new_donor(email, name, checkout)
    Customer.objects.create(pk=customer.id, donor=donor, email_index=index, typed_index=index)
    return donor


def _new_donor(email: str, name: str, checkout: Checkout | None) -> Donor:
    index, language = giving_index(email), checkout.language if checkout else "en"
    donor = Donor.objects.create(email=email, email_index=index, name=name, language=language)
    DonorAddress.objects.create(donor=donor, email_index=index)
    return donor


def _typed_it(customer: Customer) -> bool:
    """Was it made with the address that its donor has now? Whoever speaks for it reads that
    mailbox, and may see all that is theirs anyway."""
    typed = bytes(customer.typed_index) == bytes(customer.donor.email_index)
    return typed and not customer.followed


def _candidates(customer: Customer) -> set[str]:
    """The donor's other customers that may go along, if their names allow it. Of one that came by a
    change: those alone that were made with the same address. Else one could go to an address
    before its owner gives, and take them along when going on."""
    others = customer.donor.customers.exclude(pk=customer.pk)
    if customer.followed:
        return set()
    if not _typed_it(customer):
        others = others.filter(typed_index=customer.typed_index, followed=False)
    return set(others.values_list("pk", flat=True))


def _alike(name: str, other: str) -> bool:
    """Not so when staff correct an address that was mistyped into somebody's."""
    return not (name and other) or name.casefold() == other.casefold()


def _is_all(customer: Customer, along: set[str]) -> bool:
    """Is the donor whoever moves? What was given by customers never named is no other's then."""
    ids = {customer.pk} | along
    if customer.donor.customers.exclude(pk__in=ids).exists():
        return False
    unnamed = customer.donor.contributions.exclude(stripe_customer__in=ids)
    return _typed_it(customer) or not unnamed.exists()


def _new_home(customer: Any) -> Donor:
    """For one that leaves a donor: with nothing of the other's. Who came by a change must not learn
    whose address that is."""
    pk = customer.id
    gifts = Q(contributions__stripe_customer=pk) | Q(recurring__stripe_customer=pk)
    checkout = Checkout.objects.filter(gifts).order_by("-pk").first()
    anonymous = checkout and checkout.anonymous
    name = "" if anonymous else getattr(customer, "name", None) or ""
    return _new_donor(customer.email, name, checkout)


def _rename(donor: Donor, email: str) -> None:
    donor.email, donor.email_index = email, giving_index(email)
    donor.links += 1
    donor.save(update_fields=["email", "email_index", "links"])
    donor.recurring.update(links=F("links") + 1)
    DonorAddress.objects.get_or_create(donor=donor, email_index=donor.email_index)


def _merge(home: Donor, there: Donor) -> None:
    """Whoever has the address stays, and with them their language and their name. The other's
    number dies, and its links with it."""
    _hand_over(home, there, home.customers.all())
    Contribution.objects.filter(donor=home).update(donor=there)  # of customers never named
    RecurringContribution.objects.filter(donor=home).update(donor=there)
    for address in home.addresses.all():
        DonorAddress.objects.get_or_create(donor=there, email_index=address.email_index)
    theirs = there.statement_mails.values("year")
    home.statement_mails.exclude(year__in=theirs).update(donor=there)  # they have got them
    there.name = there.name or home.name
    there.created_on = min(there.created_on, home.created_on)
    noes = [one.not_asked_since for one in (home, there) if one.not_asked_since]
    there.not_asked_since = max(noes, default=None)  # what one of them has said holds
    there.save(update_fields=["name", "created_on", "not_asked_since"])
    home.delete()


def _hand_over(home: Donor, there: Donor, customers: QuerySet[Customer]) -> None:
    """These customers are the other donor's from now on, with all that was given by them."""
    ids = list(customers.values_list("pk", flat=True))
    followed = there.customers.exists()  # a new donor is theirs alone
    Customer.objects.filter(pk__in=ids).update(donor=there, followed=followed)
    theirs = {"donor": home, "stripe_customer__in": ids}
    Contribution.objects.filter(**theirs).update(donor=there)
    RecurringContribution.objects.filter(**theirs).update(donor=there, links=F("links") + 1)

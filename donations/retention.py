"""What donations keeps of people, and for how long: its rows of the table of retention, and of the
registry of personal data."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations.models import (
    Checkout,
    Contribution,
    Customer,
    Deferral,
    Donor,
    DonorAddress,
    Erasure,
    Lease,
    Note,
    RecurringChange,
    RecurringContribution,
    Refund,
    Review,
    StripeEvent,
)
from newsroom.core.kept import retention
from newsroom.core.kept.personal_data import DONOR, STAFF, Place
from newsroom.core.kept.retention import Kept
from newsroom.models import Asked, TransactionalMail


def forget_reminders(before: date) -> None:
    retention.delete(
        Deferral.objects.exclude(status=Deferral.Status.WAITING).filter(ended_on__lt=before)
    )


def forget_choices(before: date) -> None:
    """As soon as the session at Stripe is over, in which they may come back."""
    Checkout.objects.filter(expires_at__lt=timezone.now()).forget_choices()


def forget_what_is_over(before: date) -> None:
    """Events that were handled (Stripe's own list holds them for 30 days, so none comes again),
    presses of “Continue” that led to nothing, presses that have erased somebody, and leases of
    processes that died."""
    handled = StripeEvent.objects.exclude(handled_at=None)
    retention.delete(handled.filter(received_at__date__lt=before))
    retention.delete(Erasure.objects.filter(on__lt=before))
    unused = Checkout.objects.filter(contributions=None, recurring=None)
    retention.delete(unused.filter(created_at__date__lt=before))
    Lease.objects.filter(held_until__lt=timezone.now() - timedelta(days=1)).delete()


def kept() -> Iterator[Kept]:
    yield Kept(
        _("Who gave: address, name, and what was given when"),
        _("To thank, for receipts, and for your own page."),
        until=_(
            "Until they have it erased; amounts and dates without a name as long as tax law wants"
        ),
    )
    yield Kept(
        _("A “remind me later” that is over, with its address"),
        _("So that who gave is not asked again."),
        days=30,
        forget=forget_reminders,
    )
    yield Kept(
        _("What was chosen in the form for giving, until it is paid"),
        _("So that you find it again when you come back from the page for paying."),
        days=1,
        forget=forget_choices,
    )
    yield Kept(
        _("Messages of our payment provider without names, and forms that led to nothing"),
        _("So that nothing is counted twice."),
        days=60,
        forget=forget_what_is_over,
    )


def places() -> Iterator[Place]:
    """Erased by ``giving/erasure.py``, at Stripe first. Nothing here leads to a reader."""
    yield Place(Donor, DONOR, "Deleted.")
    yield Place(Customer, DONOR, "Deleted; its number at Stripe is remembered, and nobody's.")
    yield Place(DonorAddress, DONOR, "Deleted.")
    yield Place(Deferral, DONOR, "Deleted, under all their addresses.")
    yield Place(Checkout, DONOR, "What was chosen is forgotten.")
    yield Place(Contribution, DONOR, "Stays for the accounts: amount, day, number; no donor.")
    yield Place(RecurringContribution, DONOR, "As a contribution.")
    yield Place(Note, DONOR, "Deleted: what finance wrote beside a contribution.")
    yield Place(RecurringChange, DONOR, "Stays, without the words of who changed it for them.")
    yield Place(Refund, STAFF, "Stays for the accounts: why somebody refunded.")
    yield Place(Review, STAFF, "Stays for the accounts: why somebody decided so.")
    yield Place(Asked, DONOR, "Answered within seconds; then an index and a day, for a week.")
    yield Place(TransactionalMail, DONOR, "Sent, it holds no number; else one whose row is gone.")

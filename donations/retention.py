"""What donations keeps of people, and for how long: its rows of the table of retention, and of the
registry of personal data."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations.models import (
    BankLine,
    BlockedMark,
    Checkout,
    Contribution,
    Customer,
    Deferral,
    Donor,
    DonorAddress,
    Erasure,
    GiftDocument,
    Lease,
    Note,
    OfflineGift,
    RecurringChange,
    RecurringContribution,
    Refund,
    Review,
    ReviewStep,
    StatementMail,
    StripeEvent,
)
from newsroom.core.database import keyset
from newsroom.core.kept import retention
from newsroom.core.kept.personal_data import DONOR, STAFF, Place
from newsroom.core.kept.retention import Kept
from newsroom.models import Asked, TransactionalMail


def forget_reminders(before: date) -> None:
    retention.delete(Deferral.objects.filter(ended_on__lt=before))


def forget_unconfirmed_reminders(before: date) -> None:
    asked = Deferral.objects.filter(status=Deferral.Status.ASKED)
    retention.delete(asked.filter(created_on__lt=before))


def forget_choices(before: date) -> None:
    """As soon as the session at Stripe is over, in which they may come back."""
    Checkout.objects.filter(expires_at__lt=timezone.now()).forget_choices()


def forget_networks(before: date) -> None:
    Checkout.objects.filter(created_at__date__lt=before).forget_networks()


def forget_blocked_networks(before: date) -> None:
    BlockedMark.objects.forget(before)


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


def forget_texts(before: date) -> None:
    """Of what is explained: the day, the amount and the booking stay."""
    explained = BankLine.objects.exclude(booking=None) | BankLine.objects.filter(not_ours=True)
    for line in keyset(explained.filter(booked_on__lt=before, forgotten=False)):
        BankLine.objects.filter(pk=line.pk).update(text="", forgotten=True)


def kept() -> Iterator[Kept]:
    yield Kept(
        _("Who gave: address, name, and what was given when"),
        _("To thank, for receipts, and for your own page."),
        until=_(
            "Until they have it erased; amounts and dates without a name as long as tax law wants"
        ),
    )
    yield Kept(
        _(
            "In a cookie of your own browser: until when we do not ask you for support, how often "
            "you said “not today” and when last, how many articles you have read this month, three "
            "at most, the day of the last banner, a number by chance"
        ),
        _("So that we do not ask you again and again. It does not say whether you gave."),
        until=_("Until you delete it, or 400 days after it last changed"),
    )
    yield Kept(
        _("A “remind me later” that is over, with its address"),
        _("So that who gave is not asked again."),
        days=30,
        forget=forget_reminders,
    )
    yield Kept(
        _("A “remind me later” that nobody has confirmed, with its address"),
        _("So that the button in its first mail works for that long."),
        days=7,
        forget=forget_unconfirmed_reminders,
    )
    yield Kept(
        _("A “remind me later” that you have confirmed, with its address and time zone"),
        _("To write to you when you said."),
        until=_("Until its last day has passed, or you press “I want no more reminders”"),
    )
    yield Kept(
        _("How many said “later”, came back, and gave how much: numbers by month, no names"),
        _("To see whether it is right to ask so."),
        until=_("For good"),
    )
    yield Kept(
        _("What was chosen in the form for giving, until it is paid"),
        _("So that you find it again when you come back from the page for paying."),
        days=1,
        forget=forget_choices,
    )
    yield Kept(
        _("Who sent money by bank, and with which words, as the bank’s statement has it"),
        _("To find out what the money is."),
        days=180,
        forget=forget_texts,
    )
    yield Kept(
        _("From which network a form for giving came, as a number that only we can make"),
        _("To see when somebody tries stolen cards."),
        days=7,
        forget=forget_networks,
    )
    yield Kept(
        _("Whose gifts a person looks at first: an address, a name or a card, each as a number"),
        _("To protect ourselves from fraud."),
        until=_("Until a person takes it off the list"),
    )
    yield Kept(
        _("From which network such gifts came, as a number"),
        _("To protect ourselves from fraud."),
        days=90,
        forget=forget_blocked_networks,
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
    yield Place(OfflineGift, DONOR, "Stays for the accounts: the kind; all else is gone.")
    yield Place(GiftDocument, DONOR, "Deleted.")
    yield Place(BankLine, DONOR, "Of their gifts, the text is gone; of all, half a year later.")
    yield Place(Contribution, DONOR, "Stays for the accounts: amount, day, number; no donor.")
    yield Place(RecurringContribution, DONOR, "As a contribution.")
    yield Place(Note, DONOR, "Deleted: what finance wrote beside a contribution.")
    yield Place(RecurringChange, DONOR, "Stays, without the words of who changed it for them.")
    yield Place(Refund, STAFF, "Stays for the accounts: why somebody refunded.")
    yield Place(Review, STAFF, "Stays for the accounts: why somebody decided so.")
    yield Place(ReviewStep, STAFF, "Stays for the accounts; what was noted is emptied.")
    yield Place(BlockedMark, DONOR, "Stays: a number by which fraud is known again.")
    yield Place(StatementMail, DONOR, "Deleted.")
    yield Place(Asked, DONOR, "Answered within seconds; then an index and a day, for a week.")
    yield Place(TransactionalMail, DONOR, "Sent, it holds no number; else one whose row is gone.")

"""What subscriptions keeps of readers, and for how long: its rows of the table of retention, and of
the registry of personal data."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, F, Func, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from newsroom.core.kept import retention
from newsroom.core.kept.personal_data import Place
from newsroom.core.kept.retention import Kept
from subscriptions.models import (
    AddressChange,
    Batch,
    Consent,
    DeliveryFailure,
    ImportedChange,
    ProviderEvent,
    ProviderEventKey,
    Subscriber,
    Subscription,
)
from subscriptions.readers import address_change, erasure, signup


def forget_changes(before: date) -> None:
    retention.delete(AddressChange.objects.filter(asked_on__lt=before))


def forget_addresses(before: date) -> None:
    """Of who has left everything, and asked for nothing since. The row stays with the index, for
    what they agreed to; who signs up again is known by it, and brings the address. Whom an import
    took off, on whatever day its file says, can be given back as long as that can be undone."""
    mine = Subscription.objects.filter(subscriber=OuterRef("pk"))
    there = mine.filter(Q(status=Subscription.Status.CONFIRMED) | Q(unsubscribed_on=None))
    lately = mine.filter(unsubscribed_on__gte=before)
    asked = Consent.objects.filter(subscription__subscriber=OuterRef("pk"), on__gte=before)
    undoable = ImportedChange.objects.filter(subscription__subscriber=OuterRef("pk"))
    gone = Subscriber.objects.filter(
        ~Exists(there),
        ~Exists(lately),
        ~Exists(asked),
        ~Exists(undoable),
        Exists(mine),
        forgotten_on=None,
    )
    emptied = {**Subscriber.CHOSEN, "email": "", "pressed_on": None}
    emptied["forgotten_on"] = timezone.localdate()
    retention.in_chunks(gone, lambda some: some.update(**emptied))


def forget_presses(before: date) -> None:
    """Also younger ones, as soon as no newsletter of theirs asks any more who is silent."""
    asks = Subscription.objects.filter(
        subscriber=OuterRef("pk"), newsletter__ask_after__isnull=False
    )
    pressed = Subscriber.objects.filter(pressed_on__isnull=False)
    retention.in_chunks(
        pressed.filter(Q(pressed_on__lt=before) | ~Exists(asks)),
        lambda some: some.update(pressed_on=None),
    )
    asked = Subscription.objects.filter(asked_on__isnull=False)
    retention.in_chunks(
        asked.filter(Q(asked_on__lt=before) | Q(newsletter__ask_after=None)),
        lambda some: some.update(asked_on=None),
    )


def forget_consents(before: date) -> None:
    """With the whole reader: nobody may ask for a proof any more."""
    retention.delete(Subscriber.objects.filter(forgotten_on__lt=before))


def forget_recipients(before: date) -> None:
    """Whom an issue went to. How many stays: a 0 for each who was left out."""
    settled = Batch.objects.exclude(status__in=Batch.OPEN).exclude(subscriber_ids=[])
    zeros = Func(
        F("excluded_ids"), template="array_fill(0::bigint, ARRAY[cardinality(%(expressions)s)])"
    )
    retention.in_chunks(
        settled.filter(mailing__frozen_at__date__lt=before),
        lambda some: some.update(subscriber_ids=[], excluded_ids=zeros, left_out_ids=[]),
    )


def forget_who_failed(before: date) -> None:
    failures = DeliveryFailure.objects.filter(mailing__frozen_at__date__lt=before)
    retention.in_chunks(
        failures.exclude(subscriber=None), lambda some: some.update(subscriber=None)
    )


def forget_events(before: date) -> None:
    """Also those that nobody could follow."""
    retention.delete(ProviderEvent.objects.filter(received_on__lt=before))
    retention.delete(ProviderEventKey.objects.filter(received_on__lt=before))


def kept() -> Iterator[Kept]:
    yield Kept(
        _("Readers of a newsletter: the address, which ones, the language, what they agreed to"),
        _("To send it, and to prove that they want it."),
        until=_("Until they leave, or have it erased"),
    )
    yield Kept(
        _("A sign-up that nobody has confirmed, with its address"),
        _("So that its link works for that long."),
        days=signup.UNCONFIRMED_KEPT.days,
        forget=signup.forget_unconfirmed,
    )
    yield Kept(
        _("A change of address: the new address, then the former one"),
        _("So that both mailboxes can confirm it, and hear of it."),
        days=address_change.KEPT.days,
        forget=forget_changes,
    )
    yield Kept(
        _(
            "The day on which a reader last pressed a button of ours, and that on which we asked "
            "whether they still read us; only of newsletters that ask so"
        ),
        _("To ask who has been silent for long. We don’t watch who opens a mail."),
        days=2 * 365,  # the longest time after which a newsletter asks
        forget=forget_presses,
    )
    yield Kept(
        _("The address of a reader who has left everything"),
        _("So that leaving by mistake can be undone."),
        days=30,
        forget=forget_addresses,
    )
    yield Kept(
        _("What such a reader had agreed to, and when, with a code in place of the address"),
        _("The law wants us to be able to prove it."),
        days=3 * 365,
        forget=forget_consents,
    )
    yield Kept(
        _("A list of readers that moves in from another tool, sealed"),
        _("To take it over."),
        until=_("Until that is done; a day at most if nobody goes on with it"),
    )
    yield Kept(
        _("What it changed of readers who were here before"),
        _("So that it can be taken back."),
        until=_("Until an issue has gone out; 90 days at most"),
    )
    yield Kept(
        _("To whom an issue was sent: numbers in place of addresses"),
        _("So that nobody gets it twice, and faults are found. How many it were is kept."),
        days=90,
        forget=forget_recipients,
    )
    yield Kept(
        _("Whose copy of an issue came back: numbers in place of addresses"),
        _("So that we stop writing to mailboxes that are gone. How many it were is kept."),
        days=365,
        forget=forget_who_failed,
    )
    yield Kept(
        _("That our mail provider told us of a mail: codes in place of address and mail"),
        _("So that what it tells us twice counts once."),
        days=ProviderEventKey.KEPT.days,
        forget=forget_events,
    )


def places() -> Iterator[Place]:
    yield from erasure.PLACES

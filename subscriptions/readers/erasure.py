"""The end of a reader's data. What there is of it: data/held.py.

Only the newsletter's side: what a person gives is kept apart, and nothing tells that the two are
one (docs/architecture.md, “Sealed values”); each side has its own page.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from newsroom.core.kept.personal_data import READER, Place
from newsroom.core.privacy import folded, keyed_hash
from newsroom.mail.asked import mailbox_of
from newsroom.models import Asked, Suppression, SuppressionLift, TransactionalMail
from subscriptions.models import (
    AddressChange,
    Batch,
    Consent,
    DeliveryFailure,
    ImportedChange,
    ImportPiece,
    ProviderEvent,
    ReaderImport,
    ReaderTag,
    Seed,
    Subscriber,
    Subscription,
)

ASKED = ("signup", "address")  # forms with an address, on this side


def _asked(subscriber: Subscriber) -> QuerySet[Asked]:
    boxes = [mailbox_of(what, subscriber.email) for what in ASKED]
    return Asked.objects.filter(what__in=ASKED, mailbox__in=boxes)


def _seeds(subscriber: Subscriber) -> QuerySet[Seed]:
    """Also those that an editor typed, and to which nobody has agreed."""
    typed = Q(email_index=keyed_hash(folded(subscriber.email), "seed"))
    return Seed.objects.filter(typed | Q(subscription__subscriber=subscriber))


def _imported(subscriber: Subscriber) -> QuerySet[ImportedChange]:
    theirs = Q(subscription__subscriber=subscriber)
    return ImportedChange.objects.filter(theirs | Q(suppressed_index=subscriber.email_index))


def _changes(subscriber: Subscriber) -> QuerySet[AddressChange]:
    """Also others' to this address, or from it."""
    mine = Q(subscriber=subscriber) | Q(email_index=subscriber.email_index)
    return AddressChange.objects.filter(mine)


def _events(subscriber: Subscriber) -> QuerySet[ProviderEvent]:
    """What is being followed at this moment goes by itself, and waits for us."""
    theirs = ProviderEvent.objects.filter(email_index=subscriber.email_index)
    free = theirs.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return ProviderEvent.objects.filter(pk__in=list(free))


# Every table that a reader can be in, in the order in which an erasure empties them.
PLACES = [
    Place(Seed, READER, "Deleted.", rows=_seeds),
    Place(AddressChange, READER, "Deleted.", rows=_changes),
    Place(
        ProviderEvent,
        READER,
        "Deleted. One that is being followed is gone in a moment, and finds nobody.",
        rows=_events,
    ),
    Place(Asked, READER, "Deleted, by the mailbox's index.", rows=_asked),
    Place(
        SuppressionLift,
        READER,
        "Deleted.",
        rows=lambda one: SuppressionLift.objects.filter(email_index=one.email_index),
    ),
    Place(ReaderTag, READER, "Deleted.", rows=lambda one: ReaderTag.objects.filter(subscriber=one)),
    Place(ImportedChange, READER, "Deleted.", rows=_imported),
    Place(
        Consent,
        READER,
        "Deleted.",
        rows=lambda one: Consent.objects.filter(subscription__subscriber=one),
    ),
    Place(
        Subscription,
        READER,
        "Deleted.",
        rows=lambda one: Subscription.objects.filter(subscriber=one),
    ),
    Place(Subscriber, READER, "Deleted.", rows=lambda one: Subscriber.objects.filter(pk=one.pk)),
    Place(
        Suppression,
        READER,
        "Deleted, unless they complained, or want no mail ever again.",
        rows=lambda one: Suppression.objects.filter(
            email_index=one.email_index, reason__in=Suppression.LIFTED_BY_OWNER
        ),
    ),
    Place(ImportPiece, READER, "Stays, sealed, until the import is over: a day at most."),
    Place(ReaderImport, READER, "Stays: its file's name may be a person's, and is sealed."),
    Place(DeliveryFailure, READER, "Stays, as a count that is nobody's."),
    Place(Batch, READER, "Stays: a number among others, which names nobody once its row is gone."),
    Place(
        TransactionalMail,
        READER,
        "Stays: what is sent holds no number; else it names a row that is gone, and finds nobody.",
    ),
]


def erase(subscriber: Subscriber, never_again: bool) -> None:
    """Forget a reader at once. Safe to repeat, and for two at once.

    With ``never_again`` a keyed hash of the address is kept, so that nobody can sign it up.
    """
    index = subscriber.email_index
    with transaction.atomic():
        if not Subscriber.objects.select_for_update().filter(pk=subscriber.pk).exists():
            return
        # As a suppression locks them (0002_kept_counts).
        list(subscriber.subscriptions.select_for_update().order_by("pk"))
        for place in PLACES:
            if place.rows:
                place.rows(subscriber).delete()
        if never_again:
            Suppression.add(index, Suppression.Reason.ERASURE)

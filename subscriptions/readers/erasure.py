"""A reader's data: all of it to take away, and its end.

Only the newsletter's side: what a person gives is kept apart, and nothing tells that the two are
one (docs/architecture.md, “Sealed values”); each side has its own page.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from newsroom.core.clock import day_of
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
    Mailing,
    ProviderEvent,
    ReaderImport,
    ReaderTag,
    Seed,
    Subscriber,
    Subscription,
)

DATA = "reader data"  # the purpose of links to it
DATA_SECONDS = 24 * 3600
ASKED = ("signup", "address")  # forms with an address, on this side
# Mails whose first row is a subscription, an address change, the reader.
OF_SUBSCRIPTION = (
    "confirm", "already_subscribed", "unsubscribed", "paused", "welcome", "series",
)  # fmt: skip
OF_CHANGE = ("address_old", "address_new", "address_changed")
OF_READER = ("reader_data", "still_reading")
MAILINGS = 500  # looked through for what was sent to somebody


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """What we hold about a reader, for them to take away (GDPR, articles 15 and 20)."""
    suppression = subscriber.suppression
    lifted = SuppressionLift.objects.filter(email_index=subscriber.email_index)
    seeds = Seed.objects.filter(subscription__subscriber=subscriber)
    return {
        "email": subscriber.email,
        "known_since": subscriber.created_on,
        "language": subscriber.language,
        "links_lead_to_the_mirror": subscriber.mirror_links,
        "country": subscriber.country,
        "last_pressed_on": subscriber.pressed_on,
        "tags": sorted(subscriber.tags.values_list("name", flat=True)),
        "newsletters": [_subscription(one) for one in _subscriptions(subscriber)],
        "sent": list(sent_to(subscriber)),
        "came_back": [
            {"issue": failure.mailing.subject, "how": failure.kind}
            for failure in DeliveryFailure.objects.filter(subscriber=subscriber).select_related(
                "mailing"
            )
        ],
        "no_mail": suppression and {"why": suppression.reason, "since": suppression.since},
        "mail_allowed_again": list(lifted.values("reason", "why", "on")),
        "seed_list_of": list(seeds.values_list("newsletter__title", flat=True)),
        "changes_of_address": [
            {
                "to" if one.done_on is None else "from": one.email,
                "asked_on": one.asked_on,
                "done_on": one.done_on,
            }
            for one in subscriber.address_changes.order_by("pk")
        ],
        "mails_on_their_way": list(_mails(subscriber).values("purpose", "status")),
    }


def _subscriptions(subscriber: Subscriber) -> Any:
    found = subscriber.subscriptions.order_by("pk")
    return found.select_related("newsletter").prefetch_related("consents")


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "newsletter": subscription.newsletter.title,
        "status": subscription.status,
        "came_from": subscription.source,
        "asked_on": subscription.created_on,
        "confirmed_on": subscription.confirmed_on,
        "left_on": subscription.unsubscribed_on,
        "paused_until": subscription.paused_until,
        "asked_if_still_reading_on": subscription.asked_on,
        "whole_articles": subscription.whole_articles,
        "seed_list": subscription.seed,
        "agreed": [
            {
                "on": consent.on,
                "what": consent.action,
                "how": consent.how,
                "policy_version": consent.policy_version,
            }
            for consent in subscription.consents.all()
        ],
    }


def sent_to(subscriber: Subscriber) -> Iterator[dict[str, Any]]:
    """The issues that went to them, as far as the lists of ids are kept: of the newsletters that
    they are or were on, the newest first."""
    mailings = Mailing.objects.filter(
        newsletter__subscriptions__subscriber=subscriber,
        frozen_at__date__gte=subscriber.created_on,
    ).order_by("-frozen_at")
    looked = {
        pk: (subject, frozen_at)
        for pk, subject, frozen_at in mailings.values_list("pk", "subject", "frozen_at")[:MAILINGS]
    }
    accepted = Batch.objects.filter(mailing__in=looked, status=Batch.Status.ACCEPTED)
    got = (
        accepted.of_reader(subscriber.pk)
        .exclude(excluded_ids__contains=[subscriber.pk])
        .exclude(left_out_ids__contains=[subscriber.pk])
    )
    theirs = set(got.values_list("mailing", flat=True))
    for pk, (subject, frozen_at) in looked.items():
        if pk in theirs:
            yield {"issue": subject, "on": day_of(frozen_at).date() if frozen_at else None}


def _mails(subscriber: Subscriber) -> Any:
    """Single mails that still name their reader: what is sent has forgotten whose it was."""
    subscriptions = subscriber.subscriptions.values_list("pk", flat=True)
    changes = subscriber.address_changes.values_list("pk", flat=True)
    mails = TransactionalMail.objects
    return (
        mails.filter(purpose__in=OF_SUBSCRIPTION, object_id__in=list(subscriptions))
        | mails.filter(purpose__in=OF_CHANGE, object_id__in=list(changes))
        | mails.filter(purpose__in=OF_READER, object_id=subscriber.pk)
    )


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

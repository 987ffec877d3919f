"""What we hold about a reader, whole: they can see it, and take it away (GDPR, articles 15 and 20).
In words: in_words.py."""

from collections.abc import Iterator
from typing import Any

from newsroom.core.clock import day_of
from newsroom.models import SuppressionLift, TransactionalMail
from subscriptions.models import Batch, DeliveryFailure, Mailing, Seed, Subscriber, Subscription

DATA = "reader data"  # the purpose of links to it
DATA_SECONDS = 24 * 3600
# Mails whose first row is a subscription, an address change, the reader.
OF_SUBSCRIPTION = (
    "confirm", "already_subscribed", "unsubscribed", "paused", "welcome", "series",
)  # fmt: skip
OF_CHANGE = ("address_old", "address_new", "address_changed")
OF_READER = ("reader_data", "still_reading")
MAILINGS = 500  # looked through for what was sent to somebody


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """By key; days are dates."""
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

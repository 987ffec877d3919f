"""Whatever webhooks missed: Stripe's own list of events, and, after a long outage, its objects."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from donations.models import CatchUp, StripeEvent
from donations.payments import gateway, sync
from donations.payments.leases import Busy

T = TypeVar("T")

OVERLAP = timedelta(hours=1)  # events appear in the list a little late
EVENTS_ARE_KEPT = timedelta(days=29)  # "List all events": 30 days
FIRST_LOOK_BACK = timedelta(days=29)
PULLERS: dict[str, Callable[[str], object]] = {
    "subscriptions": sync.pull_subscription,
    "payment_intents": sync.pull_payment,
    "refunds": sync.pull_refund,
    "disputes": sync.pull_dispute,
    "radar.early_fraud_warnings": sync.pull_fraud_warning,
}


def run(now: datetime, *, objects: bool = False) -> dict[str, int]:
    """Catch up since the last mark; how many were found of what. Safe to run twice, or at once.

    ``objects`` looks at every object too, as is done by itself when the mark is so old that
    events are gone. Raises stripe.StripeError; and leases.Busy when others hold some of the objects
    still, after all the rest is done: then the mark stays.
    """
    mark = CatchUp.objects.first()
    since = (mark.until if mark else now - FIRST_LOOK_BACK) - OVERLAP
    found = {"new events": _store_events(since)}
    if objects or now - since > EVENTS_ARE_KEPT:
        found |= _pull_objects(since)
    CatchUp.objects.update_or_create(pk=mark.pk if mark else 1, defaults={"until": now})
    return found


def _store_events(since: datetime) -> int:
    """Put the missing ones into the inbox, where the beat finds them."""
    new = 0
    for some in _in_hundreds(gateway.events_since(since)):
        new += len(StripeEvent.objects.take_in([StripeEvent.of(event) for event in some]))
    return new


def _pull_objects(since: datetime) -> dict[str, int]:
    counts, held = {}, []
    for kind, pull in PULLERS.items():
        counts[kind] = 0
        for pk in gateway.objects_since(kind, since):
            counts[kind] += 1
            if not _pulled(pull, pk):
                held.append((pull, pk))
    if left := [pk for pull, pk in held if not _pulled(pull, pk)]:
        raise Busy(f"{len(left)} objects")
    return counts


def _pulled(pull: Callable[[str], object], pk: str) -> bool:
    """False when another is at it just now."""
    try:
        pull(pk)
    except Busy:
        return False
    return True


def _in_hundreds(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while some := list(islice(remaining, 100)):
        yield some

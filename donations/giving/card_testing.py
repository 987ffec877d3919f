"""Card thieves try stolen cards on donation forms, thousands at a time. What makes ours useless.

Each network may begin so many checkouts. When all of them together come too fast, or most
payments fail, a breaker trips: then a browser has to do a sum first, or, without JavaScript, to
wait (newsroom/web/proof_of_work.py). Nothing here ever says why a card failed.
"""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import models
from django.http import HttpRequest

from donations.models import BlockedMark, Review, StripeEvent
from newsroom.core.privacy import network_index
from newsroom.web import proof_of_work
from newsroom.web.client import address_of, parsed
from newsroom.web.public_forms import network_of, tries

PER_MINUTE = 300  # checkouts of everyone together, before each costs work
BREAKER, BREAKER_SECONDS = "checkout-breaker", 1800

LOOK_BACK = timedelta(minutes=15)
FAILURES = 20  # in that time, and more than there were successes
FAILED, PAID = "payment_intent.payment_failed", "payment_intent.succeeded"


def needs_work(request: HttpRequest, network: bytes | None = None) -> bool:
    """Count this checkout; True when the breaker has tripped, or its network is on the newsroom's
    block list, and no work comes with it."""
    fast = tries("checkouts", 60) > PER_MINUTE
    blocked = BlockedMark.objects.holds(BlockedMark.Kind.NETWORK, network)
    if not fast and not blocked and not cache.get(BREAKER):
        return False
    return not proof_of_work.has_worked(request)


def network(request: HttpRequest) -> bytes | None:
    """Whence a checkout comes, as a keyed number that is kept for some days. None for what is no
    network of anybody: an onion service has all its readers come from one."""
    address = parsed(address_of(request.META))
    if address is None or not address.is_global:
        return None
    return network_index(network_of(request))


def watch(now: datetime) -> bool:
    """Trip the breaker while most payments fail, and tell finance; did it?

    Counts what Stripe tells, not our contributions: a card declined before a
    recurring contribution began belongs to no contribution.
    """
    told = StripeEvent.objects.filter(received_at__gt=now - LOOK_BACK, type__in=[FAILED, PAID])
    counts = dict(told.values_list("type").annotate(models.Count("pk")))
    failed, paid = counts.get(FAILED, 0), counts.get(PAID, 0)
    if failed < FAILURES or failed <= paid:
        return False
    cache.set(BREAKER, 1, BREAKER_SECONDS)
    why = f"{failed} of {failed + paid} payments failed within {LOOK_BACK.seconds // 60} minutes. "
    why += "Checkouts cost a sum now, for half an hour. Look at Radar at Stripe."
    Review.open(Review.Kind.CARD_TESTING, f"{now:%Y-%m-%d %H}", why)
    return True

"""Who gets an issue: the one rule, asked at the freeze and again before each call; and how many."""

from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from subscriptions.models import Newsletter, ReaderCount, Subscription

KEPT_SECONDS = 60


def audience_of(newsletter: Newsletter) -> Any:
    """The subscriptions that an issue goes to now: confirmed and not suppressed (``mailable``), and
    as this newsletter's own rules have it."""
    audience = Subscription.objects.mailable().filter(newsletter=newsletter)
    if settled := settled_until(newsletter):
        audience = audience.filter(Q(confirmed_on__lte=settled) | Q(confirmed_on=None))
    if others := [other.pk for other in newsletter.leave_out.all()]:
        elsewhere = Subscription.objects.mailable().filter(
            newsletter__in=others, subscriber=OuterRef("subscriber")
        )
        audience = audience.filter(~Exists(elsewhere) | Q(seed=True))
    return audience


def settled_until(newsletter: Newsletter) -> date | None:
    """Who was confirmed later has to wait still; None: nobody has."""
    days = newsletter.settle_days
    return timezone.localdate() - timedelta(days=days) if days else None


def size_of(newsletter: Newsletter) -> int:
    """How large the audience is, for looking at: the kept count. What a send hangs on is counted.

    What two lists share is kept nowhere: if readers of others are left out, it is counted, once a
    minute.
    """
    others = sorted(other.pk for other in newsletter.leave_out.all())
    if not others:
        return ReaderCount.objects.of(newsletter, settled_until(newsletter))
    key = f"audience:{newsletter.pk}:{newsletter.settle_days}:{'-'.join(map(str, others))}"
    size: int | None = cache.get(key)
    if size is None:
        size = audience_of(newsletter).count()
        cache.set(key, size, KEPT_SECONDS)
    return size

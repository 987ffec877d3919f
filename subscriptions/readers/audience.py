"""Who gets an issue: the one rule, asked at the freeze and again before each call."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from subscriptions.models import Newsletter, Subscription


def audience_of(newsletter: Newsletter) -> Any:
    """The subscriptions that an issue goes to now: confirmed and not suppressed (``mailable``), and
    as this newsletter's own rules have it."""
    audience = Subscription.objects.mailable().filter(newsletter=newsletter)
    if newsletter.settle_days:
        settled = timezone.localdate() - timedelta(days=newsletter.settle_days)
        audience = audience.filter(Q(confirmed_on__lte=settled) | Q(confirmed_on=None))
    if others := [other.pk for other in newsletter.leave_out.all()]:
        elsewhere = Subscription.objects.mailable().filter(
            newsletter__in=others, subscriber=OuterRef("subscriber")
        )
        audience = audience.filter(~Exists(elsewhere) | Q(seed=True))
    return audience

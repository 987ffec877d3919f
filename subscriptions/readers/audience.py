"""Who gets an issue: the one rule, asked at the freeze and again before each call; and how many."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from wagtail import hooks

from newsroom.models import Masthead
from subscriptions.models import (
    Edition,
    IssuePage,
    Newsletter,
    ReaderCount,
    Segment,
    Subscriber,
    Subscription,
)

KEPT_SECONDS = 60


def audience_of(
    newsletter: Newsletter, segment: Segment | None = None, among: Collection[int] | None = None
) -> Any:
    """The subscriptions that an issue goes to now: confirmed and not suppressed (``mailable``), and
    as this newsletter's own rules have it; those of a segment. ``among``: the caller asks for these
    subscribers only, so nobody else's support is looked up."""
    audience = Subscription.objects.mailable().filter(newsletter=newsletter)
    if settled := settled_until(newsletter):
        audience = audience.filter(Q(confirmed_on__lte=settled) | Q(confirmed_on=None))
    if others := [other.pk for other in newsletter.leave_out.all()]:
        elsewhere = Subscription.objects.mailable().filter(
            newsletter__in=others, subscriber=OuterRef("subscriber")
        )
        audience = audience.filter(~Exists(elsewhere) | Q(seed=True))
    return in_segment(audience, segment, among) if segment else audience


def in_segment(audience: Any, segment: Segment, among: Collection[int] | None) -> Any:
    audience = segment.narrow(audience)
    if segment.supporter:
        supports = Q(subscriber__email_index__any_of=supporters(among))
        audience = audience.filter(supports if segment.supporter == "yes" else ~supports)
    return audience


def supporters(among: Collection[int] | None) -> set[bytes]:
    """Whose addresses, by ``list_index``, are those of people who support us. Donors are another
    app's, and known by another index: the hook opens the addresses that it has to, and nothing of
    it is kept."""
    emails = None
    if among is not None:
        emails = list(Subscriber.objects.filter(pk__in=among).values_list("email", flat=True))
    return {index for hook in hooks.get_hooks("supporters") for index in hook(emails)}


def count_segment(segment: Segment, now: datetime) -> None:
    """By a job: all of them are looked at."""
    readers = segment.counts(audience_of(segment.newsletter, segment).count())
    counted = {"readers": readers, "counted_at": now, "count_again": False}
    Segment.objects.filter(pk=segment.pk).update(**counted)


def in_editions(issue: IssuePage, mirror: bool) -> Any:
    """The audience of an issue now, each with the edition that they get; is there a mirror?"""
    audience = audience_of(issue.newsletter, issue.segment)
    spared: set[bytes] = set()
    if issue.asks:
        spared = {index for hook in hooks.get_hooks("not_asked") for index in hook()}
        if not issue.newsletter.ask_supporters:
            spared |= supporters(None)
    return audience.with_edition(mirror, spared)


def editions_of(issue: IssuePage) -> dict[Edition, int]:
    """The same, counted."""
    rows = (
        in_editions(issue, bool(Masthead.load().mirror)).order_by("edition").values_list("edition")
    )
    return {Edition(number): readers for number, readers in rows.annotate(Count("pk"))}


def settled_until(newsletter: Newsletter) -> date | None:
    """Who was confirmed later has to wait still; None: nobody has."""
    days = newsletter.settle_days
    return timezone.localdate() - timedelta(days=days) if days else None


def size_of(newsletter: Newsletter, segment: Segment | None = None) -> int:
    """How large the audience is, for looking at: the kept count; of a segment, the last one of the
    job. What a send hangs on is counted.

    What two lists share is kept nowhere: if readers of others are left out, it is counted, once a
    minute.
    """
    if segment:
        return segment.readers or 0
    others = sorted(other.pk for other in newsletter.leave_out.all())
    if not others:
        return ReaderCount.objects.of(newsletter, settled_until(newsletter))
    key = f"audience:{newsletter.pk}:{newsletter.settle_days}:{'-'.join(map(str, others))}"
    size: int | None = cache.get(key)
    if size is None:
        size = audience_of(newsletter).count()
        cache.set(key, size, KEPT_SECONDS)
    return size

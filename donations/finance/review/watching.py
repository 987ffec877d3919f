"""What has arrived lately is looked over, a few queries for all of it: is it unusually large, one
of many small ones from one network, or from somebody on the newsroom's block list?

Every few minutes, over some days each time: a review is one for each object, so nothing is lost
when a run is, and nothing comes twice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from donations import money
from donations.finance.common.totals import different
from donations.models import BlockedMark, Contribution, Review, ReviewRules
from newsroom.core.privacy import keyed_hash

LOOK_BACK = timedelta(days=3)
DAY = timedelta(days=1)
HISTORY = timedelta(days=365)
ENOUGH = 200  # contributions, before a history says what is usual
AT_ONCE = 200  # reviews that one run opens of a kind
USUAL_SECONDS = 24 * 3600  # how long what is usual is remembered

# Kind of mark -> where a contribution has the same number.
PLACES = {
    BlockedMark.Kind.ADDRESS: "donor__email_index",
    BlockedMark.Kind.NAME: "donor__name_index",
    BlockedMark.Kind.CARD: "instrument_index",
    BlockedMark.Kind.NETWORK: "checkout__network_index",
}


class Seen(NamedTuple):
    kind: str
    about: str
    why: str
    contribution: Contribution


def look_over(now: datetime) -> None:
    """Safe to run again, and at the same time."""
    rules = ReviewRules.load()
    for seen in (*large(rules, now), *blocked(now), *many_small(rules, now)):
        Review.open(seen.kind, seen.about, seen.why, contribution=seen.contribution)


def _lately(kind: str, now: datetime) -> QuerySet[Contribution]:
    """What came by Stripe, and was not looked at for that."""
    seen = Review.objects.filter(kind=kind, contribution=OuterRef("pk"))
    lately = Contribution.objects.filter(
        received_at__gte=now - LOOK_BACK, status__in=Contribution.ARRIVED, offline=None
    )
    return lately.exclude(Exists(seen)).order_by("received_at", "pk")


# --- Unusually large ------------------------------------------------------------------------------


class Usual(models.Aggregate):
    """What 995 of 1,000 do not exceed."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(0.995) WITHIN GROUP (ORDER BY %(expressions)s)"


def large(rules: ReviewRules, now: datetime) -> Iterator[Seen]:
    for code in different("currency"):
        limit, words = limit_of(rules, code, now)
        found = _lately(Review.Kind.LARGE, now).filter(currency=code, amount__gte=limit)
        for row in found[:AT_ONCE]:
            yield Seen(Review.Kind.LARGE, str(row.pk), f"{row.shown_amount}. {words}", row)


def limit_of(rules: ReviewRules, code: str, now: datetime) -> tuple[int, str]:
    """From which amount on, in the smallest unit, and why."""
    if rules.large_from:
        limit = money.most_worth(rules.large_from, code)
        return limit, f"All from {money.show(limit, code)} on are looked at."
    usual, floor = usual_of(code, now), money.most_worth(rules.large_floor, code)
    limit = max(rules.large_times * usual, floor)
    if limit == floor:
        return limit, f"All from {money.show(limit, code)} on are looked at."
    words = f"Of 1,000 contributions in {code.upper()} within a year, 995 were of at most"
    return limit, (
        f"{words} {money.show(usual, code)}; from {rules.large_times} times that on they are "
        "looked at."
    )


def usual_of(code: str, now: datetime) -> int:
    """0 where too few came to say. Reckoned once a day."""

    def reckon() -> int:
        arrived = Contribution.objects.filter(
            received_at__gte=now - HISTORY, status__in=Contribution.ARRIVED, currency=code
        )
        found: Any = arrived.order_by().aggregate(count=Count("pk"), usual=Usual("amount"))
        return int(found["usual"]) if found["count"] >= ENOUGH else 0

    return int(cache.get_or_set(f"usual contribution {code}", reckon, USUAL_SECONDS) or 0)


# --- On the block list ----------------------------------------------------------------------------


def blocked(now: datetime) -> Iterator[Seen]:
    """What was begun since somebody put it there."""
    marks = BlockedMark.objects.in_force().filter(created_at__lte=OuterRef("created_at"))
    if not BlockedMark.objects.in_force().exists():
        return
    hits = {
        f"by_{kind.value}": Exists(marks.filter(kind=kind, index=OuterRef(place)))
        for kind, place in PLACES.items()
    }
    any_of = Q(*[(name, True) for name in hits], _connector=Q.OR)
    for row in _lately(Review.Kind.BLOCKED, now).annotate(**hits).filter(any_of)[:AT_ONCE]:
        by = [kind.label.lower() for kind in PLACES if getattr(row, f"by_{kind.value}")]
        why = f"Begun with what is on your block list: {', '.join(by)}."
        yield Seen(Review.Kind.BLOCKED, str(row.pk), why, row)


# --- Many small ones ------------------------------------------------------------------------------


def many_small(rules: ReviewRules, now: datetime) -> Iterator[Seen]:
    """Those that failed count, too. The review is named by a number that changes each day, and
    leads to no network once the checkouts have forgotten it."""
    if not rules.many_small:
        return
    codes = different("currency")
    small = Q(pk__in=[])
    for code in codes:
        small |= Q(currency=code, amount__lte=money.most_worth(rules.small_up_to, code))
    known = Contribution.objects.filter(
        small, created_at__gte=now - DAY, checkout__network_index__isnull=False
    )
    rows: Any = known.order_by().values("checkout__network_index")
    rows = rows.annotate(many=Count("pk"), newest=Max("pk")).filter(many__gte=rules.many_small)
    found = list(rows[:AT_ONCE])
    newest = Contribution.objects.in_bulk([row["newest"] for row in found])
    day = timezone.localdate(now)
    for row in found:
        network = bytes(row["checkout__network_index"]).hex()
        about = f"{day} {keyed_hash(f'{network} {day}', 'many small').hex()[:32]}"
        contribution = newest[row["newest"]]
        most = money.show(
            money.most_worth(rules.small_up_to, contribution.currency), contribution.currency
        )
        why = f"{row['many']} contributions of at most about {most} from one network within a day."
        yield Seen(Review.Kind.MANY_SMALL, about, why, contribution)


def from_there(review: Review) -> QuerySet[Contribution]:
    """All that was begun from that network within a day before or after the one that the review
    names: none if it is about no network, or that is forgotten."""
    one = review.contribution if review.kind == Review.Kind.MANY_SMALL else None
    if one is None or one.checkout is None or one.checkout.network_index is None:
        return Contribution.objects.none()
    found = Contribution.objects.filter(
        checkout__network_index=one.checkout.network_index,
        created_at__range=(one.created_at - DAY, one.created_at + DAY),
    )
    return found.select_related("donor", "checkout", "offline").order_by("-created_at", "-pk")

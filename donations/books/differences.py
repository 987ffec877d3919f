"""What does not agree, as reviews: at most a hundred of a kind, and one that says how many."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from donations.models import Review

MOST = 100
ALL = "all"  # what the one is about


def tell(
    kind: str,
    found: QuerySet[Any],
    about: str,
    why: Callable[[Any], str],
    contribution: Callable[[Any], Any] = lambda row: None,
) -> int:
    """How many rows differ that nobody has accepted. ``about`` names the field by which a review
    knows its row. What differs no more settles its review; what a person has closed stays closed.
    """
    reviews = Review.objects.filter(kind=kind)
    accepted = reviews.filter(status=Review.Status.DECIDED).values("about")
    found = found.exclude(**{f"{about}__in": accepted})
    open_ones = reviews.waiting().exclude(about=ALL)
    before = set(open_ones.values_list("about", flat=True))
    known = {getattr(row, about): row for row in found.filter(**{f"{about}__in": before})}
    for gone in before - known.keys():
        Review.settle(kind, gone, "It agrees now.")
    others = found.exclude(**{f"{about}__in": before})
    new = others.order_by("created_at", "pk")[: max(MOST - len(known), 0)]
    for row in [*known.values(), *new]:
        Review.open(
            kind,
            getattr(row, about),
            why(row),
            contribution=contribution(row),
            amount=abs(row.amount),
            currency=row.currency,
        )
    total = found.count()
    if others.count() > MOST - len(known):
        Review.open(kind, ALL, f"There are {total:,} of these. {MOST} of them are here.")
    else:
        Review.settle(kind, ALL, "All that are left are here.")
    return total

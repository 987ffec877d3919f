"""Which part of its series an article is, and what comes before and after it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsroom.models.series import Series

if TYPE_CHECKING:
    from .page import ArticlePage


@dataclass(frozen=True)
class Part:
    series: Series
    number: int  # among those in print; 0: it is not yet
    all: int
    before: "ArticlePage | None"
    after: "ArticlePage | None"


def part_of_series(article: "ArticlePage") -> Part | None:
    """None: of no series. Two queries, however many parts there are."""
    series = article.series
    if series is None:
        return None
    in_print = series.parts()
    parts = list(in_print.values_list("pk", flat=True))
    if article.pk not in parts:
        return Part(series, 0, len(parts), None, None)
    place = parts.index(article.pk)
    beside = [*parts[max(place - 1, 0) : place], *parts[place + 1 : place + 2]]
    found = in_print.in_bulk(beside)
    before = found.get(parts[place - 1]) if place else None
    after = found.get(parts[place + 1]) if place + 1 < len(parts) else None
    return Part(series, place + 1, len(parts), before, after)

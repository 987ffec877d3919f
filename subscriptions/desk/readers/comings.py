"""How readers come and go: the numbers of “Readers” in the admin, and the drawing of them.

Kept numbers alone (ReaderMove, ReaderCount): nothing here grows with the number of readers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import dateformat

from newsroom.core import clock
from subscriptions.models import Newsletter, ReaderCount, ReaderMove

Kind = ReaderMove.Kind
# What a page shows: words, period of a bar, how many bars; the last one is not over.
SPANS = {
    "weeks": ("13 weeks", "week", 13),
    "months": ("12 months", "month", 12),
    "years": ("10 years", "year", 10),
}
DAY = {"week": "j M", "month": "M Y", "year": "Y"}  # how a bar is called
WIDE, HIGH, EDGE = 720, 220, 20  # of the drawing; the edge is for words


@dataclass
class Moves:
    """Readers of one period, newsletter or source."""

    of: Any
    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def new(self) -> int:
        return self.kinds[Kind.NEW]

    @property
    def came(self) -> int:
        return self.kinds[Kind.CONFIRMED]

    @property
    def left(self) -> int:
        return self.kinds[Kind.LEFT]

    @property
    def silent(self) -> int:
        return self.kinds[Kind.SILENT]

    @property
    def bounced(self) -> int:
        return self.kinds[Kind.BOUNCED]

    @property
    def gone(self) -> int:
        return self.left + self.silent + self.bounced

    @property
    def net(self) -> str:
        return f"{self.came - self.gone:+,}".replace("-", "−").replace("+0", "0")


def grouped(rows: Iterable[tuple[Any, str, int]], of: Iterable[Any] = ()) -> list[Moves]:
    """One for each first value, those of ``of`` at the beginning."""
    found = {key: Moves(key) for key in of}
    for key, kind, readers in rows:
        found.setdefault(key, Moves(key)).kinds[kind] += readers
    return list(found.values())


def periods(period: str, count: int, today: date) -> list[date]:
    """The first days of the last ``count`` weeks, months or years, the oldest first."""
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return [monday - timedelta(weeks=back) for back in reversed(range(count))]
    if period == "year":
        return [date(today.year - back, 1, 1) for back in reversed(range(count))]
    return [clock.month_of(today, -back) for back in reversed(range(count))]


def numbers_of(newsletters: list[Newsletter], span: str, today: date) -> dict[str, Any]:
    """Everything that the page shows of these newsletters."""
    _, period, count = SPANS[span]
    days = periods(period, count, today)
    moves = ReaderMove.objects.filter(newsletter__in=newsletters, on__gte=days[0])
    by_period = grouped(moves.by_period(period), of=days)[:count]  # nothing of the future
    by_newsletter = grouped(moves.by("newsletter"), of=[one.pk for one in newsletters])
    by_source = sorted(grouped(moves.by("source")), key=lambda row: (-row.came, row.of))
    readers = dict(
        ReaderCount.objects.filter(newsletter__in=newsletters)
        .values_list("newsletter")
        .annotate(total=Sum("readers"))
    )
    named = {one.pk: one for one in newsletters}
    return {
        "since": days[0],
        "periods": [(label(row.of, period), row) for row in reversed(by_period)],
        "newsletters": [(named[row.of], readers.get(row.of, 0), row) for row in by_newsletter],
        "sources": by_source,
        "readers": sum(readers.values()),
        "chart": chart(by_period, period),
    }


def label(day: date, period: str) -> str:
    return dateformat.format(day, DAY[period])


@dataclass(frozen=True)
class Bar:
    """A period in the drawing: who came above the line; who left, below them who fell
    silent, and who bounced."""

    x: float
    wide: float
    up: float
    left: float
    silent: float
    bounced: float
    line: float
    label: str
    tip: str

    @property
    def top(self) -> float:
        return round(self.line - self.up, 1)

    @property
    def below_left(self) -> float:
        return round(self.line + self.left, 1)

    @property
    def below_silent(self) -> float:
        return round(self.below_left + self.silent, 1)

    @property
    def middle(self) -> float:
        return round(self.x + self.wide / 2, 1)


def chart(rows: list[Moves], period: str) -> dict[str, Any]:
    """Bars up for who came, down for who went, on one scale."""
    most_came = max((row.came for row in rows), default=0)
    most_gone = max((row.gone for row in rows), default=0)
    scale = (HIGH - 2 * EDGE) / (most_came + most_gone or 1)
    line = round(EDGE + most_came * scale, 1)
    return {
        "width": WIDE,
        "height": HIGH,
        "line": line,
        "most_came": most_came,
        "most_gone": most_gone,
        "empty": not most_came + most_gone,
        "bars": list(_bars(rows, period, scale, line)),
    }


def _bars(rows: list[Moves], period: str, scale: float, line: float) -> Iterator[Bar]:
    step = (WIDE - 60) / max(len(rows), 1)
    for place, row in enumerate(rows):
        words = f"{label(row.of, period)}: {row.came:,} came, {row.left:,} left"
        yield Bar(
            x=round(60 + place * step + step * 0.1, 1),
            wide=round(step * 0.8, 1),
            up=round(max(row.came, 0) * scale, 1),
            left=round(max(row.left, 0) * scale, 1),
            silent=round(max(row.silent, 0) * scale, 1),
            bounced=round(max(row.bounced, 0) * scale, 1),
            line=line,
            label=label(row.of, period).rpartition(" 20")[0] or label(row.of, period),
            tip=f"{words}, {row.silent:,} fell silent, {row.bounced:,} bounced",
        )

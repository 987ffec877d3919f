"""Figures as charts, drawn here (newsroom/models/blocks/drawing.py), and the tables behind them."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import dropwhile
from typing import Any

from django.utils import dateformat, timezone

from donations import money
from donations.finance.numbers.figures import Cohort, Month, Part
from newsroom.models.blocks.drawing import Drawing, drawn
from newsroom.models.blocks.pasted import Pasted

MOST_BARS = 8
FEWEST_MONTHS = 2  # that are over


@dataclass(frozen=True)
class Chart:
    title: str
    drawing: Drawing
    rows: list[list[Any]] = field(default_factory=list)
    table_head: list[str] = field(default_factory=list)


def whole(amount: int, currency: str) -> Decimal:
    """Without cents: nobody reads them off a chart."""
    return money.units(amount, currency).quantize(Decimal(1))


def of_months(currency: str, months: list[Month]) -> Chart | None:
    """From the first with a contribution on; those that are over as a line, in the table the one
    that is not, too. None: there is no line yet."""
    months = list(dropwhile(lambda month: not month.gifts, months))
    if len(months) <= FEWEST_MONTHS:
        return None
    labels = [dateformat.format(timezone.localtime(month.begins), "M Y") for month in months]
    points: list[tuple[str, list[Decimal | None]]] = [
        (label, [whole(month.received, currency)])
        for label, month in zip(labels[:-1], months, strict=False)
    ]
    pasted = Pasted(["Month", currency.upper()], points, "")
    rows = [
        [label, f"{month.gifts:,}", money.show(month.received, currency)]
        for label, month in zip(labels, months, strict=True)
    ]
    return Chart(
        f"Received by month, {currency.upper()}",
        drawn(pasted, "line"),
        table_head=["Month", "Contributions", "Received"],
        rows=rows[::-1],
    )


def of_parts(title: str, currency: str, parts: list[Part]) -> Chart:
    """The largest as bars; all of them in the table."""
    shown = parts[:MOST_BARS]
    bars: list[tuple[str, list[Decimal | None]]] = [
        (part.label, [whole(part.received, currency)]) for part in shown
    ]
    if others := sum(part.received for part in parts[MOST_BARS:]):
        bars.append(("Others", [whole(others, currency)]))
    return Chart(
        f"{title}, {currency.upper()}",
        drawn(Pasted(["", currency.upper()], bars, ""), "bar"),
        table_head=["", "Contributions", "Received"],
        rows=[
            [part.label, f"{part.gifts:,}", money.show(part.received, currency)] for part in parts
        ],
    )


def of_retention(cohorts: list[Cohort]) -> Chart:
    """The share of all that still gives after so many months; in the table each month by itself."""
    points: list[tuple[str, list[Decimal | None]]] = [("0", [Decimal(100)])]
    for after in range(max(len(cohort.still) for cohort in cohorts)):
        old = [cohort for cohort in cohorts if len(cohort.still) > after]
        began = sum(cohort.began for cohort in old)
        left = sum(cohort.still[after] * cohort.began for cohort in old)
        points.append((str(after + 1), [Decimal(round(100 * left / began))]))
    months = max(len(cohort.still) for cohort in cohorts)
    return Chart(
        "Who still gives after so many months",
        drawn(Pasted(["Months", "%"], points, "%"), "line"),
        table_head=["Began in", "How many", *(str(after + 1) for after in range(months))],
        rows=[
            [
                dateformat.format(timezone.localtime(cohort.begins), "M Y"),
                f"{cohort.began:,}",
                *(f"{share:.0%}" for share in cohort.still),
                *[""] * (months - len(cohort.still)),
            ]
            for cohort in cohorts
        ],
    )

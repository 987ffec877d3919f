"""This month beside others, for the start page and the page of all numbers."""

from datetime import datetime
from typing import Any

from django.core.cache import cache

from donations import money
from donations.finance.numbers import figures

SECONDS = 600
# By the shape of what is kept: two versions may run at once.
KEY = f"finance received {'-'.join(figures.Month._fields)}"


def received(now: datetime) -> tuple[datetime, dict[str, list[figures.Month]]]:
    """Since when it is so, at most ten minutes ago, as it reads a year; and figures.received."""
    return cache.get_or_set(  # type: ignore[return-value]
        KEY, lambda: (now, figures.received(now)), SECONDS
    )


def change(now: int, before: int) -> str:
    """“+12 %”; "" when there is nothing to compare with."""
    return f"{100 * (now - before) / before:+.0f} %".replace("-", "−") if before else ""


def compared(months: dict[str, list[figures.Month]]) -> list[dict[str, Any]]:
    """Per currency: this month so far, the last and the same of last year until this day of it."""
    rows = []
    for currency, found in months.items():
        year_ago, last, this = found[0], found[-2], found[-1]
        rows.append(
            {
                "code": currency.upper(),
                "count": f"{this.gifts:,}",
                "this": money.show(this.received, currency),
                "last": money.show(last.so_far, currency),
                "last_whole": money.show(last.received, currency),
                "last_change": change(this.received, last.so_far),
                "year": money.show(year_ago.so_far, currency),
                "year_change": change(this.received, year_ago.so_far),
            }
        )
    return rows

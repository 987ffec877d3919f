"""Days and months of the newsroom."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.core import clock

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("day", "later", "first"),
    [
        (date(2026, 11, 27), 0, date(2026, 11, 1)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), -1, date(2025, 12, 1)),
        (date(2024, 2, 29), -12, date(2023, 2, 1)),
        (date(2026, 11, 27), 14, date(2028, 1, 1)),
    ],
)
def test_month_is_named_by_its_first_day(day: date, later: int, first: date) -> None:
    assert clock.month_of(day, later) == first


@given(DAYS)
def test_next_month_begins_when_this_one_is_over(day: date) -> None:
    first, after = clock.month_of(day), clock.month_of(day, 1)
    assert first <= day < after and first.day == after.day == 1
    assert (after - timedelta(days=1)).month == day.month
    assert clock.month_of(after, -1) == first


@given(DAYS, st.integers(-600, 600), st.integers(-600, 600))
def test_months_add_up(day: date, some: int, more: int) -> None:
    assert clock.month_of(clock.month_of(day, some), more) == clock.month_of(day, some + more)

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.models.asking import days

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
LATER = [one for one in days.BY_VALUE.values() if one.value != days.ARTICLES]


@pytest.mark.parametrize(
    ("choice", "today", "day"),
    [
        ("tomorrow", "2028-02-28", "2028-02-29"),
        ("tomorrow", "2027-02-28", "2027-03-01"),
        ("month", "2028-01-31", "2028-02-29"),
        ("month", "2027-01-30", "2027-02-28"),
        ("month", "2027-12-31", "2028-01-31"),
        ("payday-25", "2026-11-24", "2026-11-25"),
        ("payday-25", "2026-11-25", "2026-12-25"),
        ("payday-1", "2026-12-01", "2027-01-01"),
        ("month-12", "2026-11-27", "2026-12-01"),
        ("month-12", "2026-12-01", "2027-12-01"),
        ("month-2", "2028-02-29", "2029-02-01"),
    ],
)
def test_choice_is_a_day_of_the_calendar(choice: str, today: str, day: str) -> None:
    assert days.BY_VALUE[choice].day(date.fromisoformat(today)) == date.fromisoformat(day)


@given(
    st.sampled_from(LATER),
    st.sampled_from(days.ZONES),
    st.floats(0, 36 * 365 * 24 * 3600.0).map(lambda seconds: SINCE + timedelta(seconds=seconds)),
)
def test_reminder_comes_at_ten_on_a_later_day_within_a_year(choice, zone: str, now) -> None:
    day = choice.day(days.today_in(zone, now))
    due_at = days.at(day, zone)
    local = due_at.astimezone(ZoneInfo(zone))
    assert (local.date(), local.hour, local.minute) == (day, 10, 0)
    assert now < due_at < now + timedelta(days=368)


def test_year_after_the_29th_of_february_is_the_28th() -> None:
    assert days.year_after(date(2028, 2, 29)) == date(2029, 2, 28)


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ar", "fa", "de"])
def test_zones_are_named_in_the_readers_language(language: str) -> None:
    named = dict(days.zones(language))
    assert days.zone_of(language) in named and all(named.values())
    assert named["Europe/Moscow"] == {"ru": "Москва", "uk": "Москва", "de": "Moskau"}.get(
        language, named["Europe/Moscow"]
    )

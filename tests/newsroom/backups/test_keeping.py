"""Which backups stay."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies

from newsroom.backups.keeping import DAYS, MONTHS, WEEKS, kept

moments = strategies.datetimes(timezones=strategies.just(UTC))


@given(strategies.sets(moments, min_size=1, max_size=60))
def test_newest_stays_and_who_stays_stays(made: set[datetime]) -> None:
    stay = kept(made)
    assert max(made) in stay <= made
    assert len(stay) <= DAYS + WEEKS + MONTHS
    assert kept(stay) == stay


def test_one_each_night_leaves_a_week_of_days_a_month_of_weeks_and_a_year_of_months() -> None:
    there: set[datetime] = set()
    for night in range(800):
        there.add(datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=night))
        there = kept(there)
    newest = max(there)
    assert {newest - timedelta(days=days) for days in range(DAYS)} <= there
    assert len({moment.isocalendar()[:2] for moment in there}) >= WEEKS
    assert len({(moment.year, moment.month) for moment in there}) == MONTHS

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.models import Holiday, Newsletter

pytestmark = pytest.mark.django_db  # Wagtail looks a page's type up

YEARS = datetime(2020, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001  hypothesis adds the zone
FRIDAY_NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def weekly(**fields: object) -> Newsletter:
    return Newsletter(**({"title": "The Weekly", "slug": "weekly"} | fields))


def test_next_hour_is_the_coming_friday_at_nine_in_berlin() -> None:
    sent = weekly().next_send_at(datetime(2026, 11, 24, 20, tzinfo=UTC))
    assert sent.isoformat() == "2026-11-27T09:00:00+01:00"


def test_after_fridays_hour_comes_the_next_week() -> None:
    assert weekly().next_send_at(FRIDAY_NOON).date().isoformat() == "2026-12-04"


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        (datetime(2026, 3, 28, tzinfo=UTC), "2026-04-03T09:00:00+02:00"),  # clocks went forward
        (datetime(2026, 10, 24, tzinfo=UTC), "2026-10-30T09:00:00+01:00"),  # and back
    ],
)
def test_wall_clock_hour_is_kept_across_daylight_saving(before: datetime, sent: str) -> None:
    assert weekly().next_send_at(before).isoformat() == sent


def test_hour_that_the_clocks_jump_over_is_still_one_moment() -> None:
    newsletter = weekly(weekday=6, send_time=time(2, 30))
    sent = newsletter.next_send_at(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert sent.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(*YEARS, timezones=st.just(UTC)),
    st.integers(0, 6),
    st.times().map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_next_hour_is_on_the_right_day_later_and_within_a_week(now, weekday, at, zone) -> None:
    newsletter = weekly(weekday=weekday, send_time=at, time_zone=zone)
    sent = newsletter.next_send_at(now)
    assert sent.weekday() == weekday
    assert now < sent.astimezone(UTC) + timedelta(hours=1)
    assert sent.astimezone(UTC) - now <= timedelta(days=7, hours=1)
    assert newsletter.drafting_starts_at(sent).astimezone(ZoneInfo(zone)).weekday() == 2


def test_week_off_is_skipped(site) -> None:
    before = site.newsletter.next_send_at(FRIDAY_NOON)
    off = Holiday(starts_on=before.date(), ends_on=before.date() + timedelta(days=8))
    site.newsletter.holidays.add(off)
    assert site.newsletter.next_send_at(FRIDAY_NOON) == before + timedelta(days=14)


@pytest.mark.parametrize(
    ("starts", "ends"), [("2026-12-24", "2026-12-23"), ("2026-01-01", "2027-06-01")]
)
def test_holiday_that_cannot_be_is_refused(site, starts: str, ends: str) -> None:
    off = Holiday(
        newsletter=site.newsletter,
        starts_on=datetime.fromisoformat(starts).date(),
        ends_on=datetime.fromisoformat(ends).date(),
    )
    with pytest.raises(ValidationError):
        off.full_clean()


def test_newsletter_without_a_day_has_no_next_hour(site) -> None:
    site.newsletter.weekday = None
    with pytest.raises(ValueError, match="no fixed day"):
        site.newsletter.next_send_at(FRIDAY_NOON)

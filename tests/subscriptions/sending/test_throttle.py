"""The provider's bucket: `now` is passed in, so an hour takes no time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.models import Mailing, Throttle
from subscriptions.models.throttle import tomorrow
from tests.factories import make_article, make_frozen, make_issue, make_subscription
from tests.sending import send_all

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def bucket(**fields) -> Throttle:
    """In memory only."""
    throttle = Throttle(provider="x", filled_at=NOON, watched_from=NOON, **fields)
    throttle.save = lambda **kwargs: None
    return throttle


def sent(throttle: Throttle, seconds: float, batch: int, step: float = 0.1) -> int:
    """Readers sent to when a worker asks every ``step`` seconds."""
    asked = (NOON + timedelta(seconds=step * number) for number in range(int(seconds / step)))
    return sum(batch for now in asked if throttle.take(batch, now))


def test_without_a_limit_nothing_is_held_back() -> None:
    assert sent(bucket(), 10, 1000) == 100_000


@given(rate=st.integers(1, 2000), batch=st.integers(1, 1000))
def test_rate_holds_whatever_the_size_of_a_batch(rate: int, batch: int) -> None:
    total = sent(bucket(most_per_second=rate, tokens=1), 120, batch)
    assert total <= rate * 120 + batch + 1
    assert total >= min(rate, batch * 9) * 120 * 0.85 - 2 * batch - 2 * rate


def test_too_many_requests_halves_the_observed_rate_which_recovers() -> None:
    throttle = bucket()
    sent(throttle, 5, 100)  # 1,000 a second
    now = NOON + timedelta(seconds=5)
    throttle.slow_down(now, timedelta(seconds=30))
    assert throttle.rate == pytest.approx(500, rel=0.05)
    assert not throttle.take(100, now + timedelta(seconds=29))
    assert throttle.take(100, now + timedelta(seconds=31))
    assert throttle.rate_at(now + timedelta(minutes=1)) == pytest.approx(550, rel=0.05)
    assert throttle.rate_at(now + timedelta(minutes=10)) is None


def test_answers_to_calls_made_before_do_not_halve_it_again() -> None:
    throttle = bucket(most_per_second=100)
    for _ in range(5):
        throttle.slow_down(NOON, timedelta(seconds=10))
    assert throttle.rate == 50


def test_clock_that_is_set_back_earns_nothing_and_stops_nothing() -> None:
    throttle = bucket(most_per_second=10, tokens=10)
    assert throttle.take(10, NOON)
    assert not throttle.take(10, NOON - timedelta(hours=1))
    assert throttle.take(10, NOON - timedelta(hours=1) + timedelta(seconds=2))


@pytest.mark.parametrize(
    ("day", "share"), [(0, 200), (1, 237), (20, 5814), (41, 200_000), (42, None), (400, None)]
)
def test_warm_up_plan_grows_from_200_to_200_000_in_six_weeks(day: int, share) -> None:
    throttle = bucket(warm_up_from=date(2026, 11, 1))
    assert throttle.share_of(date(2026, 11, 1) + timedelta(days=day)) == share


@pytest.mark.django_db
def test_first_day_of_a_new_sender_sends_its_share_and_the_rest_tomorrow(
    site, inbox, monkeypatch
) -> None:
    for _ in range(7):
        make_subscription(site.newsletter)
    monkeypatch.setattr("subscriptions.models.throttle.FIRST_DAY", 3)
    now = timezone.now()
    Throttle.objects.create(provider="mailgun", warm_up_from=now.astimezone(UTC).date())
    issue = make_issue(site.newsletter, [make_article(site.section)])
    mailing = make_frozen(issue)
    send_all()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.progress()["accepted"]) == ("sending", 3)
    assert "warm-up" in mailing.problem
    assert mailing.not_after == tomorrow(now) + mailing.newsletter.grace
    assert not Mailing.objects.filter(status="paused").exists()
    Throttle.objects.update(day=date(2026, 1, 1), closed_until=None, warm_up_from=date(2026, 1, 1))
    send_all()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.progress()["accepted"]) == ("sent", 7)

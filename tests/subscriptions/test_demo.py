"""The demo's issues, on whatever day it begins."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.demo.articles import STORIES
from subscriptions import demo
from subscriptions.models import Newsletter

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1500)).map(lambda passed: BEGIN + passed)


@given(MOMENTS)
def test_the_draft_is_full_and_there_is_time_to_look_at_it(now: datetime) -> None:
    last, coming = demo.two_issues(Newsletter(), now)
    fresh = Counter(story.section for story in STORIES if now - timedelta(story.days_ago) > last)
    for _, section, most in demo.RULES:
        assert not section or fresh[section] >= most
    assert sum(fresh.values()) >= sum(most for _, _, most in demo.RULES)
    assert coming - now > timedelta(hours=1)


@given(MOMENTS)
def test_the_last_issue_has_stories_of_the_week_before_it(now: datetime) -> None:
    last, _ = demo.two_issues(Newsletter(), now)
    week = [last - timedelta(7) < now - timedelta(story.days_ago) <= last for story in STORIES]
    assert last < now and sum(week) >= 3

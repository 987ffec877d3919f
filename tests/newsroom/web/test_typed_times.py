"""Times typed into a form, in every night of the year."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.forms import DateTimeField
from wagtail.blocks import DateTimeBlock


@pytest.mark.parametrize("field", [DateTimeField(), DateTimeBlock().field])
def test_an_hour_that_comes_twice_is_its_first(field: Any) -> None:
    for month, day in ((10, 25), (7, 1)):
        moment = field.clean(f"2026-{month:02}-{day:02} 02:30").astimezone(UTC)
        assert moment == datetime(2026, month, day, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2027-03-28 02:30", "There is no 02:30 on that day"),
        ("0001-01-01 00:00", "from 1900 to 2199"),
        ("9999-12-31 23:59", "from 1900 to 2199"),
    ],
)
def test_a_time_that_there_is_not_is_refused(typed: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DateTimeField().clean(typed)

"""A day and an hour that somebody types are the newsroom's own, also in the nights when the clocks
are changed.

In place of Django's ``from_current_timezone``. That refuses the hour which autumn has twice: what
was published in it could never be saved again. It takes the year 1, which in UTC is the one before
and comes back from no database.
"""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.forms import fields
from django.utils import timezone

from newsroom.core.clock import FIRST, LAST


def by_our_clock(typed: datetime | None) -> datetime | None:
    """Of an hour that comes twice, the first. Raises ValidationError."""
    if typed is None or timezone.is_aware(typed):
        return typed
    if not FIRST <= typed.date() < LAST:
        raise ValidationError(f"Choose a year from {FIRST.year} to {LAST.year - 1}.", code="year")
    moment = timezone.make_aware(typed)
    if timezone.make_naive(moment.astimezone(UTC)) != typed:
        words = f"There is no {typed:%H:%M} on that day: the clocks go forward. Choose another."
        raise ValidationError(words, code="no_such_hour")
    return moment


def install() -> None:
    """Once, before any form is read."""
    fields.from_current_timezone = by_our_clock  # type: ignore[attr-defined]

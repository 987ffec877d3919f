"""The day on which a newsletter comes, and a sentence about it."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


RHYTHM: dict[int | None, Any] = {
    None: _("It comes when there is something to tell."),
    Weekday.MONDAY: _("It comes every Monday."),
    Weekday.TUESDAY: _("It comes every Tuesday."),
    Weekday.WEDNESDAY: _("It comes every Wednesday."),
    Weekday.THURSDAY: _("It comes every Thursday."),
    Weekday.FRIDAY: _("It comes every Friday."),
    Weekday.SATURDAY: _("It comes every Saturday."),
    Weekday.SUNDAY: _("It comes every Sunday."),
}

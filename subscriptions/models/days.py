"""The day on which a newsletter comes, a sentence about it, and the days on which it does not."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Orderable


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


class Holiday(Orderable):
    """Days on which no issue goes out: that week is skipped."""

    newsletter = ParentalKey("Newsletter", on_delete=models.CASCADE, related_name="holidays")
    starts_on = models.DateField(verbose_name="first day")
    ends_on = models.DateField(verbose_name="last day")
    why = models.CharField(max_length=60, blank=True)

    panels = [
        FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on"), FieldPanel("why")]),
    ]

    class Meta(Orderable.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="holiday_ends_after_it_begins"
            )
        ]

    def clean(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": "It ends before it begins."})
        if self.starts_on and self.ends_on and self.ends_on - self.starts_on > timedelta(days=366):
            raise ValidationError(
                {"ends_on": "More than a year: unpublish the newsletter instead."}
            )

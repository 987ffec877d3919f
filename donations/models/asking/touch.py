"""What the newsroom writes to supporters by itself: all of it is off until somebody turns it on."""

from django.core.validators import MaxValueValidator
from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


@register_setting(icon="mail")
class KeepInTouch(BaseGenericSetting):
    anniversaries = models.BooleanField(
        default=False,
        help_text="Thank who gives regularly, each year on the day on which they began. It asks "
        "for nothing.",
    )
    win_back_after = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(104)],
        verbose_name="win back after",
        help_text="So many weeks after a regular contribution has ended we ask once whether they "
        "would like to go on. 0: never. Nobody is asked who gives again, said “no” or “later”, "
        "cancelled on their own page, which asks when we may, or must get no mail.",
    )

    panels = [FieldPanel("anniversaries"), FieldPanel("win_back_after")]

    class Meta:
        verbose_name = "keeping in touch"

    def __str__(self) -> str:
        return "keeping in touch"

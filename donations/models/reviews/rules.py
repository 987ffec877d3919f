"""When something has to be looked at, and when by two people."""

from django.core.validators import MinValueValidator
from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


@register_setting(icon="warning")
class ReviewRules(BaseGenericSetting):
    """Amounts are in dollars, or about as much in another currency (donations/money.py, worth)."""

    two_people_above = models.PositiveIntegerField(
        default=100,
        help_text="Who decides about more than this needs a second person: a review of so much, "
        "what goes back of one contribution, or what one officer has given back within a day.",
    )
    large_from = models.PositiveIntegerField(
        default=0,
        help_text="A contribution of so much is looked at. 0: by your own history, see below.",
    )
    large_times = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1)],
        help_text="So many times what 995 of 1,000 contributions of the last year stayed below, "
        "in the same currency …",
    )
    large_floor = models.PositiveIntegerField(default=500, help_text="… and never less than this.")
    many_small = models.PositiveSmallIntegerField(
        default=10,
        help_text="So many small contributions from one network within a day are looked at. 0: "
        "never.",
    )
    small_up_to = models.PositiveIntegerField(default=10, help_text="Small is up to this.")

    panels = [
        FieldPanel("two_people_above"),
        MultiFieldPanel(
            [FieldPanel("large_from"), FieldPanel("large_times"), FieldPanel("large_floor")],
            "Unusually large",
        ),
        MultiFieldPanel([FieldPanel("many_small"), FieldPanel("small_up_to")], "Many small ones"),
    ]

    class Meta:
        verbose_name = "rules of review"

    def __str__(self) -> str:
        return "rules of review"

"""The welcome series of a newsletter."""

from django.core.validators import MinValueValidator
from django.db import models
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable

from subscriptions.models.blocks import LETTER_FEATURES
from subscriptions.models.newsletter import Newsletter


class WelcomeMail(Orderable):
    """One mail of the series that a new reader gets, some days after they confirmed."""

    newsletter = ParentalKey(Newsletter, on_delete=models.CASCADE, related_name="welcomes")
    after_days = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1)], help_text="Days after they confirmed."
    )
    subject = models.CharField(max_length=150)
    body = RichTextField(features=LETTER_FEATURES)

    panels = [
        FieldRowPanel([FieldPanel("after_days"), FieldPanel("subject")]),
        FieldPanel("body"),
    ]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "after_days"], name="one_welcome_a_day")
        ]

"""Mistakes owned up to."""

from django.db import models
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel
from wagtail.models import Orderable

from newsroom.models.addressed import readable


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def in_print(self) -> "CorrectionQuerySet":
        """Of articles that readers may open, the latest first, with their article."""
        found: CorrectionQuerySet = readable(self, of="article__").select_related("article")
        return found.order_by("-corrected_on", "-pk")


class Correction(Orderable):
    """With its date; shown at the end of the article for good."""

    article = ParentalKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="corrections"
    )
    corrected_on = models.DateField()
    text = models.CharField(max_length=500)

    objects = CorrectionQuerySet.as_manager()

    panels = [FieldPanel("corrected_on"), FieldPanel("text")]

    class Meta(Orderable.Meta):
        indexes = [models.Index(fields=["corrected_on"], name="corrections_latest_first")]

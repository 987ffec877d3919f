"""What hangs on an article: who signs it, its topics, what editors chose to stand below it,
mistakes owned up to."""

from django.db import models
from django.utils import timezone
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel
from wagtail.models import Orderable

from newsroom.models.addressed import readable


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items"
    )


class ArticleByline(Orderable):
    article = ParentalKey("newsroom.ArticlePage", on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey("newsroom.Author", on_delete=models.PROTECT, related_name="+")

    panels = [FieldPanel("author")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["article", "author"], name="author_signs_once")
        ]


class RelatedArticle(Orderable):
    source = ParentalKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="related_articles"
    )
    article = models.ForeignKey("newsroom.ArticlePage", on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("article")]


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
    corrected_on = models.DateField(default=timezone.localdate)
    text = models.CharField(max_length=500)

    objects = CorrectionQuerySet.as_manager()

    panels = [FieldPanel("corrected_on"), FieldPanel("text")]

    class Meta(Orderable.Meta):
        indexes = [models.Index(fields=["corrected_on"], name="corrections_latest_first")]

from typing import Any

from django.db import models
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.search import index
from wagtail.snippets.models import register_snippet

from newsroom.models.author import LONGEST_SLUG


@register_snippet
class Series(index.Indexed, models.Model):  # type: ignore[django-manager-missing]
    """Articles that belong together, in an order; each says on its own page which part it is."""

    title = models.CharField(max_length=150)
    slug = models.SlugField(
        max_length=LONGEST_SLUG,
        allow_unicode=True,
        unique=True,
        help_text="The last part of the address of its page.",
    )
    introduction = models.TextField(max_length=600, blank=True)

    panels = [TitleFieldPanel("title"), FieldPanel("slug"), FieldPanel("introduction")]
    search_fields = [index.SearchField("title"), index.AutocompleteField("title")]

    class Meta:
        ordering = ["title"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title

    def parts(self) -> Any:
        """Its articles that are in print, the first part first."""
        return self.articles.parts()  # type: ignore[attr-defined]

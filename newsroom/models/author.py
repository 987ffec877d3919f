from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.search import index
from wagtail.snippets.models import register_snippet


@register_snippet
class Author(index.Indexed, models.Model):
    """Somebody who signs articles, or a pen name: under repression many write under one."""

    name = models.CharField(max_length=120, unique=True)
    role = models.CharField(max_length=120, blank=True, help_text="For example “Economy editor”.")

    panels = [FieldPanel("name"), FieldPanel("role")]
    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

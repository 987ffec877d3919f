import itertools
from typing import Any

from django.db import models
from django.utils.text import slugify
from wagtail.admin.panels import FieldPanel
from wagtail.search import index
from wagtail.snippets.models import register_snippet

LONGEST_SLUG = 100  # characters


@register_snippet
class Author(index.Indexed, models.Model):
    """Somebody who signs articles, or a pen name: under repression many write under one."""

    name = models.CharField(max_length=120, unique=True)
    role = models.CharField(max_length=120, blank=True, help_text="For example “Economy editor”.")
    slug = models.SlugField(
        max_length=LONGEST_SLUG,
        allow_unicode=True,
        unique=True,
        blank=True,
        help_text="The last part of the address of their page. Empty: made of the name. It stays "
        "when the name changes. To hide a former name, change it, too: the old address is gone "
        "then.",
    )

    panels = [FieldPanel("name"), FieldPanel("role"), FieldPanel("slug")]
    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or self.free_slug()
        super().save(*args, **kwargs)

    def free_slug(self) -> str:
        """Of the name; “author” where it has no letters. With a number, if another one has it."""
        start = slugify(self.name, allow_unicode=True)[: LONGEST_SLUG - 10].strip("-_") or "author"
        taken = set(Author.objects.filter(slug__startswith=start).values_list("slug", flat=True))
        numbered = (f"{start}-{number}" for number in itertools.count(2))
        return next(slug for slug in itertools.chain([start], numbered) if slug not in taken)

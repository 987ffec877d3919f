"""Countries where giving to us is dangerous; an appeal may be closed there."""

from django.core.validators import RegexValidator
from django.db import models
from wagtail.admin.panels import FieldPanel, FieldRowPanel


class CountryQuerySet(models.QuerySet["Country"]):
    def named(self, code: str) -> "Country | None":
        """The one with that code, in whatever case it was typed."""
        known = len(code) == 2 and code.isascii() and code.isalpha()
        return self.filter(code=code.upper()).first() if known else None


class Country(models.Model):
    """A country where giving to us is dangerous: what its readers are told before they give.

    Readers say themselves which country they are in, if they want to; nobody looks it up.
    """

    code = models.CharField(
        max_length=2,
        unique=True,
        validators=[RegexValidator("^[A-Z]{2}$", "Two capital letters (ISO 3166), such as DE.")],
        help_text="Two capital letters (ISO 3166).",
    )
    name = models.CharField(max_length=60)
    warning = models.TextField(
        help_text="In plain words: what may happen to somebody who gives from there."
    )

    objects = CountryQuerySet.as_manager()

    panels = [
        FieldRowPanel([FieldPanel("name"), FieldPanel("code")]),
        FieldPanel("warning"),
    ]

    class Meta:
        ordering = ["name"]
        verbose_name = "country with a warning"
        verbose_name_plural = "countries with a warning"

    def __str__(self) -> str:
        return self.name

"""The pages around the articles: front page, sections, plain texts, the privacy policy."""

from typing import Any

from django.core.paginator import Page as PaginatedPage
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index

from .addressed import AddressedPage
from .article import ArticlePage

ARTICLES_A_PAGE = 12
SECTION_ROW = 4  # articles of each section on the front page


class HomePage(Page):
    """The front page: a lead story, the newest, then a row of each section."""

    lead_article = models.ForeignKey(
        "newsroom.ArticlePage",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Stands on top. Empty: the newest article.",
    )

    template = "newsroom/publishing/home.html"
    content_panels = [*Page.content_panels, FieldPanel("lead_article")]
    parent_page_types = ["wagtailcore.Page"]
    max_count = 1

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        newest = list(ArticlePage.objects.in_print()[:9])
        lead = self.lead_article if self.lead_article and self.lead_article.live else None
        if lead:
            lead = ArticlePage.objects.in_print().filter(pk=lead.pk).first()
        lead = lead or (newest[0] if newest else None)
        context["lead"] = lead
        context["newest"] = [article for article in newest if article != lead][:8]
        context["sections"] = ArticlePage.objects.exclude(pk=lead and lead.pk).newest_by_section(
            SECTION_ROW
        )
        return context


class SectionPage(AddressedPage):
    """One part of the paper ("Politics"), listing its articles newest first."""

    introduction = models.CharField(max_length=250, blank=True)

    template = "newsroom/publishing/section.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types = ["newsroom.ArticlePage"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["articles"] = page_of(ArticlePage.objects.in_print().child_of(self), request)
        return context


class TextPage(AddressedPage):
    """A plain page: about us, contact, terms."""

    body = RichTextField(features=["h2", "h3", "bold", "italic", "link", "ol", "ul"])

    template = "newsroom/publishing/text.html"
    content_panels = [*Page.content_panels, FieldPanel("body")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types: list[str] = []
    search_fields = [*Page.search_fields, index.SearchField("body")]


class PolicyPage(TextPage):
    """The privacy policy. Each consent records the version that the reader saw."""

    version = models.CharField(
        max_length=20, help_text="Raise it with every change of meaning, for example “2026-11”."
    )

    template = "newsroom/publishing/text.html"
    content_panels = [*TextPage.content_panels, FieldPanel("version")]
    max_count = 1

    class Meta:
        verbose_name = "privacy policy"

    @classmethod
    def current(cls) -> "PolicyPage | None":
        return cls.objects.live().first()


def page_of(articles: Any, request: HttpRequest) -> PaginatedPage[ArticlePage]:
    """The page of results asked for by ``?page=``; nonsense gets the nearest real page."""
    return Paginator(articles, ARTICLES_A_PAGE).get_page(request.GET.get("page"))

"""The pages around the articles: front page, sections, plain texts, the privacy policy."""

from datetime import UTC, datetime
from typing import Any

from django.core.paginator import Page as PaginatedPage
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index
from wagtail.url_routing import RouteResult

from newsroom.kept_pages import noting

from .addressed import AddressedPage
from .article import ArticlePage
from .article.approval import SectionRights

ARTICLES_A_PAGE = 12
NEWEST = 5  # articles beside the lead on the front page
NEVER = datetime.min.replace(tzinfo=UTC)
SECTION_ROW = 4  # articles of each section there


class HomePage(AddressedPage):
    """The front page: a lead story, the newest, then a row of each section."""

    lead_article = models.ForeignKey(
        "newsroom.ArticlePage",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Stands on top. Empty: the newest article.",
    )

    addresses_under = None  # its own is “/”, whatever its slug
    template = "newsroom/publishing/home.html"
    content_panels = [*Page.content_panels, FieldPanel("lead_article")]
    parent_page_types = ["wagtailcore.Page"]
    max_count = 1

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        rows = ArticlePage.objects.newest_by_section(SECTION_ROW + NEWEST + 1)
        newest = sorted(
            (article for _, articles in rows for article in articles),
            key=lambda article: (article.published_at or NEVER, article.pk),
            reverse=True,
        )
        lead = self.lead_in_print() or next(iter(newest), None)
        beside = [article for article in newest if article != lead][:NEWEST]
        on_top = {lead, *beside}
        below = [
            (section, [one for one in articles if one not in on_top]) for section, articles in rows
        ]
        return context | {
            "lead": lead,
            "newest": beside,
            "sections": [
                (section, articles[:SECTION_ROW]) for section, articles in below if articles
            ],
        }

    def route(self, request: HttpRequest, path_components: list[str]) -> Any:
        """By the whole address; Wagtail asks for each page on the way, twice."""
        if not path_components:
            return super().route(request, path_components)
        address = f"{self.url_path}{'/'.join(path_components)}/"
        for model in (ArticlePage, Page):
            found = model.objects.live().filter(slug=path_components[-1], url_path=address).first()
            if found:
                return RouteResult(found.specific)
        raise Http404

    def lists_on_it(self) -> list[str]:
        return [noting.NEWEST]

    def lead_in_print(self) -> ArticlePage | None:
        """What the editors chose to stand on top, if readers may see it."""
        if self.lead_article_id is None:
            return None
        noting.shows([self.lead_article_id])  # when it is out
        return ArticlePage.objects.in_print().filter(pk=self.lead_article_id).first()


class SectionPage(AddressedPage):
    """One part of the paper ("Politics"), listing its articles newest first."""

    introduction = models.CharField(max_length=250, blank=True)

    rights = SectionRights
    is_approved = True  # so are the articles that are made in it
    show_in_menus_default = True
    template = "newsroom/publishing/section.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types = ["newsroom.ArticlePage"]

    def lists_on_it(self) -> list[str]:
        return [f"section:{self.path}"]

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

    @staticmethod
    @noting.remembered
    def current() -> "PolicyPage | None":
        return PolicyPage.objects.live().first()


def page_of(articles: Any, request: HttpRequest) -> PaginatedPage[ArticlePage]:
    """The page of results asked for by ``?page=``; nonsense gets the nearest real page."""
    found = Paginator(articles, ARTICLES_A_PAGE).get_page(request.GET.get("page"))
    noting.paged(found.paginator.num_pages)
    return found

"""The pages around the articles: front page, sections, plain texts, the privacy policy."""

from typing import Any

from django.core.paginator import Page as PaginatedPage
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index
from wagtail.url_routing import RouteResult

from newsroom.kept_pages import noting

from .addressed import AddressedPage, readable
from .article import ArticlePage
from .article.approval import SectionRights
from .front import Arrangement, filled, pinned, topics_of

ARTICLES_A_PAGE = 12


class HomePage(AddressedPage):
    """The front page, as editors have arranged it (front/); else the newest, then each section."""

    arrangement = StreamField(
        Arrangement(),
        blank=True,
        default=[("top", {}), ("sections", None)],
        help_text="From above. No article stands on the page twice.",
    )

    addresses_under = None  # its own is “/”, whatever its slug
    template = "newsroom/publishing/home.html"
    content_panels = [*Page.content_panels, FieldPanel("arrangement")]
    parent_page_types = ["wagtailcore.Page"]
    max_count = 1

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        rows = filled(self.arrangement.raw_data, sections_in_print())
        context |= {
            "rows": rows,
            "lead": next((row.articles[0] for row in rows if row.articles), None),
        }
        if getattr(request, "is_preview", False):
            context["waiting"] = self.waiting()
        return context

    def waiting(self) -> list[str]:
        """The titles of what is pinned, but not for readers: rules fill these places meanwhile."""
        pins = Page.objects.filter(pk__in=pinned(self.arrangement.raw_data))
        shown = readable(pins).values("pk")
        return [page.get_admin_display_title() for page in pins.exclude(pk__in=shown)]

    def route(self, request: HttpRequest, path_components: list[str]) -> Any:
        """By the whole address; Wagtail asks for each page on the way, twice."""
        if not path_components:
            return super().route(request, path_components)
        address = f"{self.url_path}{'/'.join(path_components)}/"
        # An article is always in a section, and the other pages are not.
        for model in (ArticlePage, Page) if len(path_components) > 1 else (Page,):
            found = model.objects.live().filter(slug=path_components[-1], url_path=address).first()
            if found:
                return RouteResult(found.specific)
        raise Http404

    def lists_on_it(self) -> list[str]:
        topics = topics_of(self.arrangement.raw_data)
        return [noting.NEWEST, noting.PICKS, *(f"topic:{topic}" for topic in topics)]


class SectionPage(AddressedPage):
    """One part of the paper ("Politics"), listing its articles newest first."""

    introduction = models.CharField(max_length=250, blank=True)
    may_ask = models.BooleanField(
        default=True,
        db_default=True,
        verbose_name="readers may be asked for support here",
        help_text="On the section’s page and on all its articles.",
    )

    rights = SectionRights
    is_approved = True  # so are the articles that are made in it
    show_in_menus_default = True
    template = "newsroom/publishing/section.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction"), FieldPanel("may_ask")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types = ["newsroom.ArticlePage"]

    def lists_on_it(self) -> list[str]:
        return [f"section:{self.path}"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        articles = ArticlePage.objects.in_print().child_of(self)
        all_below = readable(Page.objects.child_of(self))  # articles, and nothing else
        context["articles"] = page_of(articles, request, counted=all_below)
        return context


@noting.remembered
def quiet_sections() -> frozenset[str]:
    """The paths of those where nobody is asked for support."""
    return frozenset(SectionPage.objects.filter(may_ask=False).values_list("path", flat=True))


@noting.remembered
def sections_in_print() -> list[SectionPage]:
    """In the order of the paper."""
    return list(readable(SectionPage.objects).order_by("path"))


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


def page_of(articles: Any, request: HttpRequest, counted: Any = None) -> PaginatedPage[ArticlePage]:
    """The page of results asked for by ``?page=``; nonsense gets the nearest real page. ``counted``
    are as many, and quicker to count."""
    pages = Paginator(articles, ARTICLES_A_PAGE)
    if counted is not None:
        pages.count = counted.count()  # a cached property
    found = pages.get_page(request.GET.get("page"))
    noting.paged(found.paginator.num_pages)
    return found

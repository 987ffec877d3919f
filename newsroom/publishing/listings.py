"""Topics, authors and series: which of them have something in print, and the search over them."""

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from taggit.models import Tag
from wagtail.contrib.sitemaps import Sitemap as PageSitemap

from newsroom.models import ArticleByline, ArticlePage, ArticleTag, Author, Series, readable

MOST_FOUND = 8  # topics, and as many authors, that a search names


def topics() -> QuerySet[Tag]:
    """Those that readers can open: a tag is known to nobody before an article with it is out."""
    used = ArticleTag.objects.filter(
        tag=OuterRef("pk"), content_object__in=readable(ArticlePage.objects)
    )
    return Tag.objects.exclude(slug="").filter(Exists(used)).order_by("name")


def authors() -> QuerySet[Author]:
    """Those who have signed something that is out."""
    signed = ArticleByline.objects.filter(
        author=OuterRef("pk"), article__in=readable(ArticlePage.objects)
    )
    return Author.objects.filter(Exists(signed))


def series() -> QuerySet[Series]:
    """Those with a part that is out."""
    parts = readable(ArticlePage.objects).filter(series=OuterRef("pk"))
    return Series.objects.filter(Exists(parts))


def about(topic: Tag) -> Any:
    return ArticlePage.objects.in_print().filter(tagged_items__tag=topic)


def by(author: Author) -> Any:
    return ArticlePage.objects.in_print().filter(bylines__author=author)


def named(listed: QuerySet[Any], query: str) -> list[Any]:
    """Those with every word of the query in their name, in any order."""
    words = (Q(name__icontains=word) for word in query.split())
    return list(listed.filter(reduce(and_, words, Q()))[:MOST_FOUND])


class ListingSitemap(Sitemap):
    """The pages of these, beside Wagtail's own (sitemaps.org)."""

    protocol = urlsplit(settings.BASE_URL).scheme

    def __init__(self, name: str, listed: Callable[[], Any]) -> None:
        self.name, self.listed = name, listed

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.BASE_URL).netloc

    def items(self) -> Any:
        return self.listed().order_by("pk")

    def location(self, item: Any) -> str:
        return reverse(self.name, args=[item.slug])


class ArchiveSitemap(ListingSitemap):
    """A page of each month, and the one that lists them."""

    def __init__(self) -> None:
        super().__init__("archive_month", ArticlePage.objects.months)

    def items(self) -> Any:
        return [None, *self.listed()]

    def location(self, item: datetime | None) -> str:
        return reverse(self.name, args=[f"{item:%Y}", f"{item:%m}"]) if item else reverse("archive")


SITEMAPS = {
    "pages": PageSitemap,
    "topics": ListingSitemap("topic", topics),
    "authors": ListingSitemap("author", authors),
    "series": ListingSitemap("series", series),
    "archive": ArchiveSitemap(),
}

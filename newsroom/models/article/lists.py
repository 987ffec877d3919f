"""Which articles, in which order."""

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import OuterRef, Prefetch, Subquery, Sum
from django.db.models.functions import Coalesce
from wagtail.models import Page, PageManager, PageQuerySet

from newsroom.models.addressed import readable
from newsroom.models.reads import DailyReads

if TYPE_CHECKING:
    from .page import ArticlePage


def authors() -> Prefetch:
    """The bylines of articles with their authors, in one query."""
    bylines = apps.get_model("newsroom", "ArticleByline").objects  # page.py imports this module
    return Prefetch("bylines", bylines.select_related("author"))


class ArticleQuerySet(PageQuerySet):
    def in_print(self) -> "ArticleQuerySet":
        """What readers may open, as teasers. Not by ``readable``: Wagtail's search, which goes on
        from here, takes no subquery."""
        return self.live().public().as_teasers()

    def as_teasers(self) -> "ArticleQuerySet":
        """Newest first, with all that a teaser shows."""
        return (
            self.order_by("-published_at", "-pk")
            .select_related("lead_image")
            .prefetch_related(authors(), "lead_image__renditions")
            .defer_streamfields()
        )

    def parts(self) -> "ArticleQuerySet":
        """Of a series those in print, in their order."""
        return self.in_print().order_by("series_part", "published_at", "pk")

    def published_between(self, begins: datetime, ends: datetime) -> "ArticleQuerySet":
        """With what a newsletter ranks them by: editors' picks, then how often each was read in
        that time, then the newest."""
        reads = (
            DailyReads.objects.filter(article=OuterRef("pk"), on__gte=begins.date())
            .order_by()
            .values("article")
            .annotate(all=Sum("count"))
            .values("all")
        )
        return (
            readable(self)
            .filter(published_at__range=(begins, ends))
            .annotate(reads=Coalesce(Subquery(reads), 0))
            .order_by("-pick", "-reads", "-published_at")
        )

    def newest_by_section(self, count: int) -> list[tuple[Page, list["ArticlePage"]]]:
        """Each section that has any with its newest ``count`` articles, in paper order: three
        queries. One for each section in one, since a rank of all would read all."""
        sections = list(
            readable(apps.get_model("newsroom", "SectionPage").objects).order_by("path")
        )
        newest_first = readable(self).order_by("-published_at", "-pk").values_list("pk", flat=True)
        newest = [newest_first.child_of(section)[:count] for section in sections]
        wanted = list(newest[0].union(*newest[1:], all=True)) if newest else []
        by_path: dict[str, list[ArticlePage]] = defaultdict(list)
        for article in self.as_teasers().filter(pk__in=wanted):
            by_path[article.path[: -Page.steplen]].append(article)
        return [(section, by_path[section.path]) for section in sections if section.path in by_path]


ArticleManager = PageManager.from_queryset(ArticleQuerySet)

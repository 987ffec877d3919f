"""Which articles, in which order."""

from datetime import datetime

from django.apps import apps
from django.db import connection
from django.db.models import OuterRef, Prefetch, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone
from wagtail.models import Page, PageManager, PageQuerySet

from newsroom.core import clock
from newsroom.models.addressed import OF_DRAFTS, all_are_public, readable
from newsroom.models.reads import DailyReads

# With those of drafts two fifths of all columns.
NOT_ON_TEASERS = [
    *OF_DRAFTS & {field.name for field in Page._meta.concrete_fields},
    *("expired", "live_revision", "translation_key", "alias_of", "owner", "show_in_menus"),
    *("seo_title", "caption", "wire_credit", "card_title"),
]


def authors() -> Prefetch:
    """The bylines of articles with their authors, in one query."""
    bylines = apps.get_model("newsroom", "ArticleByline").objects  # page.py imports this module
    return Prefetch("bylines", bylines.select_related("author"))


class ArticleQuerySet(PageQuerySet):
    def in_print(self) -> "ArticleQuerySet":
        """What readers may open, as teasers. Not by ``readable``: Wagtail's search, which goes on
        from here, takes no subquery."""
        live: ArticleQuerySet = self.live()
        return (live if all_are_public() else live.public()).as_teasers()

    def as_teasers(self) -> "ArticleQuerySet":
        """Newest first, with all that a teaser shows."""
        return (
            self.order_by("-published_at", "-pk")
            .select_related("lead_image")
            .prefetch_related(authors(), "lead_image__renditions")
            .defer_streamfields()
            .defer(*NOT_ON_TEASERS)
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

    def months(self) -> list[datetime]:
        """The beginnings of those with something in print, the latest first. Each is found behind
        the one before, by the index (PostgreSQL wiki: “Loose indexscan”)."""
        newest = readable(self).order_by("-published_at").values("published_at")[:1]
        begin = RawSQL("date_trunc('month', found.at, %s)", [timezone.get_current_timezone_name()])
        before = readable(self).filter(published_at__lt=begin).order_by("-published_at")
        before = before.values("published_at")[:1]
        first, then = (one.query.sql_with_params() for one in (newest, before))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH RECURSIVE found(at) AS (({first[0]}) UNION ALL SELECT ({then[0]}) "
                "FROM found WHERE at IS NOT NULL) SELECT at FROM found WHERE at IS NOT NULL",
                [*first[1], *then[1]],
            )
            return [clock.begin_of(timezone.localdate(at).replace(day=1)) for (at,) in cursor]


ArticleManager = PageManager.from_queryset(ArticleQuerySet)

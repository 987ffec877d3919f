"""How often each article was opened on a day, by nobody in particular."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery, Sum
from django.utils import timezone

WEEK = timedelta(days=7)
# Fewer say nothing, or too much of the few who read: an article is not “most read” then.
FEWEST_READS, FEWEST_ARTICLES = 10, 3
LEADING = 300  # articles


class ReadsQuerySet(models.QuerySet["DailyReads"]):
    def most_read(self, articles: Any) -> Any:
        """Of these the most read of the last week, as a query for their numbers: among those that
        lead the whole paper, so it costs the same however many articles there are."""
        week = self.filter(on__gt=timezone.localdate() - WEEK).order_by()
        read = week.values("article").annotate(all=Sum("count")).filter(all__gte=FEWEST_READS)
        leading = read.order_by("-all", "-article").values("article")[:LEADING]
        of_one = week.filter(article=OuterRef("pk")).values("article").annotate(all=Sum("count"))
        found = articles.filter(pk__in=leading).annotate(reads=Subquery(of_one.values("all")))
        return found.order_by("-reads", "-pk").values("pk")


class DailyReads(models.Model):
    article = models.ForeignKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="daily_reads"
    )
    on = models.DateField()
    count = models.PositiveIntegerField()

    objects = ReadsQuerySet.as_manager()

    class Meta:
        indexes = [
            # A week is read from it alone.
            models.Index(fields=["on"], include=["article", "count"], name="reads_of_a_day")
        ]
        constraints = [
            models.UniqueConstraint(fields=["article", "on"], name="one_count_per_article_and_day")
        ]

    def __str__(self) -> str:
        return f"article {self.article_id} on {self.on}: {self.count}"

"""How often each article was opened on a day, by nobody in particular."""

from django.db import models


class DailyReads(models.Model):
    article = models.ForeignKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="daily_reads"
    )
    on = models.DateField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "on"], name="one_count_per_article_and_day")
        ]

    def __str__(self) -> str:
        return f"article {self.article_id} on {self.on}: {self.count}"

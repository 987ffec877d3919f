"""What the search knows of an article that is in print."""

from functools import reduce
from operator import add
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Value

from . import words

# Characters of an article that are looked through: PostgreSQL's vectors hold a megabyte.
MOST = 100_000


class SearchEntry(models.Model):
    """Written with each save of its article, in the same transaction; a draft has none. Names of
    authors are no part of it: one that somebody had to give up is found no more.

    Beside Wagtail's own index, which is for the admin: that one knows drafts, one language, and
    neither dates nor limits, and joins by numbers that are text.
    """

    article = models.OneToOneField(
        "newsroom.ArticlePage", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    published_at = models.DateTimeField()
    text = models.TextField(help_text="What is looked through, to show it where it was found.")
    words = SearchVectorField()
    near = ArrayField(models.TextField(), help_text="See words.mistyped; of headline and deck.")

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="search_words"),
            GinIndex(fields=["near"], name="search_near_words"),
            models.Index(fields=["-published_at", "-article"], name="search_newest_first"),
        ]

    def __str__(self) -> str:
        return f"search entry of article {self.article_id}"

    @staticmethod
    def write(article: Any) -> None:
        """As the article is now."""
        if not article.live:
            SearchEntry.objects.filter(pk=article.pk).delete()
            return
        text = article.plain_text[:MOST].replace("\0", "")
        on_top = words.distinctive(f"{article.title} {article.deck}")
        near = dict.fromkeys(one for word in on_top for one in words.mistyped(word))
        entry = SearchEntry(
            article_id=article.pk,
            published_at=article.published_at,
            text=text,
            words=vector({"A": article.title, "B": article.deck, "D": text}),
            near=list(near),
        )
        changed = ["published_at", "text", "words", "near"]
        SearchEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["article"], update_fields=changed
        )


def vector(texts: dict[str, str]) -> Any:
    """By weights: of what is found, the headline counts more than the deck, and that more than the
    text."""
    parts = [
        SearchVector(Value(part), config=config, weight=weight)
        for weight, text in texts.items()
        for config, part in words.forms(text)
    ]
    return reduce(add, parts)

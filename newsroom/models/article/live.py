"""Live updates: entries of an article that come while it happens, the newest first.

They are rows of their own, not a part of the article's text: two editors write at once, and two
thousand of them make no version of the article larger.
"""

from typing import Any

from django.core.paginator import Page as PaginatedPage
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from newsroom.core.moves import Moves
from newsroom.kept_pages import noting
from newsroom.models.image import CreditedImage

ENTRIES_A_PAGE = 30
MOST_KEY_POINTS = 8


class LiveBlogManager(models.Manager["LiveBlog"]):
    def of(self, article: Any) -> "LiveBlog":
        """Before its first entry, one that is not kept yet."""
        return self.filter(article=article.pk).first() or LiveBlog(article_id=article.pk)


class LiveBlog(models.Model):
    """Counts what happens to the entries of one article: an open page says up to which change it
    knows, and gets what came after. Its row is locked while one is written, so that no number is
    seen before a lower one."""

    article = models.OneToOneField(
        "newsroom.ArticlePage", on_delete=models.CASCADE, primary_key=True, related_name="live_blog"
    )
    number = models.PositiveIntegerField(default=0, db_default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = LiveBlogManager()

    def __str__(self) -> str:
        return f"live updates of {self.article_id}"

    @property
    def tag(self) -> str:
        """Of the kept pages that show it: the article, what its open pages ask for, its feed."""
        return f"live:{self.article_id}"

    @property
    def address(self) -> str:
        """Where an open page asks for what is new."""
        return reverse("live_after", args=[self.article_id, self.number])

    @property
    def feed_address(self) -> str:
        return reverse("live_feed", args=[self.article_id])

    def shown(self) -> "models.QuerySet[LiveEntry]":
        shown = self.entries.filter(status=LiveEntry.Status.SHOWN)
        return shown.select_related("picture").prefetch_related("picture__renditions")

    def page(self, asked: str | None) -> "PaginatedPage[LiveEntry]":
        """That of ``?page=``; nonsense gets the nearest."""
        found = Paginator(self.shown(), ENTRIES_A_PAGE).get_page(asked)
        noting.paged(found.paginator.num_pages)
        return found

    def key_points(self) -> "list[LiveEntry]":
        return list(self.shown().filter(is_key_point=True)[:MOST_KEY_POINTS])

    def since(self, number: int) -> "models.QuerySet[LiveEntry]":
        """What was written, changed or withdrawn after that, the newest first."""
        changed = self.entries.filter(changed__gt=number)
        return changed.select_related("picture").prefetch_related("picture__renditions")


class LiveEntry(models.Model):
    class Status(models.TextChoices):
        SHOWN = "shown"
        WITHDRAWN = "withdrawn"

    MOVES: Moves = {
        Status.WITHDRAWN: {Status.SHOWN},
        Status.SHOWN: {Status.WITHDRAWN},
    }

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="entries")
    changed = models.PositiveIntegerField(help_text="The blog's number when it last changed.")
    made = models.PositiveIntegerField(help_text="The blog's number when it was written.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SHOWN)
    at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    headline = models.CharField(max_length=200, blank=True)
    text = models.TextField(max_length=10_000, help_text="An empty line begins a paragraph.")
    picture = models.ForeignKey(
        CreditedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_key_point = models.BooleanField(
        default=False, verbose_name="key point", help_text="Its headline stands on top of the page."
    )
    key = models.UUIDField(unique=True, editable=False, help_text="Of the form that made it.")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "live entry"
        verbose_name_plural = "live entries"
        indexes = [
            models.Index(fields=["blog", "changed"], name="live_entries_by_change"),
            models.Index(
                fields=["blog", "-id"],
                condition=Q(status="shown"),
                name="live_entries_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return self.headline or self.text[:60]


def live_context(article: Any, request: HttpRequest) -> dict[str, Any]:
    """What the article's page shows of its updates; a preview shows none, since it is about words
    that may not change."""
    blog = LiveBlog.objects.of(article)
    entries = blog.page(request.GET.get("page"))
    is_first = entries.number == 1
    return {
        "live": blog,
        "entries": entries,
        "key_points": blog.key_points() if is_first else [],
        "follows": is_first and blog.ended_at is None,
    }


def live_data(blog: LiveBlog, entries: Any, url: str) -> dict[str, Any]:
    """For machines (schema.org, LiveBlogPosting)."""
    return {
        "coverageStartTime": first.at.isoformat() if (first := blog.shown().last()) else None,
        "coverageEndTime": blog.ended_at.isoformat() if blog.ended_at else None,
        "liveBlogUpdate": [
            {
                "@type": "BlogPosting",
                "headline": str(entry),
                "articleBody": entry.text,
                "datePublished": entry.at.isoformat(),
                "dateModified": (entry.edited_at or entry.at).isoformat(),
                "url": f"{url}#entry-{entry.pk}",
            }
            for entry in entries
        ],
    }

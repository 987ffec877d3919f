"""An entry is written, changed, withdrawn: each is a change with the blog's next number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from newsroom.core.moves import transition
from newsroom.kept_pages import changes
from newsroom.models import ArticlePage, LiveBlog, LiveEntry


@contextmanager
def changing(article: ArticlePage) -> Iterator[LiveBlog]:
    """Changes of one article wait for each other, and are told to its page, its poll and its feed,
    and to no other page."""
    with transaction.atomic(), changes.accounted():
        LiveBlog.objects.bulk_create([LiveBlog(article=article)], ignore_conflicts=True)
        blog = LiveBlog.objects.select_for_update().get(article=article.pk)
        blog.number += 1
        blog.changed_at = timezone.now()
        yield blog
        blog.save()
        changes.after_commit(blog.tag)


def add(article: ArticlePage, entry: LiveEntry) -> bool:
    """False: its form was sent before, and is not sent again."""
    with changing(article) as blog:
        if LiveEntry.objects.filter(key=entry.key).exists():
            return False
        entry.blog, entry.changed, entry.made = blog, blog.number, blog.number
        entry.save()
    return True


def change(article: ArticlePage, entry: LiveEntry, seen: int, fields: dict[str, Any]) -> bool:
    """False: somebody else changed it after it was seen so."""
    with changing(article) as blog:
        found = LiveEntry.objects.filter(pk=entry.pk, blog=blog, changed=seen)
        return bool(found.update(**fields, changed=blog.number, edited_at=timezone.now()))


def move(article: ArticlePage, entry: LiveEntry, to: str) -> bool:
    """Withdrawn, or put back where it was."""
    with changing(article) as blog:
        return bool(transition(entry, to, changed=blog.number))


def end(article: ArticlePage, over: bool) -> None:
    """Open pages stop asking; or they may be opened anew and ask again."""
    with changing(article) as blog:
        blog.ended_at = timezone.now() if over else None

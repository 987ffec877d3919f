"""The lists that an article stands on."""

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from wagtail.models import Page

from newsroom.kept_pages.noting import NEWEST


@dataclass(frozen=True)
class Places:
    lists: frozenset[str]
    order: tuple[str, datetime | None, int | None]  # by which it stands where it does


def places_of(pk: int | None) -> Places | None:
    """Of an article that is in print."""
    article, byline, tag = (
        apps.get_model("newsroom", name) for name in ("ArticlePage", "ArticleByline", "ArticleTag")
    )  # page.py imports this module
    wanted = ("path", "published_at", "series_part", "series")
    row = article.objects.filter(pk=pk, live=True).values_list(*wanted).first()
    if row is None:
        return None
    authors = byline.objects.filter(article=pk).values_list("author", flat=True)
    topics = tag.objects.filter(content_object=pk).values_list("tag", flat=True)
    lists = {NEWEST, section_list(row[0]), *series_lists(row[3])}
    lists |= {f"author:{author}" for author in authors} | {f"topic:{topic}" for topic in topics}
    return Places(frozenset(lists), row[:3])


def section_list(path: str) -> str:
    """The section's that has the article with this path."""
    return f"section:{path[: -Page.steplen]}"


def series_lists(pk: int | None) -> list[str]:
    """The series' that it is a part of, if it is."""
    return [] if pk is None else [f"series:{pk}"]

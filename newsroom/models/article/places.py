"""The lists that an article stands on."""

from dataclasses import dataclass
from datetime import date, datetime

from django.apps import apps
from django.utils import timezone
from wagtail.models import Page

from newsroom.kept_pages.noting import NEWEST, PICKS


@dataclass(frozen=True)
class Places:
    lists: frozenset[str] = frozenset()
    # By which it stands where it does: path, time, part of its series.
    order: tuple[str, datetime | None, int | None] | None = None
    corrections: frozenset[tuple[date, str]] = frozenset()


NOWHERE = Places()


def places_of(pk: int | None) -> Places | None:
    """Of an article that is in print."""
    article, byline, tag, correction = (
        apps.get_model("newsroom", name)
        for name in ("ArticlePage", "ArticleByline", "ArticleTag", "Correction")
    )  # page.py imports this module
    wanted = ("path", "published_at", "series_part", "series", "pick")
    found = article.objects.filter(pk=pk, live=True)
    if not (row := found.values_list(*wanted).first()):
        return None
    path, published_at, part, series, is_pick = row
    authors = byline.objects.filter(article=pk).values_list("author", flat=True)
    topics = tag.objects.filter(content_object=pk).values_list("tag", flat=True)
    corrections = correction.objects.filter(article=pk).values_list("corrected_on", "text")
    lists = {NEWEST, section_list(path), month_list(published_at), *series_lists(series)}
    lists |= {PICKS} if is_pick else set()
    lists |= {f"author:{author}" for author in authors} | {f"topic:{topic}" for topic in topics}
    return Places(frozenset(lists), (path, published_at, part), frozenset(corrections))


def section_list(path: str) -> str:
    """The section's that has the article with this path."""
    return f"section:{path[: -Page.steplen]}"


def series_lists(pk: int | None) -> list[str]:
    """The series' that it is a part of, if it is."""
    return [] if pk is None else [f"series:{pk}"]


def month_list(at: datetime | None) -> str:
    """Of all that was published in that month."""
    return f"month:{timezone.localtime(at):%Y-%m}" if at else NEWEST

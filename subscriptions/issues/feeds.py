"""A newsletter's issues as a feed, for who reads without leaving an address."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape

from newsroom.kept_pages.noting import keep, shows
from newsroom.models import ArticlePage, CreditedImage, readable
from newsroom.publishing.atom import AtomFeed, anywhere, newest, page_id, whole_texts
from newsroom.web.http import absolute_url
from subscriptions.models import IssuePage, Newsletter
from subscriptions.models.piece import WITH_ARTICLE

LENGTH = 20


class IssueFeed(AtomFeed):
    """The newest issues, whole."""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Newsletter:
        return get_object_or_404(readable(Newsletter.objects), slug=kwargs["slug"])

    def spoken(self, obj: Newsletter) -> str:
        return obj.language

    def title(self, obj: Newsletter) -> str:
        return obj.title

    def subtitle(self, obj: Newsletter) -> str | None:
        return obj.tagline or None

    def link(self, obj: Newsletter) -> str:
        return obj.full_url or "/"

    def feed_url(self, obj: Newsletter) -> str:
        return absolute_url("issue_feed", obj.slug)

    def feed_guid(self, obj: Newsletter) -> str:
        return page_id(obj)

    def items(self, obj: Newsletter) -> list[IssuePage]:
        found = list(readable(obj.issues())[:LENGTH])
        keep()
        with timezone.override(obj.zone):
            for issue, text in zip(found, whole_issues(found), strict=True):
                issue.whole_text = text
        return found

    def item_title(self, item: Any) -> str:
        return str(item.subject)

    def item_description(self, item: IssuePage) -> str:
        return escape(item.preheader)

    def item_pubdate(self, item: IssuePage) -> datetime | None:
        return item.first_published_at

    def item_updateddate(self, item: IssuePage) -> datetime:
        return newest(item.last_published_at, item.first_published_at)

    def item_extra_kwargs(self, item: Any) -> dict[str, Any]:
        return {"content": item.whole_text, "authors": []}


def whole_issues(issues: list[IssuePage]) -> list[str]:
    """Each as HTML; what they refer to is looked up once for all of them, from what their bodies
    hold, so that the number of queries does not depend on how many there are."""
    raw = [dict(piece) for issue in issues for piece in issue.body.raw_data]
    values = [piece["value"] for piece in raw if isinstance(piece["value"], dict)]
    images = {value.get("image") for value in values} - {None}
    entire = {value.get("article") for value in values if value.get("full_text")}
    in_print = ArticlePage.objects.in_print()
    articles = in_print.in_bulk({pk for issue in issues for pk in issue.article_ids()})
    whole = list(in_print.defer(None).prefetch_related("corrections").filter(pk__in=entire))
    texts = zip((one.pk for one in whole), whole_texts(whole), strict=True)
    shows(pk for issue in issues for pk in issue.article_ids())
    about = {
        "articles": articles,
        "pictures": CreditedImage.objects.prefetch_related("renditions").in_bulk(images),
        "texts": dict(texts),
    }
    pages = [
        render_to_string(
            "subscriptions/issues/whole_text.html", {"pieces": headed(pieces(issue, **about))}
        )
        for issue in issues
    ]
    return anywhere(pages)


def pieces(
    issue: IssuePage,
    articles: dict[int, ArticlePage],
    pictures: dict[int, CreditedImage],
    texts: dict[int, str],
) -> Iterator[dict[str, Any]]:
    """What a reader may see of it, each with what it refers to."""
    for raw in issue.body.raw_data:
        value = raw["value"]
        known = value if isinstance(value, dict) else {}
        story = articles.get(known.get("article", 0))
        if story or raw["type"] not in WITH_ARTICLE:
            yield {
                "kind": raw["type"],
                "value": value,
                "story": story,
                "picture": pictures.get(known.get("image") or 0),
                "text": texts.get(story.pk) if story and known.get("full_text") else "",
                "at": parse_datetime(known.get("at") or ""),
            }


def headed(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without headings that head nothing."""
    shown = list(found)
    kinds = [one["kind"] for one in shown] + ["section"]
    return [
        one for place, one in enumerate(shown) if kinds[place : place + 2] != ["section", "section"]
    ]

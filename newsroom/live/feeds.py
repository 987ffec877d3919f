"""The updates of one article as a feed."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string

from newsroom.kept_pages.noting import keep
from newsroom.models import ArticlePage, Kind, LiveBlog, LiveEntry, Masthead, readable
from newsroom.models.article.live import ENTRIES_A_PAGE
from newsroom.publishing.atom import AtomFeed, anywhere, page_id, row_id
from newsroom.web.http import absolute_url


class LiveFeed(AtomFeed):
    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> LiveBlog:
        article = get_object_or_404(readable(ArticlePage.objects), pk=kwargs["pk"], kind=Kind.LIVE)
        blog = LiveBlog.objects.of(article)
        blog.article = article
        return blog

    def get_feed(self, obj: LiveBlog, request: HttpRequest) -> Any:
        """As old as its last change, also when that took an entry away."""
        feed: Any = super().get_feed(obj, request)
        feed.latest_post_date = lambda: obj.changed_at
        return feed

    def title(self, obj: LiveBlog) -> str:
        return f"{obj.article.title} – {Masthead.load().name}"

    def link(self, obj: LiveBlog) -> str:
        return obj.article.full_url or "/"

    def feed_url(self, obj: LiveBlog) -> str:
        return absolute_url("live_feed", obj.pk)

    def feed_guid(self, obj: LiveBlog) -> str:
        return f"{page_id(obj.article)}#live"

    def items(self, obj: LiveBlog) -> list[LiveEntry]:
        keep(obj.tag)
        found = list(obj.shown()[:ENTRIES_A_PAGE])
        for entry in found:
            entry.blog = obj
        return found

    def item_title(self, item: LiveEntry) -> str:
        return str(item)

    def item_description(self, item: LiveEntry) -> str:
        return ""

    def item_link(self, item: Any) -> str:
        return f"{self.link(item.blog)}#entry-{item.pk}"

    def item_guid(self, item: Any) -> str:
        return row_id("live", item.pk)

    def item_pubdate(self, item: LiveEntry) -> datetime:
        return item.at

    def item_updateddate(self, item: LiveEntry) -> datetime:
        return item.edited_at or item.at

    def item_extra_kwargs(self, item: Any) -> dict[str, Any]:
        html = render_to_string("newsroom/publishing/live/plain_entry.html", {"entry": item})
        return {"content": anywhere([html])[0], "authors": []}

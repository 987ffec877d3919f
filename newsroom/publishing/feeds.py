from datetime import datetime

from django.contrib.syndication.views import Feed
from django.utils.feedgenerator import Atom1Feed

from newsroom.core.languages import OWN
from newsroom.models import ArticlePage, Masthead

LENGTH = 30


class ArticleFeed(Feed):
    """The newest articles as Atom (RFC 4287)."""

    feed_type = Atom1Feed
    link = "/"
    feed_url = "/feed/"
    language = OWN

    def title(self) -> str:
        return Masthead.load().name

    def subtitle(self) -> str:
        return Masthead.load().motto

    def items(self) -> list[ArticlePage]:
        return list(ArticlePage.objects.in_print()[:LENGTH])

    def item_title(self, item: ArticlePage) -> str:
        return item.title

    def item_description(self, item: ArticlePage) -> str:
        return item.teaser

    def item_link(self, item: ArticlePage) -> str:
        return item.full_url or "/"

    def item_author_name(self, item: ArticlePage) -> str:
        return item.byline

    def item_pubdate(self, item: ArticlePage) -> datetime | None:
        return item.shown_at

    def item_updateddate(self, item: ArticlePage) -> datetime | None:
        return item.updated_at or item.shown_at

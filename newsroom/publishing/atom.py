"""Feeds as Atom (RFC 4287): whole texts, for those who are kept from our pages and read us so."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from time import time
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import Max, Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date, parse_http_date
from django.utils.xmlutils import SimplerXMLGenerator
from wagtail.models import ModelLogEntry, Page, PageLogEntry

from newsroom.core import languages
from newsroom.core.uris import to_uri
from newsroom.mail.links import absolute, led
from newsroom.models import ArticlePage, Masthead
from newsroom.models.blocks import images_in
from newsroom.publishing.rich_text import expand

# What XML 1.0 can't hold, escaped or not (“Characters”, 2.2).
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BETWEEN = "\0"  # which PostgreSQL keeps in no text
EPOCH = datetime.fromtimestamp(0, UTC)
# Whatever changes what readers may see, also by taking it away.
PUBLIC_ACTS = Q(action__in=["wagtail.delete", "wagtail.move"])
for kind in ("publish", "unpublish", "view_restriction"):
    PUBLIC_ACTS |= Q(action__startswith=f"wagtail.{kind}")
PUBLIC_ACTS &= ~Q(action="wagtail.publish.schedule")  # nobody is told that something will come


class Writer(SimplerXMLGenerator):
    """Leaves out what would make the whole feed unreadable."""

    def characters(self, content: str) -> None:
        super().characters(ILLEGAL.sub("", content))

    def startElement(self, name: str, attrs: Any) -> None:
        legal = {key: ILLEGAL.sub("", value) for key, value in attrs.items()}
        super().startElement(name, AttributesImpl(legal))


class Atom(Atom1Feed):
    """Django's, with all authors of an entry, and its whole text."""

    def write(self, outfile: Any, encoding: str) -> None:
        handler = Writer(outfile, encoding, short_empty_elements=True)
        handler.startDocument()
        handler.startElement("feed", self.root_attributes())
        self.add_root_elements(handler)
        self.write_items(handler)
        handler.endElement("feed")

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"description": item["description"] or None})
        for name, url in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.addQuickElement("uri", url)
            handler.endElement("author")
        handler.addQuickElement("content", item["content"], {"type": "html"})

    def latest_post_date(self) -> datetime:
        """That of an empty feed is always the same, so that it does not change unasked."""
        return super().latest_post_date() if self.items else EPOCH


class AtomFeed(Feed):
    """What all our feeds have in common.

    An unchanged one is answered with 304 (RFC 9110, 13.1). A page that is taken away leaves the
    others as old as they were; so a feed is never older than the last thing that was published or
    taken away anywhere on the site, or than an author or a picture was changed.
    """

    feed_type = Atom

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().__call__(request, *args, **kwargs)
        newest = parse_http_date(answer["Last-Modified"])
        changed = max(newest, last_acted().timestamp())
        # Never later than now (RFC 9110, 8.8.2.1): nothing would be newer.
        answer["Last-Modified"] = http_date(min(changed, time()))
        return ConditionalGetMiddleware(lambda _: answer)(request)  # type: ignore[return-value]

    def spoken(self, obj: Any) -> str:
        """The language of its texts."""
        return languages.OWN

    def get_feed(self, obj: Any, request: HttpRequest) -> Any:
        with languages.speaking(self.spoken(obj)):
            return super().get_feed(obj, request)

    def author_name(self, obj: Any) -> str:
        """Of what nobody signs."""
        return Masthead.load().name

    def item_guid(self, item: Page) -> str:
        return page_id(item)

    def item_link(self, item: Page) -> str:
        return item.full_url or "/"


def last_acted() -> datetime:
    """When staff last changed what readers may see: a page, or what stands on many of them, such as
    the name of an author who had to give it up."""
    pages = PageLogEntry.objects.filter(PUBLIC_ACTS)
    on_pages = ModelLogEntry.objects.filter(content_type__app_label="newsroom")
    return newest(*(log.aggregate(at=Max("timestamp"))["at"] for log in (pages, on_pages)))


def page_id(page: Page) -> str:
    """The same for ever, wherever the page moves (RFC 4287, 4.2.6)."""
    return f"urn:uuid:{page.translation_key}"


def row_id(kind: str, pk: int) -> str:
    """Of a feed about something that is no page (RFC 4151, the “tag” scheme)."""
    return f"tag:{settings.HOST},2026:{kind}/{pk}"


def newest(*times: datetime | None) -> datetime:
    return max(filter(None, times), default=EPOCH)


def whole_texts(articles: list[ArticlePage]) -> list[str]:
    """Picture, text and corrections of each, as HTML with addresses that work anywhere.

    For all at once: what the pieces and links refer to is looked up together, so that the number of
    queries stays the same however many articles there are.
    """
    if not articles:
        return []
    block = articles[0].body.stream_block
    all_pieces = block.to_python([raw for one in articles for raw in one.body.raw_data])
    prefetch_related_objects(list(images_in(all_pieces)), "renditions")
    pieces = iter(all_pieces)
    texts = [
        render_to_string(
            "newsroom/publishing/whole_text.html",
            {"article": article, "pieces": list(islice(pieces, len(article.body)))},
        )
        for article in articles
    ]
    return anywhere(texts)


def anywhere(texts: Sequence[str]) -> list[str]:
    """Rich text as HTML with addresses that work from anywhere, in the letters that all programs
    take; what it refers to is looked up for all texts together."""
    expanded = expand(BETWEEN.join(texts)).split(BETWEEN)[: len(texts)]
    return [led(absolute(html), to_uri) for html in expanded]

"""The newest articles, of all the paper or of a part of it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Enclosure
from django.utils.html import escape
from taggit.models import Tag

from newsroom.kept_pages.noting import NEWEST, keep
from newsroom.models import ArticlePage, Author, Masthead, SectionPage, Series, readable
from newsroom.publishing import listings
from newsroom.publishing.atom import AtomFeed, newest, page_id, row_id, whole_texts
from newsroom.web.http import absolute_url

LENGTH = 30


class ArticleFeed(AtomFeed):
    """Of all sections."""

    def title(self, obj: Any) -> str:
        return Masthead.load().name

    def subtitle(self, obj: Any) -> str | None:
        return Masthead.load().motto or None

    def link(self, obj: Any) -> str:
        return absolute_url("wagtail_serve", "")

    def feed_url(self, obj: Any) -> str:
        return absolute_url("feed")

    def list_of(self, obj: Any) -> str:
        """By which it is known when one comes or goes (newsroom/kept_pages/noting.py)."""
        return NEWEST

    def articles(self, obj: Any) -> Any:
        return ArticlePage.objects.in_print()

    def items(self, obj: Any) -> list[ArticlePage]:
        keep(self.list_of(obj))
        whole = self.articles(obj).defer(None).prefetch_related("corrections", "tagged_items__tag")
        found = list(whole[:LENGTH])
        for article, text in zip(found, whole_texts(found), strict=True):
            article.whole_text = text
        return found

    def item_title(self, item: ArticlePage) -> str:
        return item.title

    def item_description(self, item: ArticlePage) -> str:
        return escape(item.teaser)

    def item_pubdate(self, item: ArticlePage) -> datetime | None:
        return item.shown_at

    def item_updateddate(self, item: ArticlePage) -> datetime:
        return newest(item.changed_at)

    def item_categories(self, item: ArticlePage) -> list[str]:
        topics = [tagged.tag.name for tagged in item.tagged_items.all()]
        return [item.label, *topics] if item.label else topics

    def item_enclosures(self, item: ArticlePage) -> list[Enclosure]:
        shown = item.lead_image.shown("shared") if item.lead_image else []
        return [Enclosure(one.full_url, str(one.file.size), "image/jpeg") for one in shown]

    def item_extra_kwargs(self, item: Any) -> dict[str, Any]:
        authors = [byline.author for byline in item.bylines.all()]
        return {
            "content": item.whole_text,
            "authors": [(one.name, absolute_url("author", one.slug)) for one in authors],
        }


class PartFeed(ArticleFeed):
    """Of a part of it."""

    name = "title"

    def title(self, obj: Any) -> str:
        return f"{getattr(obj, self.name)} – {Masthead.load().name}"


class SectionFeed(PartFeed):
    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> SectionPage:
        return get_object_or_404(readable(SectionPage.objects), slug=kwargs["slug"])

    def subtitle(self, obj: SectionPage) -> str | None:
        return obj.introduction or None

    def link(self, obj: SectionPage) -> str:
        return obj.full_url or "/"

    def feed_url(self, obj: SectionPage) -> str:
        return absolute_url("section_feed", obj.slug)

    def feed_guid(self, obj: SectionPage) -> str:
        return page_id(obj)

    def list_of(self, obj: SectionPage) -> str:
        return f"section:{obj.path}"

    def articles(self, obj: SectionPage) -> Any:
        return super().articles(obj).child_of(obj)


class ListingFeed(PartFeed):
    name = "name"
    kind: str

    def link(self, obj: Any) -> str:
        return absolute_url(self.kind, obj.slug)

    def feed_url(self, obj: Any) -> str:
        return absolute_url(f"{self.kind}_feed", obj.slug)

    def feed_guid(self, obj: Any) -> str:
        return row_id(self.kind, obj.pk)

    def list_of(self, obj: Any) -> str:
        return f"{self.kind}:{obj.pk}"


class TopicFeed(ListingFeed):
    kind = "topic"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Tag:
        return get_object_or_404(listings.topics(), slug=kwargs["slug"])

    def articles(self, obj: Tag) -> Any:
        return listings.about(obj)


class AuthorFeed(ListingFeed):
    kind = "author"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Author:
        return get_object_or_404(listings.authors(), slug=kwargs["slug"])

    def subtitle(self, obj: Author) -> str | None:
        return obj.role or None

    def articles(self, obj: Author) -> Any:
        return listings.by(obj)


class SeriesFeed(ListingFeed):
    """Its newest part first, as feeds are."""

    name = "title"
    kind = "series"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Series:
        return get_object_or_404(listings.series(), slug=kwargs["slug"])

    def subtitle(self, obj: Series) -> str | None:
        return obj.introduction or None

    def articles(self, obj: Series) -> Any:
        return super().articles(obj).filter(series=obj)

from datetime import datetime
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed

from subscriptions.models import IssuePage, Newsletter

LENGTH = 20


class IssueFeed(Feed):
    """A newsletter's issues as Atom (RFC 4287), for who reads without leaving an address."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Newsletter:
        return get_object_or_404(Newsletter.objects.live(), slug=kwargs["slug"])

    def title(self, newsletter: Newsletter) -> str:
        return newsletter.title

    def subtitle(self, newsletter: Newsletter) -> str:
        return newsletter.tagline

    def link(self, newsletter: Newsletter) -> str:
        return newsletter.full_url or "/"

    def items(self, newsletter: Newsletter) -> list[IssuePage]:
        return list(newsletter.issues().live()[:LENGTH])

    def item_title(self, item: Any) -> str:
        return str(item.subject)

    def item_description(self, item: IssuePage) -> str:
        return item.preheader

    def item_link(self, item: IssuePage) -> str:
        return item.full_url or "/"

    def item_pubdate(self, item: IssuePage) -> datetime | None:
        return item.first_published_at

    def item_updateddate(self, item: IssuePage) -> datetime | None:
        return item.last_published_at

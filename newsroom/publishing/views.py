"""Topics, authors, series and the news sitemap. Articles are served by Wagtail."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from taggit.models import Tag
from wagtail.models import Site
from wagtail.views import serve

from newsroom.core.kept import retention
from newsroom.core.languages import OWN
from newsroom.kept_pages.noting import keep, may_be_kept, remembered
from newsroom.models import ArticlePage, Author
from newsroom.models.pages import page_of
from newsroom.publishing import listings
from newsroom.publishing.atom import ILLEGAL

NEWS_AGE = timedelta(days=2)  # Google News: "Create a News sitemap"
NEWS_LIMIT = 1000


@remembered
def our_site() -> Site | None:
    return Site.objects.select_related("root_page").filter(is_default_site=True).first()


@may_be_kept
def page(request: HttpRequest, path: str) -> HttpResponse:
    """One of Wagtail's, of our one site: Wagtail looks for it here before it asks the database."""
    request._wagtail_site = our_site()  # type: ignore[attr-defined]
    return serve(request, path)


def some_of(articles: Any, request: HttpRequest) -> Any:
    """What has nothing in print is known to nobody. Raises Http404."""
    found = page_of(articles, request)
    if not found.paginator.count:
        raise Http404
    return found


@may_be_kept
@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles with one tag, the newest first."""
    shown = get_object_or_404(Tag.objects.exclude(slug=""), slug=slug)
    context = {"topic": shown, "articles": some_of(listings.about(shown), request)}
    keep(f"topic:{shown.pk}")
    return render(request, "newsroom/publishing/topic.html", context)


@may_be_kept
@require_safe
def author(request: HttpRequest, slug: str) -> HttpResponse:
    """What somebody has signed, the newest first."""
    shown = get_object_or_404(Author, slug=slug)
    context = {"author": shown, "articles": some_of(listings.by(shown), request)}
    keep(f"author:{shown.pk}")
    return render(request, "newsroom/publishing/author.html", context)


@may_be_kept
@require_safe
def series(request: HttpRequest, slug: str) -> HttpResponse:
    """Its parts, the first one first."""
    shown = get_object_or_404(listings.series(), slug=slug)
    keep(f"series:{shown.pk}")
    context = {"series": shown, "articles": page_of(shown.parts(), request)}
    return render(request, "newsroom/publishing/series.html", context)


@require_safe
def news_sitemap(request: HttpRequest) -> HttpResponse:
    recent = ArticlePage.objects.in_print().filter(published_at__gte=timezone.now() - NEWS_AGE)
    about = {"articles": recent[:NEWS_LIMIT], "language": OWN}
    sitemap = render_to_string("newsroom/publishing/news-sitemap.xml", about, request)
    return HttpResponse(ILLEGAL.sub("", sitemap), content_type="application/xml")


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """What we keep of people, why, and for how long."""
    return render(request, "newsroom/publishing/kept.html", {"rows": list(retention.table())})

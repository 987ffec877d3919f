"""The archive by month, the most read, the corrections."""

from datetime import date
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsroom.core import clock
from newsroom.kept_pages.noting import CORRECTIONS, NEWEST, keep, may_be_kept
from newsroom.models import ArticlePage, Correction
from newsroom.models.article.places import month_list
from newsroom.models.front import most_read as articles_most_read
from newsroom.models.pages import page_of

MOST_READ = 20


@may_be_kept
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    keep(NEWEST)
    months = ArticlePage.objects.months()
    years = [(year, list(found)) for year, found in groupby(months, lambda one: one.year)]
    return render(request, "newsroom/front_page/archive.html", {"years": years})


@may_be_kept
@require_safe
def month(request: HttpRequest, year: str, month: str) -> HttpResponse:
    """What is in print of it. A month without has no page."""
    first = date(int(year), int(month), 1)
    begins = clock.begin_of(first)
    if begins > timezone.now():
        raise Http404
    ends = clock.begin_of(clock.month_of(first, 1))
    keep(month_list(begins))
    of_month = {"published_at__gte": begins, "published_at__lt": ends}
    found = ArticlePage.objects.in_print().filter(**of_month)
    articles = page_of(found, request)
    if not articles:
        raise Http404
    about = {"month": begins, "articles": articles}
    return render(request, "newsroom/front_page/month.html", about)


@may_be_kept
@require_safe
def most_read(request: HttpRequest) -> HttpResponse:
    """Of the last week. Made anew after minutes, like all pages, so with the reads since then."""
    keep()
    about = {"articles": articles_most_read(MOST_READ)}
    return render(request, "newsroom/front_page/most_read.html", about)


@may_be_kept
@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    keep(CORRECTIONS)
    about = {"corrections": page_of(Correction.objects.in_print(), request)}
    return render(request, "newsroom/front_page/corrections.html", about)

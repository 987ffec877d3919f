"""What an open page asks for, over and over: only what changed since it asked last."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from newsroom.kept_pages.noting import keep, may_be_kept
from newsroom.models import ArticlePage, Kind, LiveBlog, LiveEntry, readable

MOST_AT_ONCE = 60  # changes; who was away for longer opens the page anew


@may_be_kept
@require_safe
def after(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What came after that change, as HTML, and where to ask next. All readers who know as much get
    the same, so it is kept, and answered before Django runs."""
    articles = readable(ArticlePage.objects).defer_streamfields()
    article = get_object_or_404(articles, pk=pk, kind=Kind.LIVE)
    blog = LiveBlog.objects.of(article)
    if number > blog.number:  # no page of ours can know it
        raise Http404
    keep(blog.tag)
    changed = list(blog.since(number)[: MOST_AT_ONCE + 1])
    shown = [entry for entry in changed if entry.status == LiveEntry.Status.SHOWN]
    context: dict[str, Any] = {
        "live": blog,
        "page": article,
        "too_much": len(changed) > MOST_AT_ONCE,
        "entries": shown,
        "gone": [entry for entry in changed if entry.status != LiveEntry.Status.SHOWN],
        "new": sum(entry.made > number for entry in shown),
        "key_points": blog.key_points(),
    }
    return render(request, "newsroom/publishing/live/news.html", context)

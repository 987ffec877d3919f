"""Search, health, and the news sitemap. Articles are served by Wagtail."""

from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsroom.models import ArticlePage
from newsroom.models.pages import page_of

LONGEST_QUERY = 200
NEWS_AGE = timedelta(days=2)  # Google News: "Create a News sitemap"
NEWS_LIMIT = 1000


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    articles = None
    if query:
        articles = page_of(ArticlePage.objects.in_print().search(query), request)
    return render(request, "newsroom/search.html", {"query": query, "articles": articles})


@require_safe
def news_sitemap(request: HttpRequest) -> HttpResponse:
    recent = ArticlePage.objects.in_print().filter(published_at__gte=timezone.now() - NEWS_AGE)
    return render(
        request,
        "newsroom/news-sitemap.xml",
        {"articles": recent[:NEWS_LIMIT]},
        content_type="application/xml",
    )


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers. Touches nothing else, so a sick database restarts no web."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready for readers: 200 when PostgreSQL and Redis answer, else 503 with what is missing."""
    checks: dict[str, Any] = {"database": _database_answers, "redis": _redis_answers}
    found = {name: check() for name, check in checks.items()}
    ready = all(found.values())
    answer = {"status": "ok" if ready else "unavailable", **found}
    return JsonResponse(answer, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(redis.from_url(settings.REDIS_URL, socket_timeout=2).ping())
    except redis.RedisError:
        return False

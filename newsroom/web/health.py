"""Is this process alive, and can it serve? For load balancers and service managers."""

from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


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

"""Two questions of load balancers and service managers, answered before all else: whatever Host
they ask for, by plain HTTP, by a number, and with nothing written into the log.

``/livez``: does this process answer? It touches nothing else. Who doesn't answer is started anew.
``/readyz``: can it show pages? PostgreSQL answers within two seconds; who doesn't gets no readers,
and is left running. Redis is looked at and said, and costs no readiness: pages work without it,
and what they would have queued stands in the database.

To who proves to have our ``SECRET_KEY`` (``manage.py doctor``) both say what the proxies in front
have passed on, too.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from newsroom.core.environment.redis_url import store

View = Callable[[HttpRequest], HttpResponse]

SECONDS = 2
HEADER = "X-Newsroom-Doctor"
ASKED_BY = "HTTP_X_NEWSROOM_DOCTOR"  # the same, as it arrives: a signed time
# One at a time, also while the last one still waits.
_looking = ThreadPoolExecutor(1, "readyz")


def answer_probes(get_response: View) -> View:
    """First of all middleware but the headers': those behind look at the host and the scheme."""

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info.strip("/"))
        if probe is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            said = {"status": "method not allowed"}
            return JsonResponse(said, status=405, headers={"Allow": "GET, HEAD"})
        found, status = probe()
        return JsonResponse(found | passed_on(request.META), status=status)

    return middleware


def livez() -> tuple[dict[str, Any], int]:
    return {"status": "ok"}, 200


def readyz() -> tuple[dict[str, Any], int]:
    try:
        database = _looking.submit(_database_answers).result(SECONDS)
    except TimeoutError:
        database = False
    found = {"status": "ok" if database else "unavailable", "database": database}
    return found | {"redis": _redis_answers()}, 200 if database else 503


# “healthz” was the first one's old name.
PROBES: dict[str, Callable[[], tuple[dict[str, Any], int]]] = {
    "livez": livez,
    "healthz": livez,
    "readyz": readyz,
}


def ticket() -> str:
    """What proves that somebody has our ``SECRET_KEY``, for a minute."""
    return signing.dumps("doctor", salt=ASKED_BY)


def passed_on(meta: dict[str, Any]) -> dict[str, Any]:
    """What came through the proxies, before anything of it is believed."""
    try:
        signing.loads(meta.get(ASKED_BY, ""), salt=ASKED_BY, max_age=60)
    except signing.BadSignature:
        return {}
    names = {"host": "HTTP_HOST", "for": "HTTP_X_FORWARDED_FOR", "proto": "HTTP_X_FORWARDED_PROTO"}
    return {"passed_on": {name: meta.get(key, "") for name, key in names.items()}}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return False
    finally:
        connection.close()  # to the pool
    return True


def _redis_answers() -> bool:
    try:
        return bool(store().ping())
    except (redis.RedisError, OSError):
        return False

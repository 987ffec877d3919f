"""Two colleagues, or one who presses twice, send a form at the same moment.

Both pass its checks (is this slug still free?), and one of them then fails while saving. Looked at
once more, that form finds what the other has saved, and says so beside its field.

Or both save one page, which Wagtail reads long before it writes it: the one that began earlier
would write its older state over the other's. So they take turns, and what Wagtail saves by itself
finds out that it is older. So do those who approve it, ask for changes, or take it back: the second
finds what the first has decided.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from newsroom.staff.gate import page_of_staff

View = Callable[[HttpRequest], HttpResponse]
PAGE = re.compile(r"/admin/pages/(?:workflow/[a-z_]+/)?([0-9]+)/")  # whatever is done to it
EDITOR = re.compile(r"/admin/(.*)/edit/")
LONGEST_SAVE = 20  # seconds; then the next one no longer waits


def take_turns(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        path = request.path
        saves = (PAGE.match(path) or EDITOR.match(path)) if request.method == "POST" else None
        if not saves or not request.user.is_authenticated:  # no stranger makes a colleague wait
            return get_response(request)
        with alone(f"saves {saves[1]}"):
            return get_response(request)

    return middleware


@contextmanager
def alone(what: str) -> Iterator[None]:
    """One at a time; all at once while Redis is away."""
    redis: Any = cache
    turn = redis.lock(what, timeout=LONGEST_SAVE, blocking_timeout=LONGEST_SAVE)
    with suppress(RedisError):
        turn.acquire()
    try:
        yield
    finally:
        with suppress(RedisError):
            turn.release()


def look_once_more(get_response: View) -> View:
    """The view ran into an error that its form looks for: nothing was saved, it runs again."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        lost = isinstance(error, ValidationError | IntegrityError)
        if not lost or request.method != "POST" or not page_of_staff(request):
            return None
        for _, files in request.FILES.lists():
            for file in files:
                file.seek(0)
        match = request.resolver_match
        assert match  # an address of ours, or no view would have run
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware

"""A mail provider's requests, a group at a time: each is verified and read by itself, by its view;
then all their events are stored in one statement, with one commit, and only then is one answered.

They come by the thousand a second, often with one event each, so they pass through nothing that is
there for pages. Only 200 is said here. What has to be answered otherwise (not signed, too deep, a
database that is away …) is left to Django, alone, as if it had never been in a group: so a bad one
hurts no other, and each status has one place.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from django.utils.module_loading import import_string

from newsroom.mail import providers
from newsroom.mail.webhooks import Understood, first_uses, take_in, understood
from newsroom.metrics.requests import counts
from newsroom.web.front import Answer, Environ
from newsroom.web.front.together import Together

log = logging.getLogger(__name__)

Asked = tuple[Environ, Answer]


def at_the_front() -> dict[str, Together]:
    """By path. Nobody waits in a group for a view that asks others over the network."""
    hook = providers.current().hook
    if hook is None or hook.asks_others:
        return {}
    path = reverse("provider_events", args=[hook.name])
    return {path: Together(partial(answer_all, straight_to_the_view(path)))}


def straight_to_the_view(path: str) -> Callable[[HttpRequest], HttpResponse]:
    """Through what every request passes, and no more."""
    found = resolve(path)

    def view(request: HttpRequest) -> HttpResponse:
        request.get_host()  # is it ours? Raises DisallowedHost
        request.resolver_match = found
        return understood(request, **found.kwargs)

    get_response: Callable[[HttpRequest], HttpResponse] = view
    for name in reversed(settings.AROUND_ALL):
        get_response = import_string(name)(get_response)
    return get_response


def answer_all(
    get_response: Callable[[HttpRequest], HttpResponse], asked: Sequence[Asked]
) -> list[bool]:
    """Which are answered."""
    began = time.monotonic()
    try:
        read = [understood_or_none(get_response, environ) for environ, _ in asked]
        taken = stored([one for one in read if one])
    finally:
        close_old_connections()  # outside of a request nobody else does
    for (_, answer), one in zip(asked, read, strict=True):
        if one in taken:
            answer.start("200 OK", [*one.items(), ("Content-Length", "0")])
            if counts.add("webhook", one.status_code, time.monotonic() - began):
                counts.hand_over()
    return [one in taken for one in read]


def understood_or_none(
    get_response: Callable[[HttpRequest], HttpResponse], environ: Environ
) -> Understood | None:
    try:
        said = get_response(WSGIRequest(dict(environ)))  # middleware changes it
    except Exception:  # it gets its answer elsewhere
        return None
    return said if isinstance(said, Understood) else None


def stored(read: Sequence[Understood]) -> set[Understood]:
    """Those that are stored."""
    good = [one for one, first in zip(read, first_uses(read), strict=True) if first]
    try:
        take_in([event for one in good for event in one.events])
    except Exception as error:  # its words may hold a row's
        log.warning("Events are taken in one by one: %s", type(error).__name__)
        return set()
    return set(good)

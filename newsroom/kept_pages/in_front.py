"""Caches in front of the site (``CACHES_IN_FRONT``): they keep pages for a minute without asking,
and are told of each purge.

A page comes with its tags, ``Surrogate-Key``, and how long it may be kept, ``Surrogate-Control``
(W3C, “Edge Architecture Specification”). A purge is one request, PURGE, with the tags of what
changed. A page that was on its way to the cache meanwhile may be of before, so the cache is told
once more, a second later. One that can't be told shows for that minute what was.
"""

import logging
import time
from collections.abc import Iterable
from http import HTTPStatus

import requests
from django.conf import settings
from kombu.exceptions import OperationalError

from newsroom.celery import app

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]

KEEP = 60  # seconds
ONCE_MORE = 1  # second: no answer of ours is so long on its way
PATIENCE = 1  # second for a cache to answer
LONGEST = 4000  # bytes of tags; Varnish takes headers of 8,000
EVERYTHING = "*"


def headers(tags: Iterable[str], until: float) -> Headers:
    """Of a page that is what it is until then."""
    if not settings.CACHES_IN_FRONT or until - time.time() < KEEP:
        return []
    return [
        (b"surrogate-key", " ".join(sorted(tags)).encode()),
        (b"surrogate-control", b"max-age=%d" % KEEP),
    ]


def tell(tags: Iterable[str]) -> None:
    """All of them, now and in a second. Raises nothing."""
    words = " ".join(sorted(tags))
    words = words if len(words) <= LONGEST else EVERYTHING
    send(words)
    try:
        app.send_task("newsroom.tasks.purge_in_front", [words], countdown=ONCE_MORE)
    except OperationalError:
        log.warning("Caches in front are not told of a change twice: Redis is away")


def send(words: str) -> bool:
    """Have all caches taken it?"""
    told = [purge(cache, words) for cache in settings.CACHES_IN_FRONT]
    return all(told)


def purge(cache: str, words: str) -> bool:
    try:
        about = {"Surrogate-Key": words}
        answer = requests.request("PURGE", cache, headers=about, timeout=PATIENCE)
    except requests.RequestException as error:
        log.warning("A cache in front was not told of a change: %s", type(error).__name__)
        return False
    if answer.status_code != HTTPStatus.OK:
        log.warning("A cache in front does not take purges: it answers %s", answer.status_code)
    return answer.status_code == HTTPStatus.OK

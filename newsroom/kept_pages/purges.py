"""What changed and when: a stream in Redis that every web process follows.

A purge is one entry. Nothing is deleted for it: a page says as of which entry it was made, and is
dead once there is a later one about something that it shows. So a page that was being made while
an article changed is never served, whoever keeps it and however late it comes.

Who has not heard from Redis for a second, or finds another Redis there, trusts no kept page.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from newsroom.kept_pages.noting import EVERYTHING

log = logging.getLogger(__name__)

STREAM = "pages:purges"
FRESH, STALE = 300, 300  # seconds that a page is good for, and may be shown while it is made anew
REMEMBERED = (FRESH + STALE + 60) * 1000  # milliseconds; every page is over by then
SILENCE = 1.0  # seconds
LISTEN = 250  # milliseconds
MOST = 10_000  # tags that a process remembers; then all pages are made anew

Moment = tuple[int, int]  # an entry's id
NEVER: Moment = (0, 0)


@cache
def _redis(url: str) -> redis.Redis:
    return redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def tell(tags: Iterable[str]) -> bool:
    """From now on no page is shown that has one of these. Was it taken?"""
    oldest = max(0, int(time.time() * 1000) - REMEMBERED)
    try:
        about = " ".join(sorted(tags))
        _redis(settings.REDIS_URL).xadd(STREAM, {"tags": about}, minid=str(oldest))
    except redis.RedisError as error:
        log.warning("Kept pages were not told of a change yet: %s", type(error).__name__)
        return False
    return True


def newest() -> Moment | None:
    """The last purge that Redis has; None: it does not say."""
    try:
        found: Any = _redis(settings.REDIS_URL).xrevrange(STREAM, count=1)
    except redis.RedisError:
        return None
    return moment_of(found[0][0]) if found else NEVER


def moment_of(name: bytes) -> Moment:
    at, _, number = name.decode().partition("-")
    return int(at), int(number)


class Purges:
    """The stream as one process knows it."""

    def __init__(self) -> None:
        self.last = NEVER
        self.of: dict[str, Moment] = {}  # tag -> its latest purge
        self.server = ""  # which Redis, since it was started: another one has forgotten purges
        self.heard_at = -SILENCE
        self.hears = False
        self.hearing = asyncio.Event()

    def known(self) -> bool:
        """Are all purges known that were a moment ago?"""
        return self.hears and time.monotonic() - self.heard_at < SILENCE

    async def are_known(self) -> bool:
        """Who was too busy to listen does it now, before Django has to answer."""
        if self.hears and not self.known():
            self.hearing.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENCE):
                    await self.hearing.wait()
        return self.known()

    def since(self, made: Moment, tags: Iterable[str]) -> bool:
        return any(self.of.get(tag, NEVER) > made for tag in tags)

    async def follow(self) -> None:
        """For ever. What was missed is read again from the beginning."""
        while True:
            store = Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0))
            try:
                await self.catch_up(store)
                while True:
                    await self.listen(store)
            except (redis.RedisError, OSError, TimeoutError):
                await asyncio.sleep(0.1)
            except Exception:  # else this process would keep no page any more, and not say why
                log.exception("Kept pages: what came from Redis is no purge")
                await asyncio.sleep(SILENCE)
            finally:
                self.hears = False
                await store.aclose()

    async def catch_up(self, store: Any) -> None:
        async with asyncio.timeout(SILENCE):
            server = await server_of(store)
            known = await store.xrange(STREAM)
        if server != self.server:
            self.of, self.last, self.server = {}, NEVER, server
        self.take(known)
        self.heard()

    async def listen(self, store: Any) -> None:
        last = "{}-{}".format(*self.last)
        async with asyncio.timeout(2 * SILENCE):
            found = await store.xread({STREAM: last}, block=LISTEN)
            if await server_of(store) != self.server:
                raise redis.ConnectionError("another Redis")
        for _, entries in found:
            self.take(entries)
        self.heard()

    def heard(self) -> None:
        self.heard_at, self.hears = time.monotonic(), True
        self.hearing.set()

    def take(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for name, about in entries:
            self.last = moment_of(name)
            self.of |= dict.fromkeys(about[b"tags"].decode().split(), self.last)
        if len(self.of) > MOST:
            self.of = {EVERYTHING: self.last}


async def server_of(store: Any) -> str:
    return str((await store.info("server"))["run_id"])

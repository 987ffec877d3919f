"""What changed and when: a stream in Redis that every web process follows.

A purge is one entry. Nothing is deleted for it: a page says as of which entry it was made, and is
dead once there is a later one about something that it shows. So a page that was being made while
an article changed is never served, whoever keeps it and however late it comes.

Each process asks for news while it is itself asked for pages. What it knows is good for requests
that came less than ``LEASE`` later, and a page that was made after a purge is given out when the
purge is ``LEASE`` old: so nobody sees the old page after the new one, whichever process answers.
Who can't ask Redis, or finds another one there, trusts no kept page.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from math import inf
from secrets import token_hex
from typing import Any

import redis
from django.conf import settings

from newsroom.core.environment.redis_url import async_store, store
from newsroom.kept_pages import in_front
from newsroom.kept_pages.noting import EVERYTHING

log = logging.getLogger(__name__)

STREAM = "pages:purges"
FRESH, STALE = 300, 300  # seconds that a page is good for, and may be shown while it is made anew
REMEMBERED = (FRESH + STALE + 60) * 1000  # milliseconds; every page is over by then
LIFE = "pages:life"  # a word of its own in each Redis; gone when it was emptied
LEASE = 0.05  # seconds
SOON = 0.025  # … and from then on somebody asks again, while nobody has to wait for it
PAUSE = 0.1  # until it is asked again
MOST = 10_000  # tags that a process remembers; then all pages are made anew

Moment = tuple[int, int]  # an entry's id
NEVER: Moment = (0, 0)


def tell(tags: Iterable[str]) -> bool:
    """From now on no page is shown that has one of these. Was it taken?"""
    taken = _write(tags)
    if settings.CACHES_IN_FRONT:
        time.sleep(LEASE)  # what they ask for from then on is none of before
        in_front.tell(tags)
    return taken


def _write(tags: Iterable[str]) -> bool:
    try:
        name: Any = store().xadd(STREAM, {"tags": " ".join(sorted(tags))})
    except redis.RedisError as error:
        log.warning("Kept pages were not told of a change yet: %s", type(error).__name__)
        return False
    with suppress(redis.RedisError):
        store().xtrim(STREAM, minid=max(0, moment_of(name)[0] - REMEMBERED))
    return True


def moment_of(name: bytes) -> Moment:
    at, _, number = name.decode().partition("-")
    return int(at), int(number)


class Purges:
    """The stream as one process knows it."""

    def __init__(self) -> None:
        self.last = NEVER
        self.of: dict[str, Moment] = {}  # tag -> its latest purge
        self.server = ""  # which Redis, since it was started or emptied: another forgot purges
        self.as_of = -inf  # all purges are known that were told until then
        self.ahead = 0.0  # seconds by which Redis' clock is ahead of ours, or less
        self.hears = True
        self.asking: asyncio.Task[None] | None = None
        self.store = async_store(1)

    async def are_known(self, since: float) -> bool:
        """Those that whoever asks for a page now may have seen the effect of; all until then."""
        now = time.monotonic()
        if now - self.as_of > SOON:
            self.begin_to_ask()
        return await self.know(max(now - LEASE, since))

    async def know(self, since: float) -> bool:
        """All that were told until then. While Redis is away nobody waits for it."""
        while self.as_of < since:
            asking = self.begin_to_ask()
            if not self.hears:
                return False
            await asyncio.wait([asking])
        return True

    def begin_to_ask(self) -> asyncio.Task[None]:
        if self.asking is None or self.asking.done():
            self.asking = asyncio.create_task(self.ask())
        return self.asking

    async def ask(self) -> None:
        if not self.hears:
            await asyncio.sleep(PAUSE)
        began = time.monotonic()
        try:
            self.take(await self.news())
        except (redis.RedisError, OSError, TimeoutError):
            self.hears = False
        except Exception:  # else this process would keep no page any more, and not say why
            log.exception("Kept pages: what came from Redis is no purge")
            self.hears = False
        else:
            self.as_of, self.hears = began, True

    async def settle(self) -> None:
        """Until every process knows the last purge, or shows no page of before it."""
        if self.last != NEVER:
            age = time.monotonic() + self.ahead - (self.last[0] + 1) / 1000
            await asyncio.sleep(min(LEASE - age, LEASE))

    def since(self, made: Moment, tags: Iterable[str]) -> bool:
        return any(self.of.get(tag, NEVER) > made for tag in tags)

    async def news(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """What came since the last time; of another Redis all that it has."""
        while True:
            together = self.store.pipeline(transaction=False)
            together.xread({STREAM: "{}-{}".format(*self.last)})
            together.info("server").get(LIFE).time()
            found, server, life, (seconds, micro) = await together.execute()
            if life is None:
                await self.store.set(LIFE, token_hex(8), nx=True)
                continue
            self.ahead = seconds + micro / 1e6 - time.monotonic()
            name = f"{server['run_id']} {life.decode()}"
            if name == self.server:
                return [entry for _, entries in found for entry in entries]
            self.of, self.last, self.server = {}, NEVER, name

    def take(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for name, about in entries:
            self.last = moment_of(name)
            self.of |= dict.fromkeys(about[b"tags"].decode().split(), self.last)
        if len(self.of) > MOST:
            self.of = {EVERYTHING: self.last}

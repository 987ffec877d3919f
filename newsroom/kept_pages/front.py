"""Answers with kept pages; everything else, and what is to be kept, is made by who stands behind.

Two layers: some pages in the process itself, as bytes ready to leave, and all in Redis for all
processes. A page that is not there is made once, however many ask for it.
"""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import redis

from newsroom.core.environment.redis_url import async_store
from newsroom.kept_pages.asked import Asked, Given, Scope, Visitor, asked, headers_of
from newsroom.kept_pages.noting import EVERYTHING, Facts, Note
from newsroom.kept_pages.page import Page, can_be_kept, is_for_all, made, with_cookie
from newsroom.kept_pages.purges import FRESH, NEVER, STALE, Purges
from newsroom.kept_pages.trust import Trust
from newsroom.metrics.requests import counts

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Key = tuple[str, Asked]

OWN = 32_000_000  # bytes of pages in each process
A_MINUTE = 10_000_000  # bytes of new pages in Redis: jobs live there, too
CONNECTIONS = 20  # to Redis; who gets none makes the page alone
TRIES = 3
MAKING = 5  # seconds that others wait for who makes a page
# Whose pages we show: those of processes with the same code and settings, forks of one parent.
FAMILY = secrets.token_hex(8)
AWAY = (redis.RedisError, OSError, TimeoutError)


class Own:
    """The pages in this process: those that were asked for last."""

    def __init__(self, most: int = OWN) -> None:
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.most, self.size = most, 0

    def get(self, key: Key) -> Page | None:
        if page := self.pages.get(key):
            self.pages.move_to_end(key)
        return page

    def put(self, key: Key, page: Page) -> None:
        self.drop(key)
        self.pages[key] = page
        self.size += page.size
        while self.size > self.most:
            self.drop(next(iter(self.pages)))

    def drop(self, key: Key) -> None:
        if page := self.pages.pop(key, None):
            self.size -= page.size


class KeptPages:
    """An ASGI application in front of another (“ASGI Specification”, 3.0)."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.own = Own()
        self.purges = Purges()
        self.trust = Trust()
        self.facts = Facts()
        self.in_work: dict[Asked, asyncio.Task[Page | None]] = {}
        self.redis: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if self.redis is None:
            self.begin()
        began, headers = time.monotonic(), headers_of(scope)
        what, visitor = asked(scope, headers), Visitor(headers)
        page, gets = None, Given("")
        if what and await self.is_trusted():
            page, gets = await self.find(what, visitor)
        if page is None or (not page.tags and scope["query_string"]):
            return await self.app(scope, receive, send)
        status, answered, body = page.answer(scope["method"] == "HEAD", headers)
        if scope["method"] == "GET":
            if gets.cookie:
                answered = with_cookie(answered, gets.cookie)
            if gets.word:
                counts.show(gets.word)
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self.count(page, status, time.monotonic() - began)
        return None

    async def is_trusted(self) -> bool:
        """First whether, then what: a change is told before it is no longer untold."""
        return await self.trust.is_given() and await self.purges.are_known(self.trust.since)

    def count(self, page: Page, status: int, seconds: float) -> None:
        """Once: what Django made, it has counted itself."""
        if page.counted:
            page.counted = False
        elif counts.add("kept", status, seconds):
            asyncio.get_running_loop().run_in_executor(None, counts.hand_over)

    def begin(self) -> None:
        self.redis = async_store(CONNECTIONS)

    async def find(self, what: Asked, visitor: Visitor) -> tuple[Page | None, Given]:
        """And what this reader gets of it. None: for Django itself, as it was asked."""
        if what.page:
            first = await self.kept(what.at(0), visitor)
            # “?page=2” of an article is the article; past the last one is the last one.
            what = what.at(min(what.page, first.pages) if first and first.pages > 1 else 0)
        page = await self.kept(what, visitor)
        if page is None or not page.differs:
            return page, Given("")
        gets = visitor.gets(page.differs)
        return await self.kept(what.as_for(gets.word), visitor), gets

    async def kept(self, what: Asked, visitor: Visitor) -> Page | None:
        page = self.mine(what)
        if page and page.is_fresh():
            return page
        task = self.in_work.get(what)
        if task is None:
            task = self.in_work[what] = asyncio.create_task(self.renew(what, visitor))
            task.add_done_callback(lambda _: self.in_work.pop(what, None))
        return page or await asyncio.shield(task)

    def mine(self, what: Asked) -> Page | None:
        """From this process, if nothing on it has changed."""
        key = (self.purges.server, what)
        if page := self.own.get(key):
            if self.is_good(page):
                return page
            self.own.drop(key)
        return None

    def is_good(self, page: Page) -> bool:
        if page.is_over():
            return False
        if page.looked_at != self.purges.last:
            if self.purges.since(page.made, page.tags):
                return False
            page.looked_at = self.purges.last
        return True

    async def renew(self, what: Asked, visitor: Visitor) -> Page | None:
        """From Redis, or made by one of all processes, while the others wait for it a little."""
        name = self.name_of(what)
        with suppress(*AWAY):
            for _ in range(MAKING * 20):
                if page := await self.shared(what):
                    return page
                if await self.redis.set(f"{name}:making", 1, nx=True, ex=MAKING):
                    break
                await asyncio.sleep(0.05)
        try:
            return await self.make(what, visitor)
        finally:
            with suppress(*AWAY):
                await self.redis.unlink(f"{name}:making")

    async def shared(self, what: Asked) -> Page | None:
        """A fresh one that somebody has kept."""
        packed = await self.redis.get(self.name_of(what))
        if packed and (page := Page.unpack(packed)).is_fresh() and self.is_good(page):
            self.own.put((self.purges.server, what), page)
            return page
        return None

    async def make(self, what: Asked, visitor: Visitor) -> Page | None:
        """By Django; anew, if what it shows has changed meanwhile: others wait for this one who
        came after the change. None: it is nothing that more than one may have. One that differs is
        kept under its word, and under none what it differs by."""

        def word_for(differs: str) -> str:
            return visitor.gets(differs).word if what.variant is None else what.variant

        for _ in range(TRIES):
            server, as_of = self.purges.server, self.purges.last
            note = Note(word_for, self.facts_now(), for_all=what.is_static)
            status, headers, body = await self.answer_to(what.scope(note))
            if not is_for_all(status, headers, note.for_all):
                return None
            if note.untold:
                await self.trust.look()  # it tells them
            # Of whatever it may show already; else what is remembered may be of before it.
            if not (self.trust.given and await self.purges.know(time.monotonic())):
                return None
            tags = note.tags()
            if server != self.purges.server or self.purges.since(as_of, tags):
                continue
            keeps = note.for_all and can_be_kept(status, headers, body)
            page = Page(status, headers, {b"": body}, counted=True)
            about: dict[str, Any] = {
                "tags": tags,
                "made": as_of,
                "until": note.until,
                "pages": note.pages,
            }
            if keeps:
                page = await asyncio.to_thread(made, status, headers, body, counted=True, **about)
            await self.purges.settle()
            whole = what._replace(variant=note.variant if note.differs else None)
            if keeps:
                await self.keep(server, whole, page)
            elif note.differs:
                return None  # others wait for this one
            if note.differs and what.variant is None:
                page = Page(status, [], {}, differs=note.differs, **about)
                await self.keep(server, what, page)
            return page
        return None

    async def keep(self, server: str, what: Asked, page: Page) -> None:
        self.own.put((server, what), page)
        with suppress(*AWAY):
            await self.share(self.name_of(what), page)

    def facts_now(self) -> Facts:
        """What pages that are made now may take from those before."""
        as_of = self.purges.server, self.purges.of.get(EVERYTHING, NEVER)
        if self.facts.as_of != as_of or time.time() >= self.facts.until:
            self.facts = Facts(as_of)
        return self.facts

    async def share(self, name: str, page: Page) -> None:
        packed = page.pack()
        minute = f"pages:bytes:{int(page.made_at) // 60}"
        sent = await self.redis.pipeline().incrby(minute, len(packed)).expire(minute, 120).execute()
        if sent[0] <= A_MINUTE:
            await self.redis.set(name, packed, ex=FRESH + STALE)

    async def answer_to(self, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in said)
        headers = [one for one in said[0]["headers"] if one[0] != b"content-length"]
        return said[0]["status"], headers, body

    def name_of(self, what: Asked) -> str:
        """In Redis: of this server's life, since purges before its restart may be lost."""
        about = repr((FAMILY, self.purges.server, what))
        return f"pages:{hashlib.sha256(about.encode()).hexdigest()[:32]}"

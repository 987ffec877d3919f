"""A web process inside of the tests: kept pages before the real front, threads and database."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from newsroom.kept_pages.front import KeptPages
from newsroom.kept_pages.noting import noted
from newsroom.web.front import Front


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    was_kept: bool  # Django had no part in it

    @property
    def text(self) -> str:
        return self.body.decode()


class Process:
    """Own layer, own stream, own loop: as another process would have."""

    def __init__(self, django: Any = None) -> None:
        self.made: list[str] = []  # what was asked of Django
        self.behind = Front(django or noted(get_wsgi_application()))
        self.pages = KeptPages(self.counted)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def counted(self, scope: Any, receive: Any, send: Any) -> None:
        self.made.append(f"{scope['path']}?{scope['query_string'].decode()}")
        await self.behind(scope, receive, send)

    def run(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    def start(self) -> "Process":
        async def begin() -> None:
            self.pages.begin()

        self.run(begin())
        until(self.knows)
        return self

    def knows(self) -> bool:
        """Of all purges that were told until now."""
        return self.run(self.pages.purges.know(time.monotonic()))

    def stop(self) -> None:
        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            while others:  # Python 3.11's wait_for may swallow one (python/cpython#86296)
                for task in others:
                    task.cancel()
                _, others = await asyncio.wait(others, timeout=0.2)
            await self.pages.redis.aclose()

        self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def get(self, url: str, method: str = "GET", **headers: Any) -> Answer:
        return self.run(self.ask(url, method, **headers))

    async def ask(
        self, url: str, method: str = "GET", twice: Sequence[tuple[str, str]] = (), **headers: str
    ) -> Answer:
        path, _, query = url.partition("?")
        ours = [("host", urlsplit(settings.BASE_URL).netloc)] if not twice else []
        sent = [*dict(ours, **headers).items(), *twice]
        named = [(name.replace("_", "-").encode(), v.encode()) for name, v in sent]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(path), "query_string": query.encode(), "headers": named,
        }  # fmt: skip
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        before = len(self.made)
        await self.pages(scope, receive, send)
        head = {name.decode(): value.decode("latin-1") for name, value in said[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in said)
        return Answer(said[0]["status"], head, body, len(self.made) == before)


@contextmanager
def process(django: Any = None) -> Iterator[Process]:
    started = Process(django).start()
    try:
        yield started
    finally:
        started.stop()


def until(check: Callable[[], Any], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def settled(web: Process, url: str, **headers: str) -> Answer:
    """Asked until it comes from the cache."""
    until(lambda: web.get(url, **headers).was_kept)
    web.made.clear()
    return web.get(url, **headers)

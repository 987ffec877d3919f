"""An article that is kept, at 64 connections: whole, as a 304, among many with purges; made
by Django; and how soon a change is seen. Beside the smallest ASGI application under the same
server. CPU is what one request costs the server: on a busy machine the truer number."""

import asyncio
import os
import random
import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from tests.benchmarks import given
from tests.benchmarks.mailing import start
from tests.environment import free_port, wait_for_port

CONNECTIONS, SECONDS, ARTICLES = 64, given("SECONDS", 5), given("ARTICLES", 2000)
WORKERS = given("WORKERS", 2)
WORDS = "<p>A sentence of an article that is about as long as most of them are.</p>" * 40
Figures = dict[str, tuple[float, str]]
BODY = b"x" * 4000


async def smallest(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})


class Reader(asyncio.Protocol):
    """One connection that asks again as soon as it has the answer."""

    def __init__(self, requests: list[bytes], waits: list[float], first: int) -> None:
        self.requests, self.waits, self.next = requests, waits, first
        self.left, self.got, self.ok = 0, b"", True

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.next += 1
        self.transport.write(self.requests[self.next % len(self.requests)])

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            return
        at = head.lower().find(b"content-length: ")
        has_body = at >= 0 and head[9:12] == b"200"
        length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if has_body else 0
        if len(body) >= length:
            self.ok = self.ok and head[9:12] in (b"200", b"304")
            self.waits.append(time.perf_counter() - self.began)
            self.got = b""
            self.ask()


async def load(url: str, asked: list[bytes], seconds: float, connections: int) -> list[float]:
    waits: list[float] = []
    loop, place = asyncio.get_running_loop(), urlsplit(url)
    apart = len(asked) // connections
    readers = [
        await loop.create_connection(
            lambda n=n: Reader(asked, waits, n * apart), place.hostname, place.port
        )
        for n in range(connections)
    ]
    await asyncio.sleep(seconds)
    for transport, reader in readers:
        assert reader.ok
        transport.abort()
    return waits


async def purging(about: Sequence[int], made: list[int]) -> None:
    """A change of some article ten times a second."""
    from newsroom.kept_pages.purges import tell

    while True:
        made.append(random.choice(about))
        await asyncio.to_thread(tell, [f"article:{made[-1]}"])
        await asyncio.sleep(0.1)


async def mixed(url: str, asked: list[bytes], about: Sequence[int], made: list[int]) -> list[float]:
    changes = asyncio.create_task(purging(about, made))
    try:
        return await load(url, asked, SECONDS, CONNECTIONS)
    finally:
        changes.cancel()


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import WEB, at, place
    from tests.factories import make_appeal, make_article, make_site

    section = make_site().section
    make_appeal()
    articles = [make_article(section, body=[("text", WORDS)]) for _ in range(ARTICLES)]
    host, ours = urlsplit(settings.BASE_URL).netloc, settings.BASE_URL
    alone = f"http://127.0.0.1:{free_port()}"
    os.environ["GRANIAN_HOST"], os.environ["GRANIAN_PORT"] = place(ours)
    figures: Figures = {}
    style_sheet = hashed_file()

    def asking(path: str, more: str = "") -> bytes:
        lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br, gzip\r\n{more}\r\n"
        return lines.encode()

    with ExitStack() as stack:
        web = start(stack, "manage.py", "run", f"web:{WORKERS}")
        wait_for_port(urlsplit(ours).port or 0)
        small = start(stack, *WEB[1:-1], *at(alone), "tests.benchmarks.pages:smallest")
        wait_for_port(urlsplit(alone).port or 0)

        def measure(name: str, served: Any, work: Any, seconds: float = SECONDS) -> None:
            spent = cpu(served)
            waits = asyncio.run(work)
            many = len(waits)
            figures[name] = (many / seconds, "/s")
            figures[f"{name}, p99"] = (statistics.quantiles(waits, n=100)[98] * 1000, "ms")
            figures[f"{name}, CPU"] = ((cpu(served) - spent) / many * 1e6, "µs")

        for _ in range(20):  # both have loaded all
            requests.get(f"{ours}/search/", timeout=60)
        path, paths = articles[0].url, [asking(article.url) for article in articles]
        # Each is asked for once at most: no connection comes round in that time.
        measure("made by Django", web, load(ours, paths, SECONDS, 4))
        for other in ("/", section.url):
            alone_by_django = [asking(other, "Authorization: Basic eA==\r\n")]
            measure(f"{other} by Django", web, load(ours, alone_by_django, SECONDS, 4))
        etag = requests.get(f"{ours}{path}", timeout=60).headers["ETag"]
        measure(
            "smallest ASGI application", small, load(alone, [asking("/")], SECONDS, CONNECTIONS)
        )
        measure("kept article", web, load(ours, [asking(path)], SECONDS, CONNECTIONS))
        known = [asking(path, f"If-None-Match: {etag}\r\n")]
        measure("kept article, 304", web, load(ours, known, SECONDS, CONNECTIONS))
        storm = [asking(f"{path}?utm_source={n}&page=x{n}") for n in range(10_000)]
        measure("10,000 query strings", web, load(ours, storm, SECONDS, CONNECTIONS))
        static = [asking(f"/static/{style_sheet}")]
        measure("a static file", web, load(ours, static, SECONDS, CONNECTIONS))
        for article in articles:
            requests.get(f"{ours}{article.url}", timeout=60)
        purged: list[int] = []
        about = [article.pk for article in articles]
        before = answered(ours)
        measure(f"{ARTICLES} articles, purges", web, mixed(ours, paths, about, purged))
        kept, made = (now - then for now, then in zip(answered(ours), before, strict=True))
        figures["… of them kept"] = (100 * kept / (kept + made), "%")
        figures["… purges"] = (len(purged) / SECONDS, "/s")
        visible = [seconds_until_seen(articles[n], ours) for n in range(10)]
        figures["a change is visible, median"] = (statistics.median(visible) * 1000, "ms")
        figures["a change is visible, worst"] = (max(visible) * 1000, "ms")
        shared = [web, *web.children(recursive=True)]
        figures["memory of the web processes, PSS"] = (
            sum(process.memory_full_info().pss for process in shared) / 1e6, "MB",
        )  # fmt: skip
        figures["… and as RSS, which counts twice what is shared"] = (
            sum(process.memory_info().rss for process in shared) / 1e6, "MB",
        )  # fmt: skip
    return {"connections": CONNECTIONS, "articles": ARTICLES, "workers": WORKERS}, figures


def hashed_file() -> str:
    """A style sheet under a name that production gives it."""
    from django.conf import settings
    from django.contrib.staticfiles import finders

    name = "newsroom/site.0123456789ab.css"
    there = Path(settings.STATIC_ROOT) / name
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(finders.find("newsroom/site.css"), there)
    return name


def seconds_until_seen(article: Any, url: str) -> float:
    """From the moment at which it is committed, asked for again and again."""
    article.title = f"New at {time.perf_counter()}"
    article.save_revision().publish()
    began = time.perf_counter()
    while article.title not in requests.get(f"{url}{article.url}", timeout=60).text:
        pass
    return time.perf_counter() - began


def answered(url: str) -> tuple[int, int]:
    """Without Django, and by it, as /metrics has it; handed over every few seconds."""
    from newsroom.metrics import requests as counted

    time.sleep(counted.EVERY + 1)
    for _ in range(20):  # a process hands over when it is asked for something
        requests.get(f"{url}/", timeout=60)
    time.sleep(1)
    found = counted.store().hgetall(counted.KEY)
    return int(found.get(b"requests kept 2xx", 0)), int(found.get(b"requests page 2xx", 0))


def cpu(parent: psutil.Process) -> float:
    """Seconds that it and its children have worked."""
    family = [parent, *parent.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)

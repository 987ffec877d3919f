"""An article that is kept, at 64 connections: whole, as a 304, with purges going on, and by Django;
beside the smallest ASGI application under the same server, in one run. CPU is what one request
costs the server: on a busy machine the truer number."""

import asyncio
import statistics
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from tests.benchmarks import given
from tests.environment import free_port, wait_for_port

CONNECTIONS, SECONDS, ARTICLES = 64, given("SECONDS", 5), given("ARTICLES", 200)
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
    readers = [
        await loop.create_connection(
            lambda n=n: Reader(asked, waits, n * 7), place.hostname, place.port
        )
        for n in range(connections)
    ]
    await asyncio.sleep(seconds)
    for transport, reader in readers:
        assert reader.ok
        transport.abort()
    return waits


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import WEB, at
    from newsroom.kept_pages.purges import tell
    from tests.benchmarks.webhooks import start
    from tests.factories import make_appeal, make_article, make_site

    section = make_site().section
    make_appeal()
    articles = [make_article(section) for _ in range(ARTICLES)]
    host = urlsplit(settings.BASE_URL).netloc
    alone = f"http://127.0.0.1:{free_port()}"
    figures: Figures = {}

    def asking(path: str, more: str = "") -> bytes:
        lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br, gzip\r\n{more}\r\n"
        return lines.encode()

    with ExitStack() as stack:
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        start(stack, *WEB[1:], *at(settings.BASE_URL), "newsroom.asgi:application")
        wait_for_port(urlsplit(settings.BASE_URL).port or 0)
        web = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
        start(stack, *WEB[1:], *at(alone), "tests.benchmarks.pages:smallest")
        wait_for_port(urlsplit(alone).port or 0)
        others = {p.pid for p in web} | before
        small = [p for p in psutil.Process().children(recursive=True) if p.pid not in others]

        def measure(name: str, url: str, asked: list[bytes], servers: Any, **how: Any) -> None:
            spent = cpu(servers)
            waits = asyncio.run(
                load(url, asked, how.get("seconds", SECONDS), how.get("connections", CONNECTIONS))
            )
            many = len(waits)
            figures[name] = (many / how.get("seconds", SECONDS), "/s")
            figures[f"{name}, p99"] = (statistics.quantiles(waits, n=100)[98] * 1000, "ms")
            figures[f"{name}, CPU"] = ((cpu(servers) - spent) / many * 1e6, "µs")

        path = articles[0].url
        uncached = [asking(path, "Authorization: Basic eA==\r\n")]
        requests.get(f"{settings.BASE_URL}{path}", timeout=60)
        measure("by Django", settings.BASE_URL, uncached, web, connections=4)
        requests.get(f"{settings.BASE_URL}{path}", timeout=60)
        time.sleep(1)
        etag = requests.get(f"{settings.BASE_URL}{path}", timeout=60).headers["ETag"]
        measure("smallest ASGI application", alone, [asking("/")], small)
        measure("kept article", settings.BASE_URL, [asking(path)], web)
        known = [asking(path, f"If-None-Match: {etag}\r\n")]
        measure("kept article, 304", settings.BASE_URL, known, web)
        for article in articles:
            requests.get(f"{settings.BASE_URL}{article.url}", timeout=60)
        mixed = [asking(article.url) for article in articles]
        measure(f"{ARTICLES} kept articles", settings.BASE_URL, mixed, web)
        visible = []
        for _ in range(5):
            old = requests.get(f"{settings.BASE_URL}{path}", timeout=60)
            tell([f"article:{articles[0].pk}"])
            began = time.perf_counter()
            while requests.get(f"{settings.BASE_URL}{path}", timeout=60).text == old.text:
                if time.perf_counter() - began > 2:  # the stamp's second is the same
                    break
            visible.append(time.perf_counter() - began)
            time.sleep(1)
        figures["a purge is visible, median"] = (statistics.median(visible) * 1000, "ms")
        figures["memory of the web processes"] = (
            sum(process.memory_info().rss for process in web) / 1e6, "MB",
        )  # fmt: skip
    return {"connections": CONNECTIONS, "articles": ARTICLES}, figures


def cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)

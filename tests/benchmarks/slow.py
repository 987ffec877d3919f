"""What a reader waits for pages while others hold on to their connections as long as they can; and
what the front costs beside Django alone, in one run."""

import os
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.benchmarks import given
from tests.environment import free_port, wait_for_port

CLIENTS = given("CLIENTS", 300)
ROUNDS = 40
Figures = dict[str, tuple[float, str]]


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import WEB, at, sandbox
    from tests.benchmarks.webhooks import start
    from tests.factories import make_article, make_site
    from tests.faults.slow_clients import slow_clients

    article = make_article(make_site().section).url
    alone = f"http://127.0.0.1:{free_port()}"
    wsgi = [*sandbox("django.core.wsgi:get_wsgi_application", alone), "--factory"]
    with ExitStack() as stack:
        start(stack, *WEB[1:], *at(settings.BASE_URL))
        start(stack, *wsgi[1:])
        for url in (settings.BASE_URL, alone):
            wait_for_port(urlsplit(url).port or 0)
        quiet = waits(settings.BASE_URL, article)
        large = Path(settings.MEDIA_ROOT) / "images" / "large.jpg"
        large.parent.mkdir(parents=True, exist_ok=True)
        large.write_bytes(os.urandom(5_000_000))
        with slow_clients(settings.BASE_URL, CLIENTS, path="/media/images/large.jpg"):
            time.sleep(2)
            slow = waits(settings.BASE_URL, article)
        behind = [per_second(settings.BASE_URL), per_second(alone)]
    return {"clients": CLIENTS, "rounds": ROUNDS}, {
        "article, alone, median": (statistics.median(quiet) * 1000, "ms"),
        "article, alone, worst": (max(quiet) * 1000, "ms"),
        "article, slow clients, median": (statistics.median(slow) * 1000, "ms"),
        "article, slow clients, worst": (max(slow) * 1000, "ms"),
        "/healthz one by one, with front": (behind[0], "/s"),
        "/healthz one by one, Django alone": (behind[1], "/s"),
    }


def waits(url: str, path: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        assert requests.get(url + path, timeout=60).ok
        found.append(time.monotonic() - began)
    return found


def per_second(url: str) -> float:
    with requests.Session() as session:
        began, asked = time.monotonic(), 0
        while time.monotonic() - began < 5:
            session.get(f"{url}/healthz", timeout=10)
            asked += 1
    return asked / 5

"""Two real web processes, forks of one parent, while an article changes and one of them stands
still now and then: who has seen the new words never sees the old ones again."""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings
from django.db import connection

from newsroom.devserver import engines
from newsroom.models import ArticlePage
from tests.environment import ROOT, wait_for_port
from tests.factories import make_article, make_site

READERS, VERSIONS = 12, 12
PLACE = urlsplit(settings.BASE_URL)


@contextmanager
def web_processes() -> Iterator[list[psutil.Process]]:
    """Of the world of this test."""
    database = f"postgres://postgres@/{connection.settings_dict['NAME']}?host={engines.sockets()}"
    about = {"DATABASE_URL": database, "GRANIAN_PORT": str(PLACE.port)}
    about["SECRET_KEY"] = settings.SECRET_KEY  # cookies that we sign are theirs
    command = [sys.executable, "manage.py", "run", "web:2", "--patience", "3"]
    parent = subprocess.Popen(command, cwd=ROOT, env=os.environ | about)
    try:
        wait_for_port(PLACE.port or 0, 120)
        [web] = psutil.Process(parent.pid).children()
        yield [child for child in web.children() if "worker" in child.name()] or web.children()
    finally:
        parent.terminate()
        parent.wait(30)


@pytest.fixture
def workers(transactional_db) -> Iterator[list[psutil.Process]]:
    with web_processes() as started:
        yield started


class Answer(NamedTuple):
    began: float
    ended: float
    version: int
    has_etag: bool  # it is kept


def read(url: str, until: list[float]) -> list[Answer]:
    """On one connection."""
    seen: list[Answer] = []
    ours = HTTPConnection(PLACE.hostname or "", PLACE.port, timeout=60)
    while not until or time.monotonic() < until[0]:
        began = time.monotonic()
        ours.request("GET", url)
        answer = ours.getresponse()
        found = re.search(rb"<h1>Version (\d+)", answer.read())
        assert found
        seen.append(Answer(began, time.monotonic(), int(found[1]), bool(answer.headers["ETag"])))
    return seen


def publish(pk: int, version: int) -> None:
    article = ArticlePage.objects.get(pk=pk)
    article.title = f"Version {version}"
    article.save_revision().publish()


@pytest.mark.rare
def test_nobody_sees_the_old_page_after_the_new_one(workers) -> None:
    article = make_article(make_site().section, title="Version 0")
    until: list[float] = []
    with ThreadPoolExecutor(READERS) as threads:
        reading = [threads.submit(read, article.url, until) for _ in range(READERS)]
        time.sleep(2)
        asked = [{c.raddr for c in one.net_connections() if c.raddr} for one in workers]
        for version in range(1, VERSIONS):
            still = random.choice(workers) if version % 2 else None
            if still:
                still.suspend()
            publish(article.pk, version)
            time.sleep(random.uniform(0.1, 0.4))
            if still:
                still.resume()
                time.sleep(random.uniform(0, 0.2))
        until.append(time.monotonic() + 2)
        answers = [answer for one in reading for answer in one.result()]
    assert len(workers) == 2 and all(asked)
    newest, had = 0, sorted((answer.ended, answer.version) for answer in answers)
    for answer in sorted(answers):
        while had and had[0][0] < answer.began:
            newest = max(newest, had.pop(0)[1])
        assert answer.version >= newest
    assert newest == VERSIONS - 1
    assert sum(answer.has_etag for answer in answers) > len(answers) / 2 > 50

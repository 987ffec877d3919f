"""Varnish in front, as deploy/varnish.vcl has it: quick, and told of what changes."""

import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from newsroom.celery import app
from newsroom.kept_pages import in_front
from newsroom.models import ArticlePage
from tests.environment import ROOT, free_port, wait_for_port
from tests.factories import make_appeal, make_article, make_site
from tests.newsroom.kept_pages.test_front import hidden
from tests.newsroom.kept_pages.test_two_processes import PLACE, publish, web_processes
from tests.tools import path_of

VCL = (ROOT / "deploy/varnish.vcl").read_text()


class Varnish:
    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, url: str, method: str = "GET", **headers: str) -> HTTPResponse:
        ours = HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        ours.request(method, url, headers={"Host": PLACE.netloc, **named})
        answer = ours.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        return answer

    def keeps(self, url: str, **headers: str) -> bool:
        """Does it answer without the site?"""
        self.ask(url, **headers)
        time.sleep(1.1)  # its ages are whole seconds
        return int(self.ask(url, **headers).headers["Age"] or 0) > 0


@pytest.fixture
def varnish(transactional_db, settings, tmp_path: Path, monkeypatch) -> Iterator[Varnish]:
    program = path_of("varnishd")
    if program is None:
        pytest.skip("needs Debian's varnish and varnish-modules")
    port = free_port()
    vcl = tmp_path / "varnish.vcl"
    vcl.write_text(VCL.replace('"8000"', f'"{PLACE.port}"'))
    monkeypatch.setenv("CACHES_IN_FRONT", f"http://127.0.0.1:{port}")
    settings.CACHES_IN_FRONT = [f"http://127.0.0.1:{port}"]
    command = [program, "-F", "-a", f"127.0.0.1:{port}", "-f", str(vcl), "-n", str(tmp_path / "v")]
    with web_processes():
        process = subprocess.Popen([*command, "-j", "none"], stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield Varnish(port)
        finally:
            process.terminate()
            process.wait(20)


def test_varnish_shows_pages_by_itself_until_they_change(varnish: Varnish) -> None:
    make_appeal()
    article = make_article(make_site().section, title="Version 0")
    assert varnish.keeps(article.url)
    told = varnish.ask(article.url)
    assert not {"Surrogate-Key", "Surrogate-Control", "xkey", "Via"} & set(told.headers)
    # Where somebody comes from, and another's cookie, make no other page.
    for url in ("?utm_source=a", "?fbclid=1&utm_x=2", "?ref=3"):
        assert int(varnish.ask(article.url + url, Cookie="other=1").headers["Age"]) > 0
    assert not varnish.keeps(article.url, Cookie=hidden())  # who said “later” has their own
    asks = "Remind me later"
    assert asks in told.text and asks not in varnish.ask(article.url, Cookie=hidden()).text

    publish(article.pk, 1)
    assert "<h1>Version 1" in varnish.ask(article.url).text
    ArticlePage.objects.get(pk=article.pk).unpublish()
    assert varnish.ask(article.url).status == 404
    assert "Version 1" not in varnish.ask("/").text


def test_nobody_but_us_tells_it(varnish: Varnish) -> None:
    article = make_article(make_site().section, title="Version 0")
    assert varnish.keeps(article.url)
    through_a_proxy = varnish.ask("/", "PURGE", Surrogate_Key="*", X_Forwarded_For="198.51.100.7")
    assert through_a_proxy.status == 403
    assert int(varnish.ask(article.url).headers["Age"]) > 0
    assert in_front.send("*") and not varnish.ask(article.url).headers["Age"].strip("0")


def test_it_is_told_twice_and_one_that_is_away_stops_nothing(settings, monkeypatch) -> None:
    queued: list[tuple[object, ...]] = []
    monkeypatch.setattr(app, "send_task", lambda *args, **more: queued.append((*args, more)))
    settings.CACHES_IN_FRONT = [f"http://127.0.0.1:{free_port()}"]
    in_front.tell({"newest", "article:7"})
    in_front.tell({f"article:{number}" for number in range(1000)})
    assert [one[1] for one in queued] == [["article:7 newest"], ["*"]]
    assert queued[0][2] == {"countdown": 1}


def test_pages_that_change_soon_by_themselves_are_not_to_be_kept(settings) -> None:
    settings.CACHES_IN_FRONT = ["http://127.0.0.1:1"]
    assert in_front.headers({"*", "newest"}, time.time() + 3600)[0] == (
        b"surrogate-key",
        b"* newest",
    )
    assert in_front.headers({"*"}, time.time() + 30) == []
    settings.CACHES_IN_FRONT = []
    assert in_front.headers({"*"}, time.time() + 3600) == []

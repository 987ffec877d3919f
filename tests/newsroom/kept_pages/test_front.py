"""What is kept, for whom, and what is not."""

import asyncio
import gzip
import re
from datetime import timedelta

import brotli
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from donations.asking import ask_cookie
from newsroom.kept_pages import front, noting, purges
from newsroom.models import PreviewLink
from tests.factories import make_appeal, make_article, make_site
from tests.newsroom.kept_pages.reader import process, until

STAMP = re.compile('name="stamp" value="[^"]+"')
LONG = "x" * 10_000


@pytest.fixture
def article(web):
    make_appeal()
    return make_article(make_site().section, title="Bread")


def hidden() -> str:
    response = HttpResponse()
    ask_cookie.hide(response, timezone.now() + timedelta(days=3))
    return f"ask={response.cookies['ask'].value}"


def settled(web, url: str, **headers: str):
    """Asked until it comes from the cache."""
    until(lambda: web.get(url, **headers).was_kept)
    web.made.clear()
    return web.get(url, **headers)


def test_answers_without_django_in_the_coding_that_the_client_takes(web, article) -> None:
    plain = settled(web, article.url)
    small = web.get(article.url, accept_encoding="gzip, deflate, br;q=1.0")
    old = web.get(article.url, accept_encoding="gzip, br;q=0")
    assert "Bread" in plain.text and web.made == []
    assert brotli.decompress(small.body) == gzip.decompress(old.body) == plain.body
    assert small.headers["content-encoding"] == "br" and len(small.body) < len(plain.body) / 3
    assert "Accept-Encoding" in small.headers["vary"]
    assert "default-src 'none'" in small.headers["content-security-policy"]


def test_client_that_has_it_gets_no_body(web, article) -> None:
    page = settled(web, article.url)
    again = web.get(article.url, if_none_match=page.headers["etag"])
    head = web.get(article.url, method="HEAD")
    assert (again.status, again.body) == (304, b"") and again.headers["etag"] == page.headers[
        "etag"
    ]
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]
    feed = settled(web, "/feed/")
    assert web.get("/feed/", if_modified_since=feed.headers["last-modified"]).status == 304
    assert web.made == []


def test_what_strangers_add_is_neither_looked_at_nor_shown(web, article) -> None:
    page = settled(web, article.url)
    for number in range(200):
        for query in (f"utm_source={number}", f"fbclid={number}", f"page={number}", "page=<b>"):
            assert web.get(f"{article.url}?{query}").text == page.text
    odd = {"x_forwarded_host": "evil.example", "x_forwarded_for": "1.2.3.4", "origin": "null"}
    odd |= {"accept_language": LONG, "accept_encoding": LONG, "cookie": f"a={LONG}; ask=forged"}
    odd |= {"user_agent": LONG, "x_forwarded_proto": "https", "x_original_url": "/admin/"}
    for name, value in odd.items():
        assert web.get(article.url, **{name: value}).text == page.text, name
    assert web.made == [] and len(web.pages.own.pages) == 1


def test_whoever_asks_first_leaves_nothing_on_the_page(web, article) -> None:
    strange = {"x_forwarded_host": "evil.example", "cookie": "messages=evil; csrftoken=evil"}
    strange |= {"accept_language": "de-evil, en;q=0.1", "referer": "http://evil.example/"}
    until(lambda: web.get(f"{article.url}?utm_source=evil", **strange).was_kept)
    assert "evil" not in web.get(article.url, accept_language="de").text


def test_other_hosts_and_whoever_is_signed_in_get_what_django_says(web, article) -> None:
    settled(web, article.url)
    session = f"{settings.SESSION_COOKIE_NAME}=abcdefgh"
    for headers in ({"host": "evil.example"}, {"cookie": session}, {"authorization": "Basic eA=="}):
        assert not web.get(article.url, **headers).was_kept
    assert len(web.pages.own.pages) == 1


def test_pages_differ_by_the_ask_and_by_language_alone(web, article) -> None:
    shown, without = settled(web, article.url), settled(web, article.url, cookie=hidden())
    assert "box-ask" in shown.text and "box-ask" not in without.text
    forged = web.get(article.url, cookie="ask=9999999999:abc")
    assert forged.was_kept and forged.text == shown.text
    german = settled(web, f"/de{article.url}")
    assert 'lang="de"' in german.text and web.get(f"/de{article.url}", accept_language="pl").text
    assert settled(web, article.url, accept_language="de").text != german.text  # links stay there
    euros = settled(web, article.url, accept_language="en, de;q=0.5")
    assert 'data-currency="usd"' in shown.text and 'data-currency="eur"' in euros.text
    home = settled(web, "/", cookie=hidden())
    assert web.get("/").was_kept and web.get("/").text == home.text  # it asks for nothing


def test_only_what_a_view_gives_is_kept(web, article) -> None:
    draft = make_article(article.section, live=False)
    link = PreviewLink.objects.create(
        article=draft, ends_at=timezone.now() + timedelta(days=1), note=""
    )
    forms = ["/support/", "/support/manage/", "/newsletter/check-your-inbox/", "/search/?q=bread"]
    for url in (*forms, f"/preview/{link.token}/", draft.url, "/admin/login/", "/robots.txt"):
        assert not any(web.get(url).was_kept for _ in range(3)), url
    assert not web.pages.own.pages


@pytest.mark.parametrize("header", ["Set-Cookie: a=b", "Cache-Control: private", "status: 404"])
def test_what_is_somebodys_own_is_not_kept_whatever_its_view_says(header, transactional_db) -> None:
    name, _, value = header.partition(": ")

    def django(environ, start_response):
        noting.keep()
        status = value if name == "status" else "200"
        start_response(f"{status} So", [("Content-Type", "text/html"), (name, value)])
        return [b"own"]

    with process(noting.noted(django)) as web:
        assert [web.get("/").was_kept for _ in range(3)] == [False] * 3


def test_page_that_is_kept_says_nothing_of_one_visit(web, article) -> None:
    """Two made at the same moment, by different visitors, are the same but for the stamp."""
    paths = [article.url, "/", "/politics/", "/newsletter/", "/newsletter/weekly/", "/privacy/"]
    for path in paths:
        texts = set()
        for _ in range(2):
            web.pages.own.pages.clear()
            web.pages.redis and web.run(web.pages.redis.flushdb())
            until(web.pages.purges.known)
            texts.add(STAMP.sub("", web.get(path).text))
        assert len(texts) == 1, path
        assert "csrf" not in texts.pop()


def test_thousand_at_once_cost_one_page(web, article) -> None:
    settled(web, article.url)
    web.run(web.pages.redis.flushdb())
    web.pages.own.pages.clear()
    web.made.clear()

    async def all_at_once():
        return await asyncio.gather(*(web.ask(article.url) for _ in range(1000)))

    assert {answer.status for answer in web.run(all_at_once())} == {200}
    assert len(web.made) == 1


def test_old_page_is_shown_while_a_new_one_is_made(web, article, monkeypatch) -> None:
    old = settled(web, article.url)
    monkeypatch.setattr("newsroom.kept_pages.page.FRESH", -1)
    assert web.get(article.url).body == old.body
    until(lambda: web.made)


def test_pages_in_a_process_are_bounded(web, monkeypatch) -> None:
    section = make_site().section
    articles = [make_article(section) for _ in range(6)]
    monkeypatch.setattr(web.pages.own, "most", 30_000)
    for one in articles:
        settled(web, one.url)
    kept = web.pages.own
    assert kept.size == sum(page.size for page in kept.pages.values()) <= 30_000
    assert 0 < len(kept.pages) < 6 and settled(web, articles[0].url).status == 200  # from Redis


def test_pages_in_redis_are_bounded(web, article, monkeypatch) -> None:
    monkeypatch.setattr(front, "A_MINUTE", 0)
    settled(web, article.url)
    name = web.pages.name_of(next(iter(web.pages.own.pages))[1])
    assert web.run(web.pages.redis.exists(name)) == 0
    assert purges.REMEMBERED > (purges.FRESH + purges.STALE) * 1000

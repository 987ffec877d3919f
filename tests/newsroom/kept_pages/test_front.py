"""What is kept, for whom, and what is not."""

import asyncio
import gzip
import itertools
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import brotli
import pytest
from django.conf import settings
from django.utils import timezone
from wagtail.models import PageViewRestriction

from donations.asking import ask_cookie, times_shown
from donations.asking.deciding import Memory
from donations.models import AskShown
from newsroom.core.postgresql import base
from newsroom.kept_pages import front, noting, purges
from newsroom.metrics import requests
from newsroom.metrics.requests import counts
from newsroom.models import PreviewLink, SectionPage
from newsroom.models.pages import ARTICLES_A_PAGE
from tests.factories import make_appeal, make_article, make_site
from tests.newsroom.kept_pages.reader import process, settled, until

STAMP = re.compile('name="stamp" value="[^"]+"')
LONG = "x" * 10_000
BY_WORD = 2  # by what an article with an ask differs, and the one for a reader's word


@pytest.fixture
def article(web):
    make_appeal()
    return make_article(make_site().section, title="Bread")


def hidden() -> str:
    return f"ask={ask_cookie.sealed(Memory(until=ask_cookie.day_of(timezone.now()) + 3))}"


def test_answers_without_django_in_the_coding_that_the_client_takes(web, article) -> None:
    plain = settled(web, article.url)
    small = web.get(article.url, accept_encoding="gzip, deflate, br;q=1.0")
    old = web.get(article.url, accept_encoding="gzip, br;q=0")
    assert "Bread" in plain.text and web.made == []
    assert brotli.decompress(small.body) == gzip.decompress(old.body) == plain.body
    assert small.headers["content-encoding"] == "br" and len(small.body) < len(plain.body) / 3
    assert "Accept-Encoding" in small.headers["vary"]
    assert "default-src 'none'" in small.headers["content-security-policy"]


def test_box_that_is_rendered_once_leads_back_to_the_page_on_which_it_stands(web, article) -> None:
    for one in (article, make_article(SectionPage.objects.get(), title="Salt", slug="соль")):
        page = settled(web, one.url).text
        assert f'name="back" value="{unquote(one.url)}"' in page and "\ufdd0" not in page


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
    assert web.made == [] and len(web.pages.own.pages) == BY_WORD


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
    assert len(web.pages.own.pages) == BY_WORD


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


def test_cookie_that_counts_goes_to_its_reader_alone(web, article) -> None:
    """“After I have read two more articles”: the page is the same for all, and nobody keeps the
    answer that has a cookie."""
    settled(web, article.url)
    silent = Memory(until=ask_cookie.day_of(timezone.now()) + 30, more=2)
    cookie = ask_cookie.sealed(silent)
    settled(web, article.url, cookie=f"ask={cookie}")
    for more, asks in ((1, False), (0, True)):
        answer = web.get(article.url, cookie=f"ask={cookie}")
        assert ("box-ask" in answer.text) == asks and answer.was_kept
        assert answer.headers["cache-control"] == "private, no-cache"
        cookie = answer.headers["set-cookie"].partition("ask=")[2].partition(";")[0]
        assert ask_cookie.opened(cookie).more == more
    for again in (web.get(article.url, cookie=f"ask={cookie}"), web.get(article.url)):
        assert again.was_kept and "set-cookie" not in again.headers
    other = make_article(article.section)  # made by Django for somebody with such a cookie
    first = web.get(other.url, cookie=f"ask={ask_cookie.sealed(silent)}")
    assert "set-cookie" in first.headers and "box-ask" not in first.text
    assert "box-ask" in web.get(other.url).text


def test_files_whose_name_has_a_hash_are_kept_and_others_are_not(transactional_db) -> None:
    names = ["kept.0123456789ab.css", "kept.0123456789ab.png", "kept.css"]
    files = [Path(settings.STATIC_ROOT) / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"p { margin: 0 }" * 100)
    try:
        with process() as web:
            style, picture = (settled(web, f"/static/{name}") for name in names[:2])
            small = web.get(f"/static/{names[0]}", accept_encoding="br")
            assert brotli.decompress(small.body) == style.body == picture.body
            assert style.headers["content-type"].startswith("text/css")
            assert (
                "content-encoding"
                not in web.get(f"/static/{names[1]}", accept_encoding="br").headers
            )  # it is small already
            for other in (names[2], "none.0123456789ab.css", "../settings.0123456789ab.py"):
                assert not any(web.get(f"/static/{other}").was_kept for _ in range(3)), other
    finally:
        for file in files:
            file.unlink()


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


def test_forms_on_a_kept_page_work_without_script_and_cookie(web, article, client) -> None:
    page = settled(web, article.url)
    assert "set-cookie" not in page.headers and "csrf" not in page.text
    sent = {"Sec-Fetch-Site": "same-origin", "Origin": settings.BASE_URL}
    stamp = re.search(STAMP, page.text)[0].split('"')[3]
    signup = re.search('action="([^"]+/signup/)"', page.text)[1]
    answer = client.post(
        signup, {"email": "ann@example.org", "stamp": stamp, "consent": "on"}, headers=sent
    )
    assert answer.status_code == 302 and "check-your-inbox" in answer.url
    later = re.search('class="later" method="post" action="([^"]+)"', page.text)[1]
    answer = client.post(later, {"when": "month", "stamp": stamp}, headers=sent)
    assert answer.status_code in (200, 302) and answer.cookies["ask"].value
    without = web.get(article.url, cookie=f"ask={answer.cookies['ask'].value}")
    assert "box-ask" not in without.text
    assert client.post(f"/read/{article.pk}/").status_code == 204


def test_ask_is_over_on_the_second(web) -> None:
    """Of all that begin or end by themselves the next one, whether it shows there or not."""
    article = make_article(make_site().section)
    now = timezone.now()
    make_appeal(ends_at=now + timedelta(days=2))
    make_appeal(starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1))
    make_appeal(starts_at=now + timedelta(days=1))
    make_appeal(starts_at=now + timedelta(hours=1), live=False)
    assert "box-ask" in settled(web, article.url).text
    whats = [what for _, what in web.pages.own.pages]
    for page in web.pages.own.pages.values():
        assert page.until == (now + timedelta(days=1)).timestamp() and not page.is_over()
        page.until = time.time()
        assert page.is_over()
    assert [web.pages.mine(what) for what in whats] == [None] * BY_WORD


def test_two_hosts_or_two_cookie_headers_hide_nothing(web, article) -> None:
    settled(web, article.url)
    ours, session = urlsplit(settings.BASE_URL).netloc, f"{settings.SESSION_COOKIE_NAME}=abcdefgh"
    assert not web.get(article.url, twice=[("host", "evil.example"), ("host", ours)]).was_kept
    assert not web.get(article.url, twice=[("cookie", session), ("cookie", "a=b")]).was_kept


def test_answers_are_counted_once_whoever_gave_them(web, article) -> None:
    def counted() -> int:
        return sum(many for field, many in requests.counts.fields.items() if "requests" in field)

    requests.counts.fields.clear()
    requests.counts.handed_over = time.monotonic()
    for _ in range(5):
        assert web.get(article.url).status == 200
    assert counted() == 5 and requests.counts.fields["requests kept 2xx"] > 0


def test_cookie_that_is_set_goes_to_who_asked_alone(transactional_db) -> None:
    numbers = itertools.count()

    def django(environ, start_response):
        noting.keep()
        time.sleep(0.05)
        start_response("200 OK", [("Set-Cookie", f"who={next(numbers)}")])
        return [b"yours"]

    async def at_once():
        return await asyncio.gather(*(web.ask("/") for _ in range(5)))

    with process(noting.noted(django)) as web:
        assert len({answer.headers["set-cookie"] for answer in web.run(at_once())}) == 5


def test_reader_who_said_later_is_never_asked_however_many_cookies_they_have(web, article) -> None:
    settled(web, article.url)
    for size in (100, 5_000, 15_000, 50_000):
        others = f"a={'x' * size}; b={'y' * size}"
        for cookie in (f"{others}; {hidden()}", f"{hidden()}; {others}"):
            assert "box-ask" not in web.get(article.url, cookie=cookie).text, size


def test_numbers_of_pages_that_are_none_cost_nothing(web) -> None:
    section = make_site().section
    for _ in range(ARTICLES_A_PAGE + 1):
        make_article(section)
    first = settled(web, section.url)
    last = settled(web, f"{section.url}?page=2")
    assert first.text != last.text
    for number in ("3", "999999", "2&page=7"):
        assert web.get(f"{section.url}?page={number}").text == last.text, number
    for nonsense in ("1", "0", "-1", "x", "9" * 12, "2'--", "", "&".join(["page=2"] * 30)):
        assert web.get(f"{section.url}?page={nonsense}").text == first.text, nonsense
    assert web.made == [] and len(web.pages.own.pages) == 2


def test_only_whole_pages_are_given_to_who_reads_them(web, article) -> None:
    page = settled(web, article.url)
    part = web.get(article.url, range="bytes=0-9", if_range=page.headers["etag"])
    assert (part.status, part.body) == (200, page.body)
    strong = page.headers["etag"].removeprefix("W/")
    for known in (strong, f'"other", {strong}', "*"):
        assert web.get(article.url, if_none_match=known).status == 304
    for method in ("POST", "OPTIONS", "PUT", "PURGE", "get"):
        assert not web.get(article.url, method=method).was_kept, method
    assert web.get(article.url).was_kept and len(web.pages.own.pages) == BY_WORD


def test_appeal_that_ends_by_itself_is_off_all_pages(web) -> None:
    """Also off those that are made of what is remembered of others."""
    section = make_site().section
    first, second = make_article(section), make_article(section)
    ends = timezone.now() + timedelta(seconds=4)
    make_appeal(ends_at=ends)
    assert "box-ask" in web.get(first.url).text
    time.sleep(max(0, (ends - timezone.now()).total_seconds()))
    assert "box-ask" not in web.get(first.url).text and "box-ask" not in web.get(second.url).text


def test_page_that_is_made_asks_little_once_others_were(web, article, monkeypatch) -> None:
    """What stands on all is asked again when everything was purged."""
    other = make_article(article.section, title="Salt")
    assert web.knows()
    settled(web, article.url)
    settled(web, "/")
    asked: list[str] = []
    monkeypatch.setattr(base, "watchers", [*base.watchers, lambda sql: asked.append(str(sql))])

    def tables(url: str) -> list[str]:
        asked.clear()
        assert web.get(url).status == 200
        found = [re.search(r'FROM "?(\w+)', sql) for sql in asked if "closed_closure" not in sql]
        return [one[1] for one in found if one]

    assert len(tables(other.url)) <= 10 and len(tables("/")) <= 5
    make_appeal()
    assert web.knows()
    assert {"donations_appeal", "newsroom_masthead"} <= {*tables(article.url)}


def test_article_that_becomes_private_is_on_no_page_and_comes_back(web, article) -> None:
    """That none is private is remembered, too."""
    section = article.section
    other = make_article(section, title="Salt")
    lists = ["/", section.url, f"/archive/{timezone.localdate():%Y/%m}/", "/feed/", other.url]
    for url in lists:
        assert article.title in settled(web, url).text
    login = PageViewRestriction.LOGIN
    private = PageViewRestriction.objects.create(page=article, restriction_type=login)
    assert web.knows()
    for url in lists:
        assert article.title not in web.get(url).text, url
    private.delete()
    assert web.knows()
    for url in lists:
        assert article.title in web.get(url).text, url


def test_each_answer_with_the_box_counts_once_and_silence_does_not(web, article) -> None:
    now = datetime.now(UTC)
    settled(web, article.url)
    counts.hand_over()
    times_shown.keep(now)
    before = times_shown.since(now.date())
    for _ in range(3):
        web.get(article.url)
    web.get(article.url, method="HEAD")
    web.get("/feed/")
    counts.hand_over()
    times_shown.keep(now)
    times_shown.keep(now)
    assert times_shown.since(now.date()) == before + 3
    assert list(AskShown.objects.values_list("place", flat=True)) == ["below"]

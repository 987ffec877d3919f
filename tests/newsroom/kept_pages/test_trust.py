"""Never a wrong page: whatever Redis takes, refuses or forgets, and whoever dies in between."""

import math
import signal
import time

import pytest
from django.db import connection, transaction
from redis import Redis

from newsroom.closed import state
from newsroom.closed.models import Closure
from newsroom.kept_pages import changes, front, trust
from newsroom.kept_pages.untold import UntoldChange
from newsroom.models import ArticlePage, Author
from tests.factories import make_article, make_site
from tests.newsroom.kept_pages.reader import process, settled, until
from tests.newsroom.kept_pages.test_redis_away import redis_at

SOON = trust.HOLDS + 0.2  # seconds


@pytest.fixture
def own_redis(tmp_path, settings, transactional_db):
    settings.REDIS_URL = f"unix://{tmp_path}/redis.sock"
    with redis_at(tmp_path) as server:
        yield server, Redis.from_url(settings.REDIS_URL)


def written():
    return make_article(make_site().section, title="First")


def correct(article) -> float:
    """When it was done."""
    article = ArticlePage.objects.get(pk=article.pk)
    article.title = "Corrected"
    article.save_revision().publish()
    return time.monotonic()


def is_corrected(web, article, since: float) -> None:
    """A second later nobody sees what was there before, however often they ask."""
    while time.monotonic() < since + SOON:
        web.get(article.url)
        time.sleep(0.02)
    for _ in range(5):
        assert "Corrected" in web.get(article.url).text


def test_purge_that_redis_refuses_is_told_until_it_is_taken(own_redis) -> None:
    """It is full: it reads out what it has, and takes nothing more."""
    _, store = own_redis
    article = written()
    with process() as web, process() as second:
        for each in (web, second):
            assert "First" in settled(each, article.url).text
        store.config_set("maxmemory", 1)
        done = correct(article)
        assert UntoldChange.objects.exists()
        is_corrected(web, article, done)
        assert not web.get(article.url).was_kept
        is_corrected(second, article, done)
        store.config_set("maxmemory", 0)
        for each in (web, second):
            assert "Corrected" in settled(each, article.url).text
        assert not UntoldChange.objects.exists()


def test_who_trusts_again_learns_first_what_another_process_has_told(own_redis) -> None:
    """It knows the purges of a moment ago; that one came since, and is untold no longer."""
    _, store = own_redis
    article = written()
    with process() as web, process() as second:
        for each in (web, second):
            settled(each, article.url)
        store.config_set("maxmemory", 1)
        correct(article)
        until(lambda: not second.get(article.url).was_kept and not second.pages.trust.given)
        store.config_set("maxmemory", 0)
        until(lambda: web.get(article.url) and not UntoldChange.objects.exists())
        second.pages.trust.as_of = -math.inf  # it looks again
        second.pages.purges.as_of = time.monotonic()
        assert "Corrected" in second.get(article.url).text


def test_redis_that_stands_still_during_a_change_shows_nothing_of_before(own_redis) -> None:
    server, _ = own_redis
    article = written()
    with process() as web:
        settled(web, article.url)
        server.send_signal(signal.SIGSTOP)
        done = correct(article)
        is_corrected(web, article, done)
        server.send_signal(signal.SIGCONT)
        assert "Corrected" in settled(web, article.url).text
        assert not UntoldChange.objects.exists()


@pytest.mark.parametrize("how", ["saved", "by hand"])
def test_process_that_dies_right_after_its_commit_is_spoken_for(how, web, monkeypatch) -> None:
    article = written()
    settled(web, article.url)
    monkeypatch.setattr(changes.Purge, "__call__", lambda self: None)
    if how == "saved":
        done = correct(article)
    else:
        ArticlePage.objects.filter(pk=article.pk).update(title="Corrected")
        done = time.monotonic()
    is_corrected(web, article, done)
    assert not UntoldChange.objects.exists() and settled(web, article.url).status == 200


def test_change_and_what_is_to_be_told_of_it_are_one_transaction(
    transactional_db, monkeypatch
) -> None:
    """Also of a statement that has none around it."""
    author = Author.objects.create(name="Ann", slug="ann")

    def dies() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(changes, "UntoldChange", lambda: dies())
    with pytest.raises(KeyboardInterrupt):
        Author.objects.filter(pk=author.pk).update(name="Bea")
    assert Author.objects.get().name == "Ann" and connection.get_autocommit()


def test_closed_newsroom_shows_its_plain_page_within_a_second(web) -> None:
    article = written()
    settled(web, article.url)
    closure = Closure.objects.create(by="test")
    state.has_changed()
    done = time.monotonic()
    until(lambda: web.get(article.url).status == 503, SOON)
    assert time.monotonic() < done + SOON and "closed for now" in web.get("/").text
    Closure.objects.filter(pk=closure.pk).update(open=False)
    state.has_changed()
    assert settled(web, article.url).status == 200


def test_pages_are_read_on_while_postgresql_does_not_answer(web) -> None:
    """Nothing can change in it."""
    article = written()
    settled(web, article.url)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Closure._meta.db_table}")
        time.sleep(SOON)
        assert all(web.get(article.url).was_kept for _ in range(3))
    assert settled(web, article.url).status == 200


def test_pages_of_another_release_are_not_shown(web, monkeypatch) -> None:
    article = written()
    settled(web, article.url)
    with process() as same:
        assert same.get(article.url).was_kept
    monkeypatch.setattr(front, "FAMILY", "another")
    with process() as other:
        assert not other.get(article.url).was_kept

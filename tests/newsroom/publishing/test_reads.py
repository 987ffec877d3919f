"""Counting reads: of an article, never of a reader."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.core.environment.redis_url import store
from newsroom.models import DailyReads
from newsroom.publishing import reads
from newsroom.tasks import forget_what_is_over
from tests.factories import make_article

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(site, settings):
    store().delete(reads.COUNTING, reads.MOVING)
    return make_article(site.section)


def test_page_tells_its_number_and_reads_are_counted_by_day(client, article) -> None:
    assert f'data-article="{article.pk}"' in client.get(article.url).text
    for _ in range(3):
        answer = client.post(f"/read/{article.pk}/")
        assert answer.status_code == 204 and not answer.cookies
    assert reads.move_to_database() == 3
    assert reads.move_to_database() == 0
    client.post(f"/read/{article.pk}/")
    reads.move_to_database()
    row = DailyReads.objects.get()
    assert (row.article_id, row.on, row.count) == (article.pk, timezone.localdate(), 4)


def test_worker_that_died_while_moving_loses_nothing(client, article, settings) -> None:
    client.post(f"/read/{article.pk}/")
    store().rename(reads.COUNTING, reads.MOVING)
    client.post(f"/read/{article.pk}/")
    assert reads.move_to_database() == 1
    assert reads.move_to_database() == 1
    assert DailyReads.objects.get().count == 2


@pytest.mark.parametrize("pk", ["0", "999999999", "99999999999999999999999"])
def test_article_that_is_not_there_counts_nowhere(client, article, pk) -> None:
    assert client.post(f"/read/{pk}/").status_code == 204
    client.post(f"/read/{article.pk}/")
    reads.move_to_database()
    assert [row.article_id for row in DailyReads.objects.all()] == [article.pk]


def test_others_pages_and_links_count_nothing(client, article) -> None:
    assert client.get(f"/read/{article.pk}/").status_code == 405
    client.post(f"/read/{article.pk}/", headers={"Sec-Fetch-Site": "cross-site"})
    assert reads.move_to_database() == 0


def test_one_network_counts_only_so_often(client, article, monkeypatch) -> None:
    monkeypatch.setitem(reads.LIMIT, "most", 2)
    for _ in range(5):
        client.post(f"/read/{article.pk}/", REMOTE_ADDR="9.9.9.9")
    assert reads.move_to_database() == 2


def test_redis_away_costs_no_reader_anything(client, article, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.post(f"/read/{article.pk}/").status_code == 204


def test_old_counts_are_forgotten(article) -> None:
    today = timezone.localdate()
    DailyReads.objects.create(article=article, on=today - timedelta(days=91), count=1)
    DailyReads.objects.create(article=article, on=today, count=1)
    forget_what_is_over()
    assert DailyReads.objects.get().on == today

"""An experiment in front of the cache: few pages for many readers, and each counted."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from donations.asking import ask_cookie, times_shown
from donations.asking.deciding import Memory
from donations.asking.experiments import running
from donations.models import AskShown, Checkout, Experiment
from newsroom.metrics.requests import counts
from tests.donations.asking.experiments.conftest import begun, planned
from tests.factories import make_article, make_site, make_user
from tests.newsroom.kept_pages.reader import settled, until

CARRIED = re.compile(r'name="variant" value="(\d+)"')


@pytest.fixture
def article(web):
    return make_article(make_site().section, title="Bread")


@pytest.fixture
def variants(article):
    made = planned("Please give", "Give now")
    return begun(made, timezone.now()).drawn()


def of_bucket(bucket: int) -> str:
    return f"ask={ask_cookie.sealed(Memory(bucket=bucket))}"


def carried(answer) -> int:
    found = CARRIED.search(answer.text)
    return int(found[1]) if found else 0


def test_hundred_buckets_get_two_pages_that_are_kept(web, article, variants) -> None:
    by_bucket = {
        bucket: carried(settled(web, article.url, cookie=of_bucket(bucket)))
        for bucket in range(0, 100, 7)
    }
    assert set(by_bucket.values()) == {one.pk for one in variants}
    web.made.clear()
    again = {
        bucket: carried(web.get(article.url, cookie=of_bucket(bucket))) for bucket in range(100)
    }
    assert web.made == [] and by_bucket.items() <= again.items()
    assert sorted(again.values()).count(variants[0].pk) == 50


def test_mix_of_readers_is_answered_from_the_cache(web, article, variants) -> None:
    """Who has a bucket, who is new, who said “later”, who says no to cookies, in two currencies."""
    mix = [{"cookie": of_bucket(bucket)} for bucket in range(0, 100, 9)]
    mix += [{}] * 12 + [{"cookie": "theme=dark"}] * 4
    mix += [{"cookie": f"ask={ask_cookie.sealed(Memory(until=ask_cookie.today() + 9))}"}] * 6
    mix += [one | {"accept_language": "de-DE,de;q=0.9"} for one in mix]

    def read() -> int:
        return sum(web.get(article.url, **one).was_kept for one in mix)

    until(lambda: read() == len(mix), 20)
    assert len(web.pages.own.pages) <= 2 * (1 + 3)  # by what it differs, silent, and two variants


def test_new_reader_keeps_the_one_that_was_drawn(web, article, variants) -> None:
    settled(web, article.url, cookie=of_bucket(1))
    first = web.get(article.url)
    cookie = first.headers["set-cookie"].split(";")[0]
    seen = {carried(web.get(article.url, cookie=cookie)) for _ in range(10)}
    assert seen == {carried(first)} != {0}


def test_shown_is_counted_by_variant_and_the_gift_to_the_one_that_was_shown(
    web, article, variants, stripe_sandbox
) -> None:
    by_variant = {carried(web.get(article.url, cookie=of_bucket(b))): b for b in range(100)}
    counts.hand_over()
    now = datetime.now(UTC)
    before = times_shown.of_variants([one.pk for one in variants], now)
    second = variants[1]
    page = web.get(article.url, cookie=of_bucket(by_variant[second.pk]))
    counts.hand_over()
    after = times_shown.of_variants([one.pk for one in variants], now)
    assert after == {variants[0].pk: before[variants[0].pk], second.pk: before[second.pk] + 1}
    times_shown.keep(now)
    assert set(AskShown.objects.values_list("variant", flat=True)) >= set(after)
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    form |= {"frequency": "once", "own_amount": "12", "checkout": ""}
    sent = Client(HTTP_HOST=settings.BASE_URL.split("//")[1]).post("/support/checkout/", form)
    assert sent.status_code == 303 and Checkout.objects.get().variant_id == second.pk


def test_behind_another_cache_nobody_is_in_it(web, article, variants, settings) -> None:
    settings.CACHES_IN_FRONT = True
    assert carried(settled(web, article.url)) == 0
    assert "Please give" in web.get(article.url).text


def test_end_shows_one_again(web, article, variants) -> None:
    for bucket in (1, 2, 3, 4, 5, 6):
        settled(web, article.url, cookie=of_bucket(bucket))
    [experiment] = Experiment.all_running()
    running.stop(experiment.pk, variants[1].pk, make_user("Finance"), timezone.now())
    assert web.knows()
    for bucket in range(100):
        page = web.get(article.url, cookie=of_bucket(bucket))
        assert "Give now" in page.text and carried(page) == 0

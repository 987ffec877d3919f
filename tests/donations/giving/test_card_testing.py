"""Card thieves: what they meet, and that readers hardly notice."""

import time
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from donations.giving import card_testing
from donations.models import Checkout, Review, StripeEvent
from newsroom.web import proof_of_work

pytestmark = pytest.mark.django_db


def solve(text: str) -> str:
    return next(str(n) for n in count() if proof_of_work.solves(text, str(n)))


def challenge_on(page: str) -> str:
    return page.split('name="challenge" value="')[1].split('"')[0]


@pytest.fixture
def breaker():
    cache.set(card_testing.BREAKER, 1, 60)


def hear_of_payments(succeeded: int, failed: int) -> None:
    types = [card_testing.PAID] * succeeded + [card_testing.FAILED] * failed
    StripeEvent.objects.bulk_create(
        StripeEvent(id=f"evt_{n}", type=kind, object_id="pi_x", created_at=timezone.now())
        for n, kind in enumerate(types)
    )


@pytest.mark.parametrize(
    ("succeeded", "failed", "tripped"),
    [(0, 19, False), (0, 20, True), (20, 20, False), (20, 21, True), (500, 100, False)],
)
def test_breaker_trips_when_most_payments_fail(succeeded, failed, tripped) -> None:
    hear_of_payments(succeeded, failed)
    assert card_testing.watch(timezone.now()) is tripped
    assert bool(cache.get(card_testing.BREAKER)) is tripped
    assert Review.objects.filter(kind="card_testing").exists() is tripped


def test_failures_of_yesterday_trip_nothing() -> None:
    hear_of_payments(0, 50)
    assert not card_testing.watch(timezone.now() + timedelta(days=1))


def test_tripped_breaker_asks_for_work_and_takes_it_once(donor, breaker) -> None:
    asked = donor.continues(amount="10")
    assert asked.status_code == 429
    assert 'data-work="16"' in asked.text and 'value="10"' in asked.text
    assert not Checkout.objects.exists()
    text = challenge_on(asked.text)
    worked = {"challenge": text, "work": solve(text)}
    assert donor.continues(**worked).status_code == 303
    assert donor.continues(**worked).status_code == 429  # the same work twice


@pytest.mark.parametrize(
    "change",
    [
        {"work": "-1"},
        {"work": ""},
        {"challenge": "forged:x:y"},
        {"challenge": ""},
        {"work": "9" * 5000},
    ],
)
def test_work_that_was_not_done_is_refused(donor, breaker, change) -> None:
    text = challenge_on(donor.continues().text)
    answer = donor.continues(**{"challenge": text, "work": solve(text)} | change)
    assert answer.status_code == 429


def test_without_javascript_waiting_will_do_but_not_for_many(donor, breaker) -> None:
    texts = [challenge_on(donor.continues().text) for _ in range(8)]
    assert donor.continues(challenge=texts[0]).status_code == 429  # at once
    with time_machine.travel(time.time() + proof_of_work.WAIT_SECONDS + 1):
        cache.set(card_testing.BREAKER, 1, 60)
        answers = [donor.continues(challenge=text).status_code for text in texts]
    assert answers.count(303) == proof_of_work.WAITERS["most"]


@pytest.mark.usefixtures("standing_clock")
def test_flood_from_everywhere_costs_work(donor, monkeypatch) -> None:
    monkeypatch.setattr(card_testing, "PER_MINUTE", 3)
    answers = [donor.continues().status_code for _ in range(5)]
    assert answers == [303, 303, 303, 429, 429]

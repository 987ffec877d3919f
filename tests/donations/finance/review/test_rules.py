"""Who raises the limit for two people needs a second one, too."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donations.finance.review import deciding
from donations.models import Review, ReviewRules
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SETTINGS = "/admin/settings/donations/reviewrules/"
LIMIT = Review.Kind.LIMIT


@pytest.fixture
def leads(site):
    return make_user("Finance leads"), make_user("Finance leads")


def saves(client, user, limit: object, **more: object) -> str:
    client.force_login(user)
    fields = {
        "two_people_above": limit, "large_from": 0, "large_times": 3, "large_floor": 500,
        "many_small": 10, "small_up_to": 10,
    }  # fmt: skip
    return client.post(f"{SETTINGS}{ReviewRules.load().pk}/", fields | more, follow=True).text


def limit() -> int:
    return ReviewRules.load().two_people_above


def answer(client, user, review: Review, do: str) -> str:
    client.force_login(user)
    return client.post(
        f"/admin/review/{review.pk}/answer/", {"do": do, "left": 0}, follow=True
    ).text


def test_higher_limit_counts_when_another_lead_approves_it(client, leads) -> None:
    ann, bob = leads
    for _ in range(2):
        page = saves(client, ann, 5000, large_floor=700)
        assert "$5,000" in page and "waits for a second person" in page
    assert limit() == 100 and ReviewRules.load().large_floor == 700
    review = Review.objects.get()
    assert review.why == "Who decides about more needs a second person: $5,000 instead of $100."
    assert "Somebody else has to approve" in answer(client, ann, review, "approve")
    page = answer(client, make_user("Finance"), review, "approve")
    assert "Only who may change the rules" in page and 'value="approve"' not in page
    assert limit() == 100
    for _ in range(2):
        assert "Accepted." in answer(client, bob, review, "approve")
    assert limit() == 5000
    assert [(one.what, one.who) for one in review.steps.all()] == [
        ("proposed", ann.username), ("approved", bob.username),
    ]  # fmt: skip
    saves(client, ann, 5000)  # as it is: nothing is asked
    assert not Review.objects.waiting().exists()


def test_lower_limit_counts_at_once_and_ends_what_was_asked(client, leads) -> None:
    ann, bob = leads
    saves(client, ann, 5000)
    saves(client, ann, 50)
    assert limit() == 50
    assert Review.objects.get().decision == "A lower limit was set."
    saves(client, bob, 100)  # even back to what it was
    assert limit() == 50


def test_declined_or_taken_back_is_over_and_can_be_asked_again(client, leads) -> None:
    ann, bob = leads
    for who, what in ((bob, "Declined."), (ann, "Taken back.")):
        saves(client, ann, 5000)
        review = Review.objects.waiting().get()
        assert what in answer(client, who, review, "decline")
        review.refresh_from_db()
        assert (review.status, limit()) == ("decided", 100)
        assert "already" in answer(client, bob, review, "approve")
    assert limit() == 100


def test_other_limit_takes_the_place_of_the_one_before(client, leads) -> None:
    ann, bob = leads
    saves(client, ann, 5000)
    old = Review.objects.get()
    saves(client, bob, 200)
    assert "settled itself" in answer(client, bob, old, "approve")
    [new] = Review.objects.waiting()
    assert (new.proposed_by, new.amount) == (bob, 20_000)
    for text in ("-1", "9" * 30, "٣٠٠x", "", "nan"):
        saves(client, ann, text)
    assert Review.objects.waiting().get() == new and limit() == 100


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    presses=st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([50, 150, 900, "yes", "no"]))
    )
)
def test_no_order_of_presses_raises_it_by_one_person(client, leads, presses) -> None:
    Review.objects.waiting().filter(kind=LIMIT).update(kind="unknown")
    ReviewRules.objects.update(two_people_above=100)
    before = 100
    for who, what in presses:
        waiting = Review.objects.waiting().filter(kind=LIMIT).first()
        if isinstance(what, int):
            saves(client, leads[who], what)
        elif waiting:
            answer(client, leads[who], waiting, "approve" if what == "yes" else "decline")
        if limit() > before:
            assert what == "yes" and waiting and waiting.proposed_by != leads[who]
            assert limit() == waiting.amount // 100
        assert Review.objects.waiting().filter(kind=LIMIT).count() <= 1
        before = limit()


@pytest.mark.django_db(transaction=True)
def test_one_who_approves_while_another_saves_waits_for_them(client, leads) -> None:
    ann, bob = leads
    saves(client, ann, 5000)
    review = Review.objects.get()
    ready = threading.Barrier(2)

    def alone(do: object) -> str:
        ready.wait()
        try:
            return do()
        except deciding.NotDecided as told:
            return str(told)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(alone, [
            lambda: deciding.approve(review.pk, bob, 0),
            lambda: saves(Client(), ann, 50),
        ]))  # fmt: skip
    review.refresh_from_db()
    assert not review.waits
    assert limit() in (50, 5000)

"""The page after Stripe, and a word to the newsroom."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe
from django.conf import settings

from donations.giving import views
from donations.models import Checkout, Contribution
from donations.sandbox.objects import Card, Iban


@pytest.mark.parametrize("session", ["", "cs_nothing", "x" * 5000, "../v1/charges", "cs_a/../b"])
def test_thanks_page_survives_any_session(donor, session: str) -> None:
    answer = donor.client.get("/support/thanks/", {"session": session})
    assert answer.status_code == 200
    assert "ask" not in answer.cookies


def test_one_network_cannot_make_us_ask_stripe_without_end(donor, monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(views.sync, "pull_session", lambda pk: asked.append(pk))
    donor.continues()
    ours = Checkout.objects.get().session_id
    for number in range(50):
        for session in (f"cs_test_invented{number}", ours):
            assert donor.client.get("/support/thanks/", {"session": session}).status_code == 200
    assert len(asked) == views.THANKS["most"] + views.OTHERS_THANKS["most"]


def test_unpaid_session_is_not_thanked_for(donor) -> None:
    donor.continues()
    session = Checkout.objects.get().session_id
    answer = donor.client.get("/support/thanks/", {"session": session})
    assert "As soon as your contribution arrives" in answer.text
    assert not Contribution.objects.exists()


@pytest.fixture
def requests_to_stripe(monkeypatch) -> list[str]:
    """“GET /v1/…” of each, as the Stripe library sends it."""
    sent: list[str] = []
    send = stripe.RequestsClient.request

    def seen(self: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        sent.append(f"{method.upper()} {urlsplit(url).path}")
        return send(self, method, url, *rest, **more)

    monkeypatch.setattr(stripe.RequestsClient, "request", seen)
    return sent


@pytest.mark.parametrize(
    ("form", "number", "status", "reads"),
    [
        ({"frequency": "once"}, Card.VISA, "succeeded", 2),
        ({"frequency": "once", "currency": "eur"}, Iban.PAYS, "processing", 2),
        ({"frequency": "monthly"}, Card.VISA, "succeeded", 3),
        ({"frequency": "annual"}, Card.AUTHENTICATE, "succeeded", 3),
        ({"frequency": "monthly", "currency": "eur"}, Iban.PAYS, "processing", 3),
        ({"frequency": "monthly", "currency": "eur"}, Iban.FAILS, "processing", 3),
    ],
)
def test_thanks_page_asks_stripe_at_most_three_times(
    donor, requests_to_stripe, form: dict[str, str], number: str, status: str, reads: int
) -> None:
    back = donor.pays(donor.continues(**form)["Location"], "r@example.org", number, bank="approve")
    for _ in range(2):  # once more: they reload it
        requests_to_stripe.clear()
        donor.client.get(back.headers["Location"].removeprefix(settings.BASE_URL))
        assert len(requests_to_stripe) == reads, requests_to_stripe
        assert Contribution.objects.get().status == status


def test_thanks_page_of_an_unpaid_session_asks_stripe_once(donor, requests_to_stripe) -> None:
    donor.continues()
    requests_to_stripe.clear()
    donor.client.get("/support/thanks/", {"session": Checkout.objects.get().session_id})
    assert len(requests_to_stripe) == 1


def test_donor_says_a_word_after_giving(donor, finance_page) -> None:
    page = donor.gives("word@example.org", frequency="once").text
    action = page.split('action="/support/thanks/')[1].split('"')[0]
    answer = donor.client.post(f"/support/thanks/{action}", {"message": "Go on! <b>"})
    assert "every one of them" in answer.text
    donor.client.post(f"/support/thanks/{action}", {"message": "second"})
    contribution = Contribution.objects.get()
    assert contribution.message == "Go on! <b>"
    assert "Go on! &lt;b&gt;" in finance_page(contribution)


@pytest.mark.parametrize(("words", "status"), [("", 422), ("x" * 2001, 422), ("x" * 2000, 200)])
def test_message_of_any_size_gets_an_answer(donor, words: str, status: int) -> None:
    page = donor.gives("size@example.org", frequency="once").text
    action = page.split('action="/support/thanks/')[1].split('"')[0]
    assert donor.client.post(f"/support/thanks/{action}", {"message": words}).status_code == status
    assert donor.client.post("/support/thanks/x:y/", {"message": "hi"}).status_code == 404


def test_thanks_page_opened_by_somebody_else_names_no_one(donor, client) -> None:
    donor.gives("private@example.org", frequency="once")
    session = Checkout.objects.get().session_id
    page = client.get("/support/thanks/", {"session": session}).text
    assert "private@example.org" not in page and "Ann" not in page
    assert not re.search('/support/manage/[^"]', page)

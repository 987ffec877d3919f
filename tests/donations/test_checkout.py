import uuid
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from donations.models import Checkout, Contribution, RecurringContribution
from donations.sandbox.objects import Card


def test_reader_gives_once(donor) -> None:
    page = donor.gives("once@example.org", frequency="once", own_amount="12.50")
    assert "Thank you" in page.text and "$12.50" in page.text
    gift = Contribution.objects.get()
    assert (gift.status, gift.frequency, gift.amount, gift.currency) == (
        "succeeded", "once", 1250, "usd",
    )  # fmt: skip
    assert gift.donor.email == "once@example.org" and gift.donor.name == "Ann Donor"
    assert gift.payment_method == "visa 4242"
    assert [change.status for change in gift.changes.all()] == ["succeeded"]


@pytest.mark.parametrize("frequency", ["monthly", "annual"])
def test_reader_promises_to_give(donor, frequency: str) -> None:
    page = donor.gives(f"{frequency}@example.org", frequency=frequency)
    assert f"every {frequency.replace('annual', 'year').replace('monthly', 'month')}" in page.text
    promise = RecurringContribution.objects.get()
    assert (promise.status, promise.frequency, promise.amount) == ("active", frequency, 1000)
    assert promise.contributions.get().status == "succeeded"


def test_one_session_is_made_of_one_form(donor) -> None:
    form = {"checkout": str(uuid.uuid4()), "amount": "10"}
    first, second = donor.continues(**form), donor.continues(**form)
    assert first.status_code == second.status_code == 303
    assert first["Location"] == second["Location"]
    changed = donor.continues(**form | {"amount": "20"})
    assert changed["Location"] != first["Location"]
    assert Checkout.objects.count() == 2


def test_form_of_yesterday_gets_a_new_session(donor) -> None:
    form = {"checkout": str(uuid.uuid4()), "amount": "10"}
    first = donor.continues(**form)
    Checkout.objects.update(created_at=timezone.now() - timedelta(hours=24))
    assert donor.continues(**form)["Location"] != first["Location"]


def test_crash_after_stripe_answered_finds_the_same_session(donor) -> None:
    form = {"checkout": str(uuid.uuid4()), "amount": "10"}
    first = donor.continues(**form)
    Checkout.objects.update(session_id=None, session_url="")  # we died before storing it
    assert donor.continues(**form)["Location"] == first["Location"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"amount": "1"}, "smallest amount is $2"),
        ({"amount": "lots"}, "as a number"),
        ({"amount": "1000000000000"}, "largest amount here"),
        ({"amount": ""}, "choose an amount"),
        ({"amount": "-5"}, "as a number"),
        ({"currency": "xxx"}, "take that currency"),
        ({"currency": "jpy", "amount": "500.5"}, "whole number"),
        ({"frequency": "weekly"}, "once, monthly or annual"),
        ({"frequency": ""}, "once, monthly or annual"),
        ({"checkout": "x"}, "valid UUID"),
    ],
)
def test_bad_input_keeps_what_was_typed_and_stores_nothing(donor, form, message) -> None:
    answer = donor.continues(**form)
    assert answer.status_code == 422
    assert message in answer.text
    assert not Checkout.objects.exists()
    if typed := form.get("amount"):
        assert f'value="{typed}"' in answer.text


def test_stripe_being_away_says_that_nothing_was_charged(donor, monkeypatch) -> None:
    import stripe

    from donations import gateway

    away = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": "http://127.0.0.1:9"}, max_network_retries=0
    )
    monkeypatch.setattr(gateway, "client", lambda: away)
    answer = donor.continues()
    assert answer.status_code == 503
    assert "Nothing was charged" in answer.text


def test_declined_card_is_told_at_stripe_and_a_second_card_succeeds(donor, told) -> None:
    from tests.donations.conftest import handle

    page = donor.continues(frequency="once")["Location"]
    declined = donor.pays(page, "two@example.org", Card.DECLINED)
    assert "declined" in declined.text
    handle(told())
    gift = Contribution.objects.get()
    assert (gift.status, gift.failure) == ("failed", "Your card was declined.")
    paid = donor.pays(page, "two@example.org", Card.VISA)
    donor.client.get(paid.headers["Location"].removeprefix(settings.BASE_URL))
    gift.refresh_from_db()
    assert gift.status == "succeeded"
    assert [change.status for change in gift.changes.all()] == ["failed", "succeeded"]


def test_card_that_needs_authentication(donor) -> None:
    page = donor.continues(frequency="once")["Location"]
    assert "Your bank asks" in donor.pays(page, "sca@example.org", Card.AUTHENTICATE).text
    refused = donor.pays(page, "sca@example.org", Card.AUTHENTICATE, bank="fail")
    assert "unable to authenticate" in refused.text
    paid = donor.pays(page, "sca@example.org", Card.AUTHENTICATE, bank="approve")
    assert paid.status_code == 302


@pytest.mark.parametrize("session", ["", "cs_nothing", "x" * 5000, "../v1/charges", "cs_a/../b"])
def test_thanks_page_survives_any_session(donor, session: str) -> None:
    answer = donor.client.get("/support/thanks/", {"session": session})
    assert answer.status_code == 200
    assert "ask" not in answer.cookies


def test_unpaid_session_is_not_thanked_for(donor) -> None:
    donor.continues()
    session = Checkout.objects.get().session_id
    answer = donor.client.get("/support/thanks/", {"session": session})
    assert "As soon as your gift arrives" in answer.text
    assert not Contribution.objects.exists()


def test_giving_page_is_prefilled_by_its_link(donor) -> None:
    page = donor.client.get("/support/?frequency=annual&amount=77&currency=eur").text
    assert 'value="annual" checked' in page
    assert 'name="own_amount"' in page and 'value="77"' in page
    assert "€10" in page


def test_giving_page_survives_any_query(donor) -> None:
    for query in ("?currency=zzz", "?frequency=x", "?amount=<script>", "?reminder=x&amount=%00"):
        answer = donor.client.get("/support/" + query)
        assert answer.status_code == 200
        assert "<script>" not in answer.text


def test_donor_opens_her_own_page_by_a_mailed_link(donor, committing, inbox) -> None:
    donor.gives("mine@example.org")
    for address in ("mine@example.org", "stranger@example.org"):
        with committing():
            answer = donor.client.post("/support/manage/", {"email": address}, follow=True)
        assert "a mail with your link is on its way" in answer.text
    assert inbox.to("stranger@example.org") == []
    mail = inbox.to("mine@example.org")[0]
    [link] = [word for word in mail["text"].split() if "/support/manage/" in word]
    path = link.removeprefix(settings.BASE_URL)
    page = donor.client.get(path).text
    assert "$10" in page and "Next on" in page
    promise = RecurringContribution.objects.get()
    portal = donor.client.post(path, {"recurring": promise.pk, "card": "1"})
    assert portal.status_code == 303
    assert "Cancel plan" in requests.get(portal["Location"], timeout=10).text
    assert donor.client.get("/support/manage/forged:x/").status_code == 404

import re
import uuid
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from donations import money
from donations.models import (
    Checkout,
    Contribution,
    Country,
    Donor,
    RecurringContribution,
)
from donations.payments import gateway, giving_back
from donations.sandbox.objects import Card
from subscriptions.models import Subscription
from tests.donations.conftest import handle


def test_reader_gives_once(donor) -> None:
    page = donor.gives("once@example.org", frequency="once", own_amount="12.50")
    assert "Thank you" in page.text and "$12.50" in page.text
    contribution = Contribution.objects.get()
    assert (contribution.status, contribution.frequency) == ("succeeded", "once")
    assert (contribution.amount, contribution.currency) == (1250, "usd")
    assert contribution.donor.email == "once@example.org" and contribution.donor.name == "Ann Donor"
    assert contribution.payment_method == "visa 4242"
    assert [change.status for change in contribution.changes.all()] == ["succeeded"]


@pytest.mark.parametrize("frequency", ["monthly", "annual"])
def test_reader_gives_regularly(donor, frequency: str) -> None:
    page = donor.gives(f"{frequency}@example.org", frequency=frequency)
    assert f"every {frequency.replace('annual', 'year').replace('monthly', 'month')}" in page.text
    recurring = RecurringContribution.objects.get()
    assert (recurring.status, recurring.frequency, recurring.amount) == ("active", frequency, 1000)
    assert recurring.contributions.get().status == "succeeded"


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
        ({"amount": "NaN"}, "as a number"),
        ({"amount": "1e3"}, "as a number"),
        ({"amount": "३"}, "as a number"),
        ({"currency": "kwd", "amount": "1234.567"}, "last decimal to 0"),
        ({"appeal": "x"}, "appeal is over"),
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

    from donations.payments import gateway

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
    contribution = Contribution.objects.get()
    assert (contribution.status, contribution.failure) == ("failed", "Your card was declined.")
    paid = donor.pays(page, "two@example.org", Card.VISA)
    donor.client.get(paid.headers["Location"].removeprefix(settings.BASE_URL))
    contribution.refresh_from_db()
    assert contribution.status == "succeeded"
    assert [change.status for change in contribution.changes.all()] == ["failed", "succeeded"]


def test_card_that_needs_authentication(donor) -> None:
    page = donor.continues(frequency="once")["Location"]
    assert "Your bank asks" in donor.pays(page, "sca@example.org", Card.AUTHENTICATE).text
    refused = donor.pays(page, "sca@example.org", Card.AUTHENTICATE, bank="fail")
    assert "unable to authenticate" in refused.text
    paid = donor.pays(page, "sca@example.org", Card.AUTHENTICATE, bank="approve")
    assert paid.status_code == 302


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


# --- What else the form may ask for -------------------------------------------------------------


def test_fee_is_added_when_the_reader_wants_it(donor) -> None:
    page = donor.gives("fee@example.org", frequency="once", amount="10", cover_fee="on")
    contribution = Contribution.objects.get()
    assert contribution.amount == money.with_fee(1000, "usd") == 1061
    assert contribution.checkout.fee == 61
    assert "$10.61" in page.text


def test_anonymous_contribution_keeps_no_name(donor, finance_page) -> None:
    donor.gives("nameless@example.org", frequency="once", anonymous="on")
    assert Donor.objects.get().name == ""
    assert "anonymous" in finance_page(Contribution.objects.get())


def test_newsletter_is_asked_for_when_giving_and_confirmed_by_mail(
    donor, told, committing, inbox
) -> None:
    with committing():
        donor.gives("both@example.org", newsletter="on")
        donor.advance(40)  # a renewal asks no second time
        handle(told())
    subjects = [mail["subject"] for mail in inbox.to("both@example.org")]
    assert len([subject for subject in subjects if "confirm" in subject]) == 1
    subscription = Subscription.objects.get()
    assert subscription.status == "pending"
    assert subscription.consents.get().how == "form"


def test_donor_without_the_box_ticked_gets_no_newsletter(donor) -> None:
    donor.gives("only@example.org")
    assert not Subscription.objects.exists()


def test_currency_follows_the_language_until_the_reader_chooses(donor) -> None:
    german = {"Accept-Language": "de-DE,de;q=0.9"}
    page = donor.client.get("/support/", headers=german)
    assert 'name="currency" value="eur"' in page.text
    assert {"Cookie", "Accept-Language"} <= {v.strip() for v in page["Vary"].split(",")}
    page = donor.client.get("/support/?currency=jpy", headers=german)
    assert 'name="currency" value="jpy"' in page.text


def test_stripes_page_speaks_the_readers_language(donor) -> None:
    donor.client.post(
        "/support/checkout/",
        {"frequency": "once", "amount": "10", "currency": "eur"},
        headers={"Accept-Language": "ru"},
    )
    checkout = Checkout.objects.get()
    assert checkout.language == "ru"
    assert gateway.session(checkout.session_id).locale == "ru"


def test_reader_in_a_dangerous_country_is_warned_and_may_be_turned_away(donor, appeal) -> None:
    country = Country.objects.create(code="RU", name="Russia", warning="It is a crime there.")
    page = donor.client.get("/support/").text
    assert "?country=RU" in page and "It is a crime" not in page
    page = donor.client.get("/support/?country=ru").text
    assert "It is a crime there." in page and 'name="country" value="RU"' in page
    assert donor.continues(country="RU", appeal=str(appeal.pk)).status_code == 303
    appeal.closed_in.set([country])
    appeal.save()
    page = donor.client.get("/support/?country=RU").text
    assert "closed for readers there" in page and "Continue" not in page
    refused = donor.continues(country="RU", appeal=str(appeal.pk))
    assert refused.status_code == 422 and "It is a crime there." in refused.text


# --- Sessions that nobody pays ------------------------------------------------------------------


def test_session_that_a_later_press_replaced_is_closed(donor, told, committing) -> None:
    form = {"checkout": str(uuid.uuid4())}
    with committing():
        first = donor.continues(**form, amount="10")["Location"]
    with committing():
        second = donor.continues(**form, amount="20")["Location"]
    replaced, chosen = Checkout.objects.order_by("pk")
    assert replaced.closed_at and not chosen.closed_at
    assert gateway.session(replaced.session_id).status == "expired"
    assert "Donate" not in requests.get(first, timeout=10).text
    assert donor.pays(second, "chosen@example.org").status_code == 302
    handle(told())
    with committing():
        third = donor.continues(**form, amount="20")["Location"]  # back, and once more
    assert third not in (first, second)


def test_abandoned_session_closes_by_itself_and_asks_once_if_that_was_agreed(
    donor, told, committing, inbox, settings
) -> None:
    settings.CHECKOUT_RECOVERY = True
    with committing():
        page = donor.continues(frequency="once")["Location"]
        donor.pays(page, "left@example.org", leave="1")
        silent = donor.continues(frequency="once")["Location"]
        assert "checkout" in requests.get(silent, timeout=10).text.lower()
    donor.advance(1)
    for _ in range(2):
        with committing():
            handle(told())
    assert not Checkout.objects.filter(closed_at=None).exists()
    [mail] = inbox.to("left@example.org")
    assert mail["subject"] == "You were not finished"
    link = next(word for word in mail["text"].split() if "/c/recover/" in word)
    fresh = requests.get(link, timeout=10).url
    assert donor.pays(fresh, "left@example.org").status_code == 302
    with committing():
        handle(told())
    assert Contribution.objects.get().checkout.frequency == "once"


def test_who_gave_meanwhile_is_not_told_that_they_were_not_finished(
    donor, told, committing, inbox, settings
) -> None:
    settings.CHECKOUT_RECOVERY = True
    with committing():
        page = donor.continues(frequency="once")["Location"]
        donor.pays(page, "gave@example.org", leave="1")
        donor.gives("gave@example.org", frequency="once")
    donor.advance(1)
    with committing():
        handle(told())
    assert [mail["subject"] for mail in inbox.to("gave@example.org")] == ["Thank you"]


def test_gift_that_was_given_back_at_once_is_not_thanked_for(
    donor, told, committing, inbox
) -> None:
    with committing():
        donor.gives("back@example.org", frequency="once")
        giving_back.give_back(Contribution.objects.get().stripe_payment_intent, 1000, "key")
        handle(told())
    assert inbox.to("back@example.org") == []


def test_refusal_by_stripe_is_not_remembered_for_the_next_press(donor, monkeypatch) -> None:
    """It is the key's answer for a day: the next press asks under another."""
    form = {"checkout": str(uuid.uuid4()), "amount": "10"}
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "PRODUCTS", gateway.PRODUCTS | {"monthly": ("", "")})
        assert donor.continues(**form).status_code == 503
    assert donor.continues(**form).status_code == 303


def test_language_goes_to_stripe_and_back_and_into_the_mail(
    client, donor, inbox, committing
) -> None:
    """Chosen on the page; Stripe's own page asks the browser where Stripe doesn't speak it."""
    form = {"frequency": "once", "amount": "10", "currency": "usd"}
    page = client.post("/uk/support/checkout/", form)["Location"]
    with committing():
        back = donor.pays(page, "ua@example.org").headers["Location"]
        path = back.removeprefix(settings.BASE_URL)
        assert path.startswith("/uk/support/thanks/?session=cs_")
        assert "Дякуємо" in client.get(path).text
    [mail] = inbox.to("ua@example.org")
    assert mail["subject"] == "Дякуємо" and 'lang="uk"' in mail["html"]
    session = Checkout.objects.get()
    assert session.language == "uk" and Donor.objects.get().language == "uk"


# --- An amount that can mean two ----------------------------------------------------------------


def test_amount_that_can_mean_two_is_asked_about_with_all_else_kept(donor) -> None:
    typed = {"frequency": "once", "own_amount": "5.000", "anonymous": "on", "currency": "eur"}
    page = donor.client.post("/support/checkout/", typed)
    assert page.status_code == 422 and not Checkout.objects.exists()
    assert "Which amount do you mean?" in page.text and 'value="5.000"' in page.text
    choices = re.findall(r'<button [^>]*name="own_amount" value="(\d+)">([^<]+)<', page.text)
    assert choices == [("5", "€5"), ("5000", "€5,000")]
    assert re.search(r'name="anonymous" checked', page.text)
    first_button = re.search(r'<form class="give".*?<button ([^>]*)>', page.text, re.S)[1]
    assert "name=" not in first_button  # what Enter presses chooses nothing
    # A button comes after the field, so it has the last word.
    answer = donor.client.post("/support/checkout/", typed | {"own_amount": ["5.000", "5000"]})
    assert answer.status_code == 303
    checkout = Checkout.objects.get()
    assert (checkout.amount, checkout.currency, checkout.anonymous) == (500_000, "eur", True)


def test_amount_of_another_currency_is_refused(donor) -> None:
    page = donor.continues(amount="10 €", currency="usd")
    assert page.status_code == 422 and "this is an amount in USD" in page.text
    assert not Checkout.objects.exists()


@pytest.mark.parametrize(
    ("language", "typed", "smallest"),
    [("de", "1.000,00 €", 100_000), ("fr", "1 234,56 €", 123_456), ("fa", "۱۲٫۵", 1250)],
)
def test_amount_is_taken_as_the_language_writes_it(donor, language, typed, smallest) -> None:
    form = {"frequency": "once", "own_amount": typed, "currency": "eur"}
    assert donor.client.post(f"/{language}/support/checkout/", form).status_code == 303
    assert Checkout.objects.get().amount == smallest


def test_amounts_on_the_page_are_in_the_languages_habit(donor) -> None:
    page = donor.client.get("/de/support/?currency=eur").text
    assert "10\u00a0€" in page and 'data-point=","' in page and 'data-after="\u00a0¤"' in page
    assert ">€10<" in donor.client.get("/support/?currency=eur").text


def test_appeals_amounts_are_clear_and_kept_in_one_way(appeal) -> None:
    row = appeal.amounts.get(currency="usd", frequency="once")
    row.amounts, row.suggested = "5 10,50 1.000", "10,50"
    with pytest.raises(ValidationError, match=r"1\.000"):
        row.clean()
    row.amounts = "$5 10,50 1000"
    row.clean()
    assert (row.amounts, row.suggested) == ("5 10.50 1000", "10.50")

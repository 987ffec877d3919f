"""Stripe's “back” leads to the form as it was sent, and tells nobody else what was in it."""

import re
import uuid
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from donations.giving import erasure
from donations.models import Checkout, Contribution, Country, Donor
from donations.payments import gateway
from donations.sandbox.objects import Iban
from newsroom.core import tokens
from newsroom.tasks import forget_what_is_over
from tests.donations.conftest import handle
from tests.factories import make_deferral

CHOICES = {
    "frequency": "annual",
    "currency": "eur",
    "amount_once": "5",
    "amount_monthly": "20",
    "amount_annual": "10",
    "own_amount": "12.50",
    "cover_fee": "on",
    "anonymous": "on",
    "newsletter": "on",
}


class Form(HTMLParser):
    """What a browser would send of the giving form on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = found.get("class") == "give"
        sent = found.get("type") not in ("radio", "checkbox") or "checked" in found
        if tag == "input" and self.inside and sent:
            self.fields[found["name"]] = found.get("value", "on")


def way_back(checkout: Checkout) -> str:
    """The path behind “Back” on Stripe's page."""
    return gateway.session(checkout.session_id).cancel_url.removeprefix(settings.BASE_URL)


@pytest.fixture
def country(appeal) -> Country:
    return Country.objects.create(code="RU", name="Russia", warning="It is a crime there.")


def test_every_choice_is_there_again_and_in_no_address(donor, country, appeal) -> None:
    deferral = make_deferral("a@example.org")
    token = tokens.expiring("reminder", deferral.pk)
    sent = CHOICES | {"country": "RU", "reminder": token, "appeal": str(appeal.pk)}
    form = {"checkout": str(uuid.uuid4())} | sent
    assert donor.client.post("/de/support/checkout/", form).status_code == 303
    checkout = Checkout.objects.get()
    path = way_back(checkout)
    assert path.startswith("/de/support/back/") and "?" not in path
    page = donor.client.get(path)
    assert "no-store" in page["Cache-Control"] and "private" in page["Cache-Control"]
    assert "It is a crime there." in page.text
    shown = Form(page.text).fields
    marked = [name for name in form if name.startswith("amount_")]
    assert not shown.keys() & set(marked)  # beside an amount of one's own none is suggested
    assert {name: shown[name] for name in form if name not in marked} == {
        name: value for name, value in form.items() if name not in marked
    }
    before = Checkout.objects.values().get()
    donor.client.get(path)
    assert Checkout.objects.values().get() == before  # a GET changes nothing
    for chosen in (token, "annual", "12.50"):  # long enough never to be there by chance
        assert chosen not in checkout.session_url + path
        assert chosen.encode() not in bytes(raw_choices())


def raw_choices() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT choices FROM donations_checkout")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("checkout_id", ["", str(uuid.uuid4())], ids=["no-js", "js"])
def test_pressing_again_is_the_same_session_until_something_changes(
    donor, country, committing, checkout_id: str
) -> None:
    with committing():
        first = donor.client.post(
            "/support/checkout/", CHOICES | {"checkout": checkout_id, "country": "RU"}
        )
    shown = Form(donor.client.get(way_back(Checkout.objects.get())).text).fields
    with committing():
        again = donor.client.post("/support/checkout/", shown)
    assert again["Location"] == first["Location"] and Checkout.objects.count() == 1
    with committing():
        other = donor.client.post("/support/checkout/", shown | {"own_amount": "13"})
    old, new = Checkout.objects.order_by("pk")
    assert other["Location"] != first["Location"]
    assert gateway.session(old.session_id).status == "expired" and old.closed_at
    # Both tabs lead back to what was asked for in them.
    for checkout, amount in ((old, "12.50"), (new, "13")):
        assert Form(donor.client.get(way_back(checkout)).text).fields["own_amount"] == amount


def test_another_language_is_another_session(donor, committing) -> None:
    with committing():
        donor.client.post("/de/support/checkout/", CHOICES)
    shown = Form(donor.client.get(way_back(Checkout.objects.get())).text).fields
    with committing():
        donor.client.post("/fr/support/checkout/", shown)
    old, new = Checkout.objects.order_by("pk")
    assert old.closed_at and gateway.session(new.session_id).locale == "fr"
    assert way_back(new).startswith("/fr/")


@pytest.mark.parametrize("typed", ["10", "10.00", "10,5"])
def test_amount_stands_there_as_it_was_typed(donor, typed: str) -> None:
    donor.continues(own_amount=typed, amount="")
    shown = Form(donor.client.get(way_back(Checkout.objects.get())).text).fields
    assert (shown["own_amount"] or shown["amount_monthly"]) == typed


def test_amount_keeps_its_currency_when_the_appeal_offers_it_no_more(donor, appeal) -> None:
    donor.continues(own_amount="900", currency="jpy")
    appeal.amounts.filter(currency="jpy").delete()
    shown = Form(donor.client.get(way_back(Checkout.objects.get())).text).fields
    assert (shown["own_amount"], shown["currency"]) == ("900", "jpy")


def test_country_that_the_appeal_was_closed_for_meanwhile_is_turned_away(
    donor, appeal, country
) -> None:
    donor.continues(country="RU", appeal=str(appeal.pk))
    appeal.closed_in.set([country])
    appeal.save()
    page = donor.client.get(way_back(Checkout.objects.get())).text
    assert "closed for readers there" in page and not Form(page).fields


def plain(donor: Any, path: str) -> bool:
    answer = donor.client.get(path)
    return (answer.status_code, answer["Location"]) == (302, "/support/")


def test_link_that_is_forged_or_too_old_leads_to_the_plain_page(donor) -> None:
    donor.continues(**CHOICES)
    checkout = Checkout.objects.get()
    path = way_back(checkout)
    other_purpose = tokens.permanent("cancel reminder", checkout.pk)
    for token in ("x", path.split("/")[-2][:-1] + "_", other_purpose, "я" * 27):
        assert plain(donor, f"/support/back/{token}/"), token
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        assert plain(donor, path)
    checkout.delete()
    assert plain(donor, path)
    assert donor.client.post(path).status_code == 405


def test_choices_are_forgotten_once_it_is_paid(donor, told) -> None:
    form = CHOICES | {"checkout": str(uuid.uuid4())}
    donor.continues(**form | {"own_amount": "20"})
    page = donor.continues(**form)["Location"]
    path = way_back(Checkout.objects.latest("pk"))
    donor.pays(page, "paid@example.org")
    handle(told())
    assert Contribution.objects.get().status == "succeeded"
    assert not Checkout.objects.filter(choices__isnull=False).exists()
    assert plain(donor, path)


def test_choices_are_forgotten_the_night_after(donor) -> None:
    donor.continues(**CHOICES)
    forget_what_is_over()
    assert Checkout.objects.get().choices
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        forget_what_is_over()
    assert Checkout.objects.get().choices is None


def test_declined_card_leads_back_to_the_choices(donor, told) -> None:
    page = donor.continues(**CHOICES)["Location"]
    donor.pays(page, "no@example.org", "4000000000000002")
    handle(told())
    path = way_back(Checkout.objects.get())
    assert Form(donor.client.get(path).text).fields["own_amount"] == "12.50"


def test_debit_that_failed_days_later_leaves_no_choices_behind(donor, told) -> None:
    donor.gives("sepa@example.org", Iban.FAILS, **CHOICES)
    donor.advance(4)
    handle(told())
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        forget_what_is_over()
    assert Checkout.objects.get().choices is None


@pytest.mark.parametrize("page", ["back", "mistake"])
def test_country_chosen_on_any_page_with_the_form_warns(donor, country, page: str) -> None:
    if page == "back":
        donor.client.post("/de/support/checkout/", CHOICES)
        text = donor.client.get(way_back(Checkout.objects.get())).text
    else:
        text = donor.client.post("/de/support/checkout/", CHOICES | {"own_amount": "x"}).text
    [link] = re.findall(r'href="(\S+country=RU\S*)"', text)
    assert link.startswith("/de/support/?")
    assert "It is a crime there." in donor.client.get(unescape(link)).text


def test_choices_are_forgotten_with_their_person(donor, country, told) -> None:
    """While a debit is on its way the link would else show them until the session is over."""
    form = CHOICES | {"checkout": str(uuid.uuid4()), "country": "RU"}
    donor.continues(**form | {"own_amount": "20"})
    donor.gives("sepa@example.org", Iban.PAYS, **form)
    handle(told())
    assert Contribution.objects.get().status == "processing"
    assert Checkout.objects.filter(choices__isnull=False).count() == 2
    erasure.erase(Donor.objects.get())
    assert not Checkout.objects.filter(choices__isnull=False).exists()
    assert plain(donor, way_back(Checkout.objects.latest("pk")))

"""Errors stand at their field, on every form of the public pages (WCAG 2.2, 3.3.1 and 1.3.1)."""

import pytest
from bs4 import BeautifulSoup

from donations.giving.links import manage_url
from donations.models import Contribution
from newsroom.core import tokens
from subscriptions.models import Newsletter
from tests.factories import make_appeal


def wrong_fields(text: str) -> dict[str, str]:
    """Name of each field that is marked as wrong -> what the page says of it."""
    page = BeautifulSoup(text, "html.parser")
    ids = [one["id"] for one in page.select("[id]")]
    assert len(ids) == len(set(ids)), "two things have one id"
    for label in page.select("label[for]"):
        assert label["for"] in ids
    found = {}
    marked = page.select("[aria-invalid]")
    assert page.select("[autofocus]") == marked[:1], "the page opens at the first of them"
    for field in marked:
        words = page.find(id=field["aria-describedby"])
        assert words and words["role"] == "alert"
        radio = field.find("input", type="radio") if field.name == "fieldset" else field
        found[radio["name"]] = words.get_text()
    alerts = [one.get_text() for one in page.select(".error")]
    assert sorted(alerts) == sorted(found.values()), "an error stands elsewhere"
    return found


@pytest.mark.parametrize(
    ("url", "form", "wrong"),
    [
        ("/newsletter/weekly/signup/", {"email": "x"}, {"email", "consent"}),
        ("/newsletter/weekly/signup/", {"email": "a@example.org"}, {"consent"}),
        ("/newsletter/weekly/signup/", {"email": "a@mailinator.com", "consent": "on"}, {"email"}),
        ("/support/manage/", {"email": "x"}, {"email"}),
        ("/support/manage/", {"email": "x@" + "y" * 400}, {"email"}),
        ("/support/remind-me/", {"when": "", "email": "x"}, {"when", "email"}),
        ("/support/remind-me/", {"when": "week", "email": "<b>@x"}, {"email"}),
        ("/support/checkout/", {"frequency": "once", "own_amount": "x"}, {"own_amount"}),
        ("/support/checkout/", {"frequency": "once", "own_amount": "9" * 99}, {"own_amount"}),
        ("/support/checkout/", {"frequency": "once", "own_amount": "5.000"}, {"own_amount"}),
        ("/support/checkout/", {"frequency": "once", "amount_once": "1"}, {"own_amount"}),
        ("/support/checkout/", {"frequency": "x"}, {"frequency", "own_amount"}),
        ("/support/checkout/", {}, {"frequency", "own_amount"}),
    ],
)
def test_errors_stand_at_their_field(client, site, url: str, form, wrong: set[str]) -> None:
    make_appeal()
    page = client.post(url, form)
    assert page.status_code == 422
    found = wrong_fields(page.text)
    assert set(found) == wrong and all(found.values())


def test_errors_of_a_word_to_the_newsroom_stand_at_it(client, donor) -> None:
    donor.gives("a@example.org")
    token = tokens.expiring("message", Contribution.objects.get().pk)
    for words in ("", "x" * 3000):
        page = client.post(f"/support/thanks/{token}/", {"message": words})
        assert page.status_code == 422 and set(wrong_fields(page.text)) == {"message"}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"do": "amount", "amount": "many"}, "amount"),
        ({"do": "amount", "amount": "1"}, "amount"),
        ({"do": "frequency", "frequency": "annual", "amount": "<b>"}, "amount"),
        ({"do": "day", "day": "31"}, "day"),
        ({"do": "pause", "months": "x"}, "months"),
        ({"do": "cancel", "reason": "x"}, "reason"),
        ({"do": "cancel", "later": "x"}, "later"),
    ],
)
def test_errors_on_a_donors_own_page_stand_in_their_fold(page_with, change, wrong: str) -> None:
    page = page_with(change)
    assert page.status_code == 400
    assert set(wrong_fields(page.text)) == {wrong}
    soup = BeautifulSoup(page.text, "html.parser")
    [fold] = soup.select("details[open]")
    assert fold.select_one("[aria-invalid]")["name"] == wrong
    if wrong == "amount":
        assert fold.select_one("[aria-invalid]")["value"] == change["amount"]


@pytest.fixture
def page_with(donor):
    """A donor's own page, after a change was asked for."""
    donor.gives("own@example.org", frequency="monthly")
    recurring = Contribution.objects.get().recurring
    path = "/support/manage/" + manage_url(recurring.donor).partition("/support/manage/")[2]
    form_id = "8a0d5f0e-52a5-4d1e-b7ec-1f8c0b6a2f11"
    sent = {"recurring": recurring.pk, "form_id": form_id}
    return lambda change: donor.client.post(path, sent | change)


def test_form_for_several_newsletters_names_each_and_has_no_id_twice(client, site) -> None:
    index = site.newsletter.get_parent()
    index.add_child(
        instance=Newsletter(
            title="The Daily", slug="daily", sender_name="X", sender_address="a@x.org"
        )
    )
    page = BeautifulSoup(client.get(index.url).text, "html.parser")
    assert len(page.select(".box-signup")) == 1
    assert wrong_fields(str(page)) == {}
    boxes = page.select("label:has(> input[name=newsletter]) strong")
    assert [one.get_text() for one in boxes] == ["The Weekly", "The Daily"]


def test_signups_consent_stands_before_its_button(client, site) -> None:
    page = client.get("/newsletter/weekly/signup/").text
    assert page.index('name="email"') < page.index('name="consent"') < page.index("<button")

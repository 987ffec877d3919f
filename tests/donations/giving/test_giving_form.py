"""The form itself: what stands where, and two amounts in it."""

import re

import pytest
from bs4 import BeautifulSoup

from donations.models import Checkout
from tests.factories import make_article

pytestmark = pytest.mark.usefixtures("appeal")


@pytest.fixture
def box(client, site):
    page = client.get(make_article(site.section).url).text
    return BeautifulSoup(page, "html.parser").select_one(".box-ask")


def test_signup_stands_before_the_ask(client, site, appeal) -> None:
    page = client.get(make_article(site.section).url).text
    assert page.index("box-signup") < page.index("box-ask")


@pytest.mark.parametrize("path", ["article", "/support/", "/de/support/?currency=eur"])
def test_only_what_everybody_needs_is_open(client, site, path: str) -> None:
    """A fold works without JavaScript; what one agrees to stands before the button."""
    url = make_article(site.section).url if path == "article" else path
    page = BeautifulSoup(client.get(url).text, "html.parser")
    form = page.select_one("form.give")
    seen = [one for one in form.select("input, a, button, p, ul") if not one.find_parent("details")]
    names = {one.get("name") for one in seen if one.name == "input" and one["type"] != "hidden"}
    assert names == {"frequency", "own_amount"} | {
        f"amount_{x}" for x in ("once", "monthly", "annual")
    }
    assert not [one for one in seen if one.name in ("a", "ul")]
    assert not form.select("details[open]")
    rest = form.select_one("details")
    assert len(rest.select(".currencies a")) == 3 and rest.select(".methods li")
    assert len(rest.select("input[type=checkbox]")) == 3
    everything = form.select("input, button")
    assert everything[-1].name == "button" and everything[-1] not in rest.select("*")


def test_fold_is_open_when_something_in_it_was_chosen(client) -> None:
    sent = {"frequency": "once", "own_amount": "x"}
    for chosen in ({}, {"cover_fee": "on"}, {"anonymous": "on"}, {"newsletter": "on"}):
        page = client.post("/support/checkout/", sent | chosen).text
        assert ('<details class="extras" open>' in page) == bool(chosen)


def test_link_ticks_nothing_and_brings_no_press_of_somebody_elses(client) -> None:
    other = "00000000-0000-4000-8000-000000000007"
    link = f"/support/?newsletter=on&anonymous=on&cover_fee=on&checkout={other}&amount=7"
    sent = fields(client.get(link))
    assert sent["own_amount"] == "7" and sent["checkout"] == ""
    assert not {"newsletter", "anonymous", "cover_fee"} & set(sent)


# --- An amount of one's own, and a suggested one ------------------------------------------------


def fields(page) -> dict[str, str]:
    """What a browser without JavaScript sends."""
    form = BeautifulSoup(page.text, "html.parser").select_one("form.give")
    return {
        one["name"]: one.get("value", "on")
        for one in form.select("input")
        if one["type"] not in ("radio", "checkbox") or one.has_attr("checked")
    }


def press(donor, **typed: str):
    """Open the giving page, type, press “Continue”."""
    form = fields(donor.client.get("/support/")) | typed
    return donor.client.post("/support/checkout/", form)


def test_own_amount_wins_over_the_one_that_the_page_had_marked(donor) -> None:
    assert press(donor, own_amount="7").status_code == 303
    assert Checkout.objects.get().amount == 700


def test_suggestion_of_a_link_is_marked_by_the_page_too(donor) -> None:
    form = fields(donor.client.get("/support/?frequency=monthly&amount=20"))
    assert form["amount_monthly"] == "20"
    assert donor.client.post("/support/checkout/", form | {"own_amount": "7"}).status_code == 303
    assert Checkout.objects.get().amount == 700


def test_amount_chosen_and_another_entered_are_asked_about(donor) -> None:
    page = press(donor, own_amount="7", amount_monthly="20")
    assert page.status_code == 422 and not Checkout.objects.exists()
    assert "You chose $20, and entered $7 as your own amount." in page.text
    buttons = re.findall(r'<button [^>]*name="own_amount" value="(\d+)">([^<]+)<', page.text)
    assert buttons == [("7", "$7"), ("20", "$20")]
    for answer, amount in (("7", 700), ("20", 2000)):
        again = donor.client.post(
            "/support/checkout/", fields(page) | {"own_amount": ["7", answer]}
        )
        assert again.status_code == 303, answer
        assert Checkout.objects.latest("pk").amount == amount


def test_suggestion_chosen_after_an_own_amount_was_refused_is_offered(donor) -> None:
    page = press(donor, own_amount="1")
    assert page.status_code == 422 and "The smallest amount is $2." in page.text
    assert not [name for name in fields(page) if name.startswith("amount_")]  # none is marked
    page = donor.client.post("/support/checkout/", fields(page) | {"amount_monthly": "10"})
    assert page.status_code == 422
    assert '<button class="button button-quiet" name="own_amount" value="10">$10<' in page.text


def test_same_amount_twice_is_no_question(donor) -> None:
    assert press(donor, own_amount="20,00", amount_monthly="20").status_code == 303


def test_own_amount_for_one_frequency_leaves_no_suggestion_for_another(donor) -> None:
    form = fields(donor.client.get("/support/?frequency=monthly&amount=7"))
    assert form["own_amount"] == "7"
    assert not [name for name in form if name.startswith("amount_")]


@pytest.mark.parametrize("suggested", ["x", "1", "9" * 30, "<script>", "10 €"])
def test_invented_suggestion_beside_an_own_amount_is_no_matter(donor, suggested: str) -> None:
    assert press(donor, own_amount="7", amount_monthly=suggested).status_code == 303
    assert Checkout.objects.get().amount == 700

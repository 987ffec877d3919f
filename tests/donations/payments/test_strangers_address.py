"""Who makes their customer bear another's address at Stripe gets nothing of the other's by that."""

from typing import Any

import pytest

from donations.giving.links import manage_url
from donations.models import Contribution, Donor
from newsroom.core.privacy import giving_index
from tests.donations.conftest import handle
from tests.donations.payments.test_people import amounts, becomes, customer_of, path, pays_as


def donor_at(email: str) -> Donor:
    return Donor.objects.get(email_index=giving_index(email))


@pytest.fixture
def moves(donor, told) -> Any:
    """Give this customer one address after the other."""

    def move(customer: str, *emails: str) -> None:
        for email in emails:
            becomes(donor, customer, email)
            handle(told())

    return move


def test_who_goes_on_from_anothers_address_has_learned_nothing(donor, told, client, moves) -> None:
    page = client.post(
        "/de/support/checkout/", {"frequency": "once", "amount": "25", "currency": "usd"}
    )["Location"]
    donor.pays(page, "victim@example.org", name="Vera Victim")
    pays_as(donor, "thief@example.org", "Theo Thief")
    handle(told())
    moves(customer_of("thief@example.org"), "victim@example.org", "thief@example.org")
    thief, victim = donor_at("thief@example.org"), donor_at("victim@example.org")
    assert (thief.name, thief.language, amounts(thief)) == ("Theo Thief", "en", [1000])
    assert (victim.name, victim.language, amounts(victim)) == ("Vera Victim", "de", [2500])
    assert "Vera" not in client.get(f"{path(manage_url(thief))}data/").text


def test_who_gave_anonymously_stays_so_when_they_leave(donor, told, moves) -> None:
    pays_as(donor, "victim@example.org", "Vera Victim", frequency="once")
    pays_as(donor, "thief@example.org", "Theo Thief", anonymous="on")
    handle(told())
    moves(customer_of("thief@example.org"), "victim@example.org", "thief@example.org")
    assert donor_at("thief@example.org").name == ""


@pytest.mark.parametrize("name", ["Theo Thief", "Vera Victim", ""])
def test_who_waits_at_an_address_for_its_owner_takes_nobody_along(
    donor, told, moves, name: str
) -> None:
    for _ in range(2):
        pays_as(donor, "thief@example.org", name)
    handle(told())
    first, second = (customer_of("thief@example.org", n) for n in range(2))
    moves(first, "victim@example.org")
    for amount in ("77", "78"):
        pays_as(donor, "victim@example.org", "Vera Victim", frequency="once", amount=amount)
    handle(told())
    assert amounts(donor_at("victim@example.org")) == [1000, 1000, 7700, 7800]
    victims = Contribution.objects.get(amount=7700).stripe_customer
    moves(victims, "moved@example.org")  # who moves by themselves goes on with all that is theirs
    moves(second, "third@example.org")
    moves(first, "thief@example.org")
    assert amounts(donor_at("moved@example.org")) == [7700, 7800]
    thief = donor_at("thief@example.org")
    assert thief.contributions.exists() and set(amounts(thief)) == {1000}


def test_donor_who_moves_twice_with_two_customers_stays_one(donor, told, moves) -> None:
    for _ in range(2):
        donor.gives("old@example.org")
    handle(told())
    moves(customer_of("old@example.org"), "new@example.org", "newer@example.org")
    assert amounts(Donor.objects.get()) == [1000, 1000]
    assert Donor.objects.get().email == "newer@example.org"


@pytest.mark.parametrize("first", ["Bob", "Rob"])
def test_address_mistyped_into_somebodys_is_corrected_whoever_gave_first(
    donor, told, moves, first: str
) -> None:
    """Bob types Rob's. Staff correct it at Stripe."""
    order = ["Bob", "Rob", "Rob"] if first == "Bob" else ["Rob", "Rob", "Bob"]
    for name in order:
        amount = "77" if name == "Bob" else "10"
        pays_as(donor, "rob@example.org", name, frequency="once", amount=amount)
    handle(told())
    moves(Contribution.objects.get(amount=7700).stripe_customer, "bob@example.org")
    rob, bob = donor_at("rob@example.org"), donor_at("bob@example.org")
    assert (bob.name, amounts(bob), amounts(rob)) == ("Bob", [7700], [1000, 1000])
    handle(told(), again=True)  # his payments are read again
    assert donor_at("rob@example.org").name == "Rob"

"""What arrived is looked over: unusually large, many small from one network, on the block list."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from donations.finance.review import pages, watching
from donations.models import BlockedMark, Checkout, Contribution, Review, ReviewRules
from donations.payments.mirror import donors as people
from newsroom.core.privacy import donor_name_index, giving_index, network_index
from tests.donations.conftest import handle
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/review/block-list/"


@pytest.fixture(autouse=True)
def forgets() -> None:
    cache.clear()


def rules(**fields: int) -> None:
    known = ReviewRules.load()
    for name, value in fields.items():
        setattr(known, name, value)
    known.save()


def look(times: int = 2) -> list[tuple[str, str]]:
    for _ in range(times):
        watching.look_over(timezone.now())
    return [(one.kind, one.why) for one in Review.objects.order_by("pk")]


# --- Unusually large ------------------------------------------------------------------------------


def test_large_is_by_ones_own_history_with_a_floor(given, monkeypatch) -> None:
    monkeypatch.setattr(watching, "ENOUGH", 20)
    rules(large_floor=100, large_times=3)
    small = [given(amount) for amount in range(1000, 5000, 200)]  # 20, up to 48 dollars
    limit, words = watching.limit_of(ReviewRules.load(), "usd", timezone.now())
    assert limit == 3 * 4800 and "995 were of at most $48" in words
    much = given(14_400)
    given(14_399)
    [(kind, why)] = look()
    assert kind == "large" and why.startswith("$144. Of 1,000 contributions in USD")
    assert Review.objects.get().contribution == much
    assert len(small) == 20


def test_without_a_history_the_floor_says_what_is_large(given) -> None:
    given(49_999)
    given(50_000)
    given(75_000, currency="jpy")  # about 500 dollars
    given(99_000, received_at=timezone.now() - timedelta(days=4))  # was looked at, then
    given(99_000, status="processing", received_at=None)
    assert [why for _, why in look()] == [
        "¥75,000. All from ¥75,000 on are looked at.",
        "$500. All from $500 on are looked at.",
    ]


def test_a_set_limit_comes_before_the_history(given) -> None:
    rules(large_from=20)
    given(2000)
    given(1999)
    assert [why for _, why in look()] == ["$20. All from $20 on are looked at."]


def test_large_one_that_was_accepted_is_not_asked_about_again(given) -> None:
    given(60_000)
    look()
    Review.objects.update(status="decided", choice="accept", closed_at=timezone.now())
    assert len(look()) == 1 and not Review.objects.waiting().exists()


# --- Many small ones ------------------------------------------------------------------------------


def test_many_small_ones_from_one_network_are_one_review_a_day(given) -> None:
    rules(many_small=3, small_up_to=5)
    for amount in (500, 500, 501):
        given(amount, network="8.8.8.0/24")
    given(500, network="9.9.9.0/24")
    given(500)
    assert look() == []
    given(300, network="8.8.8.0/24", status="failed", received_at=None)
    [(kind, why)] = look()
    assert kind == "many_small" and why.startswith("3 contributions of at most about $5")
    given(300, network="8.8.8.0/24")
    assert look()[0][1].startswith("4 contributions") and Review.objects.count() == 1
    about = Review.objects.get().about
    assert network_index("8.8.8.0/24").hex()[:16] not in about


def test_review_of_many_small_ones_shows_each_until_the_network_is_forgotten(
    given, client, monkeypatch
) -> None:
    rules(many_small=3, small_up_to=5)
    there = [given(amount, network="8.8.8.0/24") for amount in (300, 400, 500)]
    of_long_ago = given(200, network="8.8.8.0/24")
    Contribution.objects.filter(pk=of_long_ago.pk).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    given(100, network="9.9.9.0/24")
    look()
    review = Review.objects.get()
    assert list(watching.from_there(review)) == there[::-1]
    client.force_login(make_user("Finance viewers"))
    shown = client.get(f"/admin/review/{review.pk}/").text
    assert [f"/contributions/inspect/{one.pk}/" in shown for one in there] == [True] * 3
    assert "Ann" not in shown and f"donor {there[0].donor_id}" in shown
    monkeypatch.setattr(pages, "SHOWN", 2)
    few = client.get(f"/admin/review/{review.pk}/").text
    assert "And 1 more" in few and f"/inspect/{there[0].pk}/" not in few
    Checkout.objects.all().forget_networks()
    assert "not known any more" in client.get(f"/admin/review/{review.pk}/").text


def test_where_a_checkout_came_from_is_a_number_that_is_forgotten(donor, client, told) -> None:
    form = {"frequency": "once", "amount": "5", "currency": "usd"}
    client.post("/support/checkout/", form, REMOTE_ADDR="8.8.8.8")
    client.post("/support/checkout/", form, REMOTE_ADDR="127.0.0.1")  # an onion service's readers
    known, nobody = Checkout.objects.order_by("pk")
    assert bytes(known.network_index) == network_index("8.8.8.0/24")
    assert nobody.network_index is None
    Checkout.objects.all().forget_networks()
    assert not Checkout.objects.filter(network_index__isnull=False).exists()


# --- The block list -------------------------------------------------------------------------------


def test_lead_puts_an_address_and_a_name_on_the_list_and_hits_open_a_review(client, given) -> None:
    before = given(email="bad@example.org")
    client.force_login(make_user("Finance leads"))
    for form in (
        {"kind": "address", "value": " Bad@Example.org ", "why": "Stolen cards"},
        {"kind": "name", "value": "mallory  MALLORY", "why": "Threats"},
    ):
        assert "It is on the list." in client.post(LIST, form, follow=True).text
        assert "on the list already" in client.post(LIST, form, follow=True).text
    page = client.get(LIST).text
    assert "Stolen cards" in page and "example.org " not in page and "mallory" not in page.lower()
    hit = given(email="bad@example.org")
    named = given(email="other@example.org", name="Mallory Mallory")
    given(email="good@example.org", name="Mallory Goode")
    people_index = donor_name_index("Mallory Mallory")
    assert bytes(named.donor.name_index) == people_index
    assert look() == [
        ("blocked", "Begun with what is on your block list: e-mail address."),
        ("blocked", "Begun with what is on your block list: name."),
    ]
    found = set(Review.objects.values_list("contribution", flat=True))
    assert found == {hit.pk, named.pk} and before.pk not in found
    mark = BlockedMark.objects.get(kind="name")
    client.post(f"{LIST}{mark.pk}/off/")
    given(email="other@example.org", name="Mallory Mallory")
    assert len(look()) == 2


@pytest.mark.parametrize("form", [
    {}, {"kind": "card", "value": "42", "why": "x"}, {"kind": "address", "value": "x", "why": "x"},
    {"kind": "address", "value": "a@example.org"}, {"kind": "name", "value": "\0", "why": "x"},
])  # fmt: skip
def test_what_is_no_address_and_no_name_comes_not_on_the_list(client, site, form) -> None:
    client.force_login(make_user("Finance leads"))
    assert client.post(LIST, form).status_code == 400
    assert not BlockedMark.objects.exists()


@pytest.mark.costly
def test_blocked_card_and_network_meet_the_next_checkout(client, officer, donor, told) -> None:
    donor.client.defaults["REMOTE_ADDR"] = "8.8.8.8"
    donor.gives("first@example.org", frequency="once", amount="50")
    handle(told())
    one = Contribution.objects.get()
    Review.open("large", str(one.pk), "x", contribution=one)
    client.force_login(officer)
    address = f"/admin/review/{Review.objects.get().pk}/decide/"
    form = {"do": "block", "words": "Fraud", "confirmed": "0"}
    assert "On the block list." in client.post(address, form, follow=True).text
    assert look() == [("large", "x")]  # not what was there before
    kinds = BlockedMark.objects.order_by("kind").values_list("kind", "until")
    assert [(kind, bool(until)) for kind, until in kinds] == [
        ("address", False), ("card", False), ("network", True),
    ]  # fmt: skip
    # Stripe tells whole seconds.
    Contribution.objects.update(created_at=timezone.now() - timedelta(hours=1))
    BlockedMark.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    # From there a form costs a sum; nobody is refused.
    assert donor.continues(frequency="once", amount="7").status_code == 429
    donor.client.defaults["REMOTE_ADDR"] = "9.9.9.9"
    donor.gives("second@example.org", frequency="once", amount="7")  # with the same card
    handle(told())
    assert look()[1] == ("blocked", "Begun with what is on your block list: card or account.")


def test_merged_and_other_donors_are_not_mixed_up(given) -> None:
    BlockedMark.objects.put([("address", giving_index("a@example.org"))], "x", "x")
    one = given(email="a@example.org")
    other = given(email="b@example.org")
    people.merge(one.donor_id, other.donor_id)
    assert look() == []  # nobody has this address any more

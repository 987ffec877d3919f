"""The Stripe sandbox is as strict as Stripe, and its objects hold to the contract."""

import json

import pytest
import requests

from donations.sandbox import contract
from donations.sandbox.billing import after
from donations.sandbox.objects import Card
from tests.donations.conftest import API, events


@pytest.fixture
def call(stripe_sandbox: str):
    def post(path: str, key: str = "", **fields: str) -> requests.Response:
        headers = API | ({"Idempotency-Key": key} if key else {})
        return requests.post(
            f"{stripe_sandbox}/v1/{path}", data=fields, headers=headers, timeout=10
        )

    return post


PRICE = "line_items[0][price_data]"
SESSION = {
    "mode": "payment", "success_url": "https://x.example", "line_items[0][quantity]": "1",
    f"{PRICE}[currency]": "usd", f"{PRICE}[unit_amount]": "500", f"{PRICE}[product]": "p",
}  # fmt: skip


@pytest.fixture
def product(call) -> None:
    call("products", id="p", name="Gift")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"colour": "red"}, "colour"),
        ({"mode": "gift"}, "mode"),
        ({f"{PRICE}[unit_amount]": "5.5"}, f"{PRICE}[unit_amount]"),
        ({f"{PRICE}[unit_amount]": "five"}, f"{PRICE}[unit_amount]"),
        ({f"{PRICE}[unit_price]": "5"}, f"{PRICE}[unit_price]"),
        ({f"{PRICE}[product]": "nope"}, f"{PRICE}[product]"),
        ({f"{PRICE}[currency]": None}, f"{PRICE}[currency]"),
        ({"success_url": None}, "success_url"),
        ({"submit_type": "beg"}, "submit_type"),
        ({"adaptive_pricing[enabled]": "maybe"}, "adaptive_pricing[enabled]"),
        ({"expires_at": "1"}, "expires_at"),
    ],
)
def test_request_that_stripe_would_refuse_is_refused(call, product, change, param) -> None:
    answer = call("checkout/sessions", **(SESSION | change))
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["param"] == param


def test_idempotency_key_gives_the_same_answer_and_refuses_other_parameters(call, product) -> None:
    first = call("checkout/sessions", key="k1", **SESSION)
    again = call("checkout/sessions", key="k1", **SESSION)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = call("checkout/sessions", key="k1", **SESSION | {f"{PRICE}[unit_amount]": "600"})
    assert other.status_code == 400
    assert other.json()["error"]["type"] == "idempotency_error"


def test_product_with_a_taken_id_is_refused(call, product) -> None:
    answer = call("products", id="p", name="Gift")
    assert answer.json()["error"]["code"] == "resource_already_exists"


def test_unknown_object_address_and_key_are_refused(stripe_sandbox: str) -> None:
    missing = requests.get(f"{stripe_sandbox}/v1/charges/ch_x", headers=API, timeout=10)
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "resource_missing"
    assert requests.get(f"{stripe_sandbox}/v1/unicorns", headers=API, timeout=10).status_code == 404
    assert requests.get(f"{stripe_sandbox}/v1/events", timeout=10).status_code == 401


def test_every_object_in_every_event_holds_to_the_contract(donor, stripe_sandbox) -> None:
    donor.gives("contract@example.org", Card.FAILS_LATER)
    donor.gives("contract@example.org", frequency="once")
    donor.advance(60)
    seen = set()
    for event in events(stripe_sandbox):
        assert contract.problems(event) == []
        thing = event["data"]["object"]
        seen.add(thing["object"])
        assert contract.problems(thing) == []
    assert {"charge", "payment_intent", "subscription", "invoice", "checkout.session"} <= seen


def test_contract_sees_what_is_wrong(donor, stripe_sandbox) -> None:
    donor.gives("wrong@example.org", frequency="once")
    [thing] = [e for e in events(stripe_sandbox) if e["type"] == "charge.succeeded"][-1:]
    charge = thing["data"]["object"]
    broken = charge | {"amount": "5", "colour": "red", "status": "lost"}
    del broken["captured"]
    text = json.dumps(contract.problems(broken))
    for name in ("amount", "colour", "captured"):
        assert f"charge.{name}" in text


@pytest.mark.parametrize(
    ("pairs", "decoded"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a[0][b]", "1"), ("a[1][b]", "2")], {"a": [{"b": "1"}, {"b": "2"}]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
    ],
)
def test_form_encoding_of_nested_parameters(pairs, decoded) -> None:
    assert contract.decode(pairs) == decoded


def test_month_after_the_last_of_january_is_the_last_of_february() -> None:
    from datetime import UTC, datetime

    january = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(after(january, "month"), UTC).day == 28
    assert datetime.fromtimestamp(after(january, "year"), UTC).year == 2028

"""The Stripe sandbox is as strict as Stripe, and its objects hold to the contract."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
import stripe

from donations.sandbox import contract
from donations.sandbox.billing.pricing import after
from donations.sandbox.objects import Card, Iban
from tests import smoke
from tests.donations.conftest import API, all_of, events
from tests.environment import free_port, start_sandbox


@pytest.fixture
def call(empty_stripe: str):
    def post(path: str, key: str = "", **fields: str) -> requests.Response:
        headers = API | ({"Idempotency-Key": key} if key else {})
        return requests.post(f"{empty_stripe}/v1/{path}", data=fields, headers=headers, timeout=10)

    return post


PRICE = "line_items[0][price_data]"
SESSION = {
    "mode": "payment", "success_url": "https://x.example", "line_items[0][quantity]": "1",
    f"{PRICE}[currency]": "usd", f"{PRICE}[unit_amount]": "500", f"{PRICE}[product]": "p",
}  # fmt: skip


@pytest.fixture
def fault(empty_stripe: str):
    def inject(mode: str, **fields: str) -> None:
        answer = requests.post(
            f"{empty_stripe}/faults",
            data={"mode": mode} | fields,
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code == 302, answer.text

    return inject


@pytest.fixture
def product(call) -> None:
    call("products", id="p", name="Contribution")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"colour": "red"}, "colour"),
        ({"mode": "contribution"}, "mode"),
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
    answer = call("products", id="p", name="Contribution")
    assert answer.json()["error"]["code"] == "resource_already_exists"


@pytest.mark.parametrize(
    ("coupon", "param"),
    [
        ({"duration": "once"}, "percent_off"),
        ({"duration": "once", "percent_off": "5", "amount_off": "5"}, "percent_off"),
        ({"duration": "once", "amount_off": "5"}, "currency"),
        ({"duration": "repeating", "percent_off": "5"}, "duration_in_months"),
        ({"duration": "once", "percent_off": "5", "duration_in_months": "2"}, "duration_in_months"),
    ],
)
def test_coupon_that_says_too_little_or_too_much_is_refused(call, coupon, param) -> None:
    assert call("coupons", **coupon).json()["error"]["param"] == param


def test_unknown_object_address_and_key_are_refused(stripe_sandbox: str) -> None:
    missing = requests.get(f"{stripe_sandbox}/v1/charges/ch_x", headers=API, timeout=10)
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "resource_missing"
    assert requests.get(f"{stripe_sandbox}/v1/unicorns", headers=API, timeout=10).status_code == 404
    assert requests.get(f"{stripe_sandbox}/v1/events", timeout=10).status_code == 401


KINDS = (
    "charges", "customers", "invoices", "payment_intents", "subscriptions", "refunds", "disputes",
    "balance_transactions", "payouts", "checkout/sessions", "invoice_payments",
    "payment_method_configurations", "radar/early_fraud_warnings",
)  # fmt: skip


def test_every_object_it_holds_or_tells_of_keeps_the_contract(donor, stripe_sandbox) -> None:
    for card in (Card.FAILS_LATER, Card.DISPUTED, Card.FRAUD_WARNING, Card.ALWAYS_AUTHENTICATE):
        donor.gives("contract@example.org", card)
    for account in (Iban.PAYS, Iban.FAILS, Iban.DISPUTED, Iban.CLOSED_LATER):
        donor.gives("contract@example.org", account, currency="eur", amount="20")
    donor.gives("contract@example.org", Card.REFUND_FAILS, frequency="once", currency="jpy",
                amount="1000")  # fmt: skip
    intent = all_of(stripe_sandbox, "payment_intents")[0]["id"]
    requests.post(f"{stripe_sandbox}/refund", data={"payment_intent": intent}, timeout=10)
    donor.advance(60)
    told = events(stripe_sandbox)
    for thing in [*told, *(event["data"]["object"] for event in told)]:
        assert contract.problems(thing) == [], thing["object"]
    seen = {event["type"] for event in told}
    assert {"invoice.payment_action_required", "charge.dispute.created", "mandate.updated",
            "payout.reconciliation_completed", "refund.failed", "payment_intent.processing",
            "checkout.session.async_payment_succeeded",
            "checkout.session.async_payment_failed"} <= seen  # fmt: skip
    for kind in KINDS:
        found = all_of(stripe_sandbox, kind)
        assert found, kind
        for thing in found:
            assert contract.problems(thing) == [], kind


def test_account_settles_in_one_more_currency(donor, stripe_sandbox) -> None:
    """ "Payouts in supported settlement currencies": nothing is converted any more."""
    requests.post(f"{stripe_sandbox}/settle-in", data={"currency": "jpy"}, timeout=10)
    donor.gives("payout@example.org", frequency="once", currency="jpy", amount="1000")
    [booking] = all_of(stripe_sandbox, "balance_transactions")
    assert (booking["currency"], booking["amount"], booking["net"]) == ("jpy", 1000, 941)
    assert booking["exchange_rate"] is None
    donor.advance(3)
    [payout] = all_of(stripe_sandbox, "payouts")
    assert (payout["currency"], payout["amount"]) == ("jpy", 941)


def test_payouts_add_up_to_what_was_booked(donor, stripe_sandbox) -> None:
    """ "Payout reconciliation report": without its own line the net of its parts is the payout."""
    for currency in ("usd", "eur", "jpy"):
        donor.gives("payout@example.org", frequency="once", currency=currency, amount="1000")
    donor.gives("payout@example.org", Card.DISPUTED, frequency="once", amount="20")
    donor.advance(5)
    payouts = all_of(stripe_sandbox, "payouts")
    assert {payout["currency"] for payout in payouts} == {"usd", "eur"}
    for payout in payouts:
        assert payout["reconciliation_status"] == "completed"
        entries = all_of(stripe_sandbox, "balance_transactions", payout=payout["id"])
        assert sum(e["net"] for e in entries if e["type"] != "payout") == payout["amount"]
        assert sum(e["net"] for e in entries) == 0
    converted = [e for e in all_of(stripe_sandbox, "balance_transactions") if e["exchange_rate"]]
    [booking] = converted
    assert (booking["currency"], booking["amount"]) == ("usd", 670)  # 1000 yen


def test_call_that_failed_before_acting_has_left_nothing(call, product, fault) -> None:
    fault("error-before", path="/v1/checkout")
    assert call("checkout/sessions", key="k2", **SESSION).status_code == 500
    assert call("checkout/sessions", key="k2", **SESSION).headers.get("Idempotent-Replayed") is None


def test_answer_that_got_lost_is_repeated_under_its_key(call, product, fault) -> None:
    fault("answer-lost")
    with pytest.raises(requests.RequestException):
        call("checkout/sessions", key="k3", **SESSION)
    assert call("checkout/sessions", key="k3", **SESSION).headers["Idempotent-Replayed"] == "true"


def test_too_many_calls_are_told_so(call, product, fault) -> None:
    fault("rate-limit")
    answer = call("checkout/sessions", **SESSION)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limit"


@pytest.mark.parametrize("question", smoke.QUESTIONS, ids=lambda question: question.__name__)
def test_sandbox_answers_the_questions_that_we_ask_stripe(donor, question) -> None:
    question(lambda page: donor.pays(page, "smoke@example.org"))


def test_refusal_of_what_was_begun_is_the_keys_answer_from_then_on(call, empty_stripe) -> None:
    requests.post(f"{empty_stripe}/start-over", data={"new": "1"}, timeout=10)
    refused = call("checkout/sessions", key="k4", **SESSION)
    assert refused.status_code == 400  # no such product
    call("products", id="p", name="Contribution")
    assert call("checkout/sessions", key="k4", **SESSION).status_code == 400
    assert call("checkout/sessions", key="k5", **SESSION).status_code == 200


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
    assert (
        datetime.fromtimestamp(after(january, {"interval": "month", "interval_count": 1}), UTC).day
        == 28
    )
    assert (
        datetime.fromtimestamp(after(january, {"interval": "year", "interval_count": 1}), UTC).year
        == 2028
    )


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("usd", "1250", "12.50 USD"), ("jpy", "2500", "2,500 JPY"), ("kwd", "3000", "3.000 KWD")],
)
def test_hosted_page_shows_the_currencys_decimals(call, product, currency, amount, shown) -> None:
    asked = SESSION | {f"{PRICE}[currency]": currency, f"{PRICE}[unit_amount]": amount}
    page = call("checkout/sessions", **asked).json()["url"]
    assert f"Pay {shown}" in requests.get(page, timeout=10).text


# --- Webhooks -----------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """A sandbox of its own that sends its events here: its address, then the ids that came."""
    found: list[str] = []

    class Ears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stripe.WebhookSignature.verify_header(
                body.decode(), self.headers["Stripe-Signature"], "whsec_ears", 300
            )
            found.append(json.loads(body)["id"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ears)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{free_port()}"
    own = {"WEBHOOK_URL": f"http://127.0.0.1:{server.server_port}", "WEBHOOK_SECRET": "whsec_ears"}
    with start_sandbox("donations.sandbox.app", url, "stripe-ears.sqlite3", **own):
        found.append(url)
        yield found
    server.shutdown()


def test_webhooks_stray_as_ordered(heard) -> None:
    [url] = heard

    def event(mode: str = "", **fields: str) -> str:
        """Something happens; the id of the event about it."""
        if mode:
            requests.post(f"{url}/faults", data={"mode": mode} | fields, timeout=10)
        requests.post(f"{url}/v1/products", data={"id": "p", "name": "x"}, headers=API, timeout=10)
        session = requests.post(
            f"{url}/v1/checkout/sessions", data=SESSION, headers=API, timeout=10
        ).json()["id"]
        requests.post(f"{url}/v1/checkout/sessions/{session}/expire", headers=API, timeout=10)
        return str(events(url)[-1]["id"])

    def came(pk: str, times: int) -> None:
        deadline = time.monotonic() + 10
        while heard.count(pk) < times and time.monotonic() < deadline:
            time.sleep(0.05)
        assert heard.count(pk) == times

    lost, doubled = event("webhook-lost"), event("webhook-doubled")
    late, usual = event("webhook-late", days="3"), event()
    came(doubled, 2)
    came(usual, 1)
    assert lost not in heard and late not in heard
    requests.post(f"{url}/advance", data={"days": 4}, timeout=10)
    came(late, 1)
    assert lost not in heard
    assert lost in {told["id"] for told in events(url)}  # Stripe's own list has it

"""Two years at Stripe, as the sandbox plays them; and what it holds then that we do not.

Each month has gifts by card and by debit, renewals, refunds, disputes in each outcome, coupons,
tax, invoices over nothing, payments out of band, fees, other rates, payouts that come back.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import requests
from django.core.cache import cache

CURRENCIES = ("usd", "usd", "eur", "gbp", "jpy")
AMOUNTS = {"jpy": "1000"}
# What becomes of one that was opened, each in its turn: now, and a month later, after the payout.
OUTCOMES = [
    (["answered", "won"], []),
    (["lost"], []),
    (["answered"], ["won"]),
    (["answered", "later"], ["lost"]),
    ([], ["won"]),
]
COUPONS = [
    {"duration": "forever", "percent_off": "25"},
    {"duration": "repeating", "duration_in_months": "2", "percent_off": "100"},
    {"duration": "once", "percent_off": "40"},
]
Object = dict[str, Any]


class TwoYears:
    def __init__(self, donor: Any, url: str) -> None:
        self.donor, self.url, self.chance = donor, url, random.Random(1)
        self.left_open: list[tuple[str, list[str]]] = []
        self.undone = 0

    def all(self, kind: str, **query: str) -> list[Object]:
        from tests.donations.conftest import all_of

        return all_of(self.url, kind, **query)

    def press(self, button: str, **form: object) -> None:
        """Of the dashboard. What Stripe would refuse changes nothing."""
        requests.post(f"{self.url}/{button}", data=form, timeout=60, allow_redirects=False)

    def post(self, path: str, **params: object) -> Object:
        from tests.donations.conftest import API

        answer = requests.post(f"{self.url}/v1/{path}", data=params, headers=API, timeout=60)
        assert answer.status_code == 200, answer.text
        found: Object = answer.json()
        return found

    def give(self, name: str, card: str, often: str, code: str) -> None:
        cache.clear()  # all of them come from one network, within the hour
        amount = AMOUNTS.get(code, "10" if often == "monthly" else "1000")
        self.donor.gives(f"{name}@example.org", card, frequency=often, amount=amount, currency=code)

    def begin(self, donors: int) -> None:
        """So many give regularly, some with cards and accounts that fail later."""
        from donations.sandbox.objects import Card, Iban

        for n in range(donors):
            often = ("monthly", "monthly", "annual")[n % 3]
            code, card = CURRENCIES[n % len(CURRENCIES)], Card.VISA
            if code == "eur":
                card = (Iban.PAYS, Iban.CLOSED_LATER, Card.VISA)[n // 5 % 3]
            self.give(f"donor{n}", card, often, code)
        self.give("fails", Card.FAILS_LATER, "monthly", "usd")

    def month(self, number: int, night: Callable[[], object] = lambda: None) -> None:
        """``night`` comes every third day."""
        self.sell(number)
        self.give_once(number)
        self.give_back(number)
        self.contest(number)
        self.settle(number)
        for _ in range(10):
            self.donor.advance(3)
            self.pay_elsewhere(number)
            night()

    def sell(self, number: int) -> None:
        """Coupons and tax, on what somebody gives regularly; somebody whose card fails begins."""
        from donations.sandbox.objects import Card

        if number % 6 == 0:
            self.give(f"fails{number}", Card.FAILS_LATER, "monthly", "usd")
        going = [one for one in self.all("subscriptions") if one["status"] == "active"]
        if number % 4 == 1:
            made = self.post("coupons", **COUPONS[number // 4 % len(COUPONS)])
            subscription = self.chance.choice(going)["id"]
            self.post(f"subscriptions/{subscription}", **{"discounts[0][coupon]": made["id"]})
        if number % 4 == 3:
            inclusive = ("false", "true")[number // 4 % 2]
            tax = {"display_name": "VAT", "inclusive": inclusive, "percentage": "19"}
            rate = {"default_tax_rates[0]": self.post("tax_rates", **tax)["id"]}
            self.post(f"subscriptions/{self.chance.choice(going)['id']}", **rate)

    def give_once(self, number: int) -> None:
        from donations.sandbox.objects import Card, Iban

        self.press("rate", currency="gbp", rate=f"{1.2 + number / 100:.2f}")
        code = CURRENCIES[number % len(CURRENCIES)]
        self.give(f"once{number}", Card.VISA, "once", code)
        self.give(f"back{number}", Card.REFUND_FAILS, "once", "usd")
        account = (Iban.PAYS, Iban.FAILS, Iban.DISPUTED)[number % 3]
        self.give(f"debit{number}", account, "once", "eur")
        if number % 5 == 0:
            self.give(f"warned{number}", Card.FRAUD_WARNING, "once", "usd")

    def give_back(self, number: int) -> None:
        """A part of some gifts, all of others; one that the bank sends back."""
        paid = [one for one in self.all("charges") if one["paid"] and not one["disputed"]]
        left = [one for one in paid if one["amount"] - one["amount_refunded"] >= 300]
        for charge in self.chance.sample(left, min(3, len(left))):
            part = (charge["amount"] - charge["amount_refunded"]) // 3
            self.press("refund", payment_intent=charge["payment_intent"], amount=part)
        some = self.chance.choice(left)
        if number % 4 == 0:
            self.press("refund", payment_intent=some["payment_intent"])
        self.press("refund", payment_intent=self.last_of(f"back{number}"), amount="500")

    def contest(self, number: int) -> None:
        from donations.sandbox.objects import Card

        for dispute, outcomes in self.left_open:
            self.go_on(dispute, outcomes)
        self.left_open.clear()
        self.give(f"contested{number}", Card.VISA, "once", "usd")
        part = {"amount": 40_000} if number % 2 else {}
        self.press("dispute", payment_intent=self.last_of(f"contested{number}"), **part)
        dispute = self.all("disputes")[0]["id"]
        now, then = OUTCOMES[number % len(OUTCOMES)]
        self.go_on(dispute, now)
        self.left_open += [(dispute, then)] if then else []
        if number % 3 == 0:  # an inquiry, closed or become a dispute that is won
            self.give(f"asked{number}", Card.INQUIRY, "once", "usd")
            then = ["lost"] if number % 2 else ["disputed", "answered", "won"]
            self.go_on(self.all("disputes")[0]["id"], then)

    def go_on(self, dispute: str, outcomes: list[str]) -> None:
        for outcome in outcomes:
            self.press("close-dispute", dispute=dispute, outcome=outcome, days=3)

    def last_of(self, name: str) -> str:
        """Their payment."""
        address = f"{name}@example.org"
        customer = next(one for one in self.all("customers") if one["email"] == address)
        found: str = self.all("payment_intents", customer=customer["id"])[0]["id"]
        return found

    def settle(self, number: int) -> None:
        """Fees by themselves, payouts that come back or are made by hand, one more balance."""
        for kind, amount in (("stripe_fee", 100 + number), ("tax_fee", 19), ("stripe_fx_fee", 7)):
            self.press("fee", amount=amount, kind=kind)
        if number % 5 == 4:
            self.press("fee", amount=-50, kind="stripe_fee")
        if number % 3 == 2:
            self.press("undo-payout", payout=self.all("payouts")[0]["id"], status="failed")
            self.undone += 1
        if number % 4 == 3:
            self.press("pay-out", amount="500")
        if number % 8 == 7:
            self.press("undo-payout", payout=self.all("payouts")[0]["id"], status="canceled")
            self.undone += 1
        if number == 6:
            self.press("settle-in", currency="jpy")

    def pay_elsewhere(self, number: int) -> None:
        """What failed is paid by a transfer, each second month."""
        for invoice in self.all("invoices", status="open") if number % 2 == 0 else []:
            failed = invoice["attempt_count"] and invoice["next_payment_attempt"]
            if failed:
                self.post(f"invoices/{invoice['id']}/pay", paid_out_of_band="true")

    def seen(self) -> dict[str, int]:
        """Of each kind that is to be played: how often it was."""
        disputes, invoices = self.all("disputes"), self.all("invoices")
        moved = self.all("balance_transactions")
        kinds = [one["type"] for one in moved]
        return {
            "renewals": sum(one["billing_reason"] == "subscription_cycle" for one in invoices),
            "refunds": len(self.all("refunds")),
            "refunds that failed": kinds.count("refund_failure"),
            **{
                f"disputes {status}": sum(one["status"] == status for one in disputes)
                for status in ("won", "lost", "warning_closed")
            },
            "conversions": sum(one["exchange_rate"] is not None for one in moved),
            "debits that failed": kinds.count("payment_failure_refund"),
            "payouts that came back": kinds.count("payout_failure") + kinds.count("payout_cancel"),
            "payouts below zero": sum(one["amount"] < 0 for one in self.all("payouts")),
            "invoices with a coupon": sum(bool(one["total_discount_amounts"]) for one in invoices),
            "invoices with tax": sum(bool(one["total_taxes"]) for one in invoices),
            "invoices over nothing": sum(one["amount_due"] == 0 for one in invoices),
            "payments out of band": sum(bool(one["amount_paid_off_stripe"]) for one in invoices),
        }


def unlike_ours(world: TwoYears) -> set[tuple[str, str]]:
    """What the sandbox says otherwise than we do: a payment, a dispute, a payout, an invoice that
    was paid elsewhere; each by its id."""
    return set(_unlike(world))


def _unlike(world: TwoYears) -> Iterator[tuple[str, str]]:
    from donations.models import Contribution, Dispute, Payout, Review

    gifts = Contribution.objects.filter(offline=None)
    ours = {
        pk: (status, amount, returned)
        for pk, status, amount, returned in gifts.values_list(
            "stripe_payment_intent", "status", "amount", "returned"
        )
    }
    gone: dict[str, int] = {}
    for refund in world.all("refunds"):
        part = refund["amount"] * (refund["status"] != "failed")
        gone[refund["payment_intent"]] = gone.get(refund["payment_intent"], 0) + part
    for dispute in world.all("disputes"):
        part = dispute["amount"] * (len(dispute["balance_transactions"]) == 1)
        gone[dispute["payment_intent"]] = gone.get(dispute["payment_intent"], 0) + part
    for intent in world.all("payment_intents"):
        if not intent["latest_charge"]:
            continue
        pk, arrived = intent["id"], intent["status"] == "succeeded"
        back = min(gone.get(pk, 0), intent["amount"]) if arrived else 0
        status, amount, returned = ours.get(pk, ("", 0, 0))
        same = (amount, returned) == (intent["amount"], back)
        waits = (status == "processing") == (intent["status"] == "processing")
        if not same or not waits or (status in Contribution.ARRIVED) != arrived:
            yield "payment", pk
    known = dict(Dispute.objects.values_list("stripe_dispute", "status"))
    for dispute in world.all("disputes"):
        if known.get(dispute["id"]) != dispute["status"]:
            yield "dispute", dispute["id"]
    paid_out = dict(Payout.objects.values_list("pk", "status"))
    for payout in world.all("payouts"):
        if paid_out.get(payout["id"]) != payout["status"]:
            yield "payout", payout["id"]
    told = set(Review.objects.filter(kind="off_stripe").values_list("about", flat=True))
    for invoice in world.all("invoices"):
        if invoice["amount_paid_off_stripe"] and invoice["id"] not in told:
            yield "invoice", invoice["id"]

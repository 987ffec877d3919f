"""Donors, Stripe's clock, staff and faults in any order: afterwards we hold what Stripe holds.

A hypothesis state machine. EXAMPLES sets how many stories are played (`make chaos` plays more).
"""

from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import requests
import stripe
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from donations.finance import refunds
from donations.giving.links import manage_url
from donations.models import (
    CatchUp,
    Contribution,
    Customer,
    Dispute,
    Donor,
    ErasedCustomer,
    Movement,
    Receipt,
    RecurringContribution,
    Refund,
    Review,
    StripeEvent,
    StripeRefund,
)
from donations.payments import catch_up, events, gateway
from donations.sandbox.objects import Card, Iban
from newsroom.core.privacy import giving_index
from newsroom.models import TransactionalMail
from tests.donations.conftest import LOOKS_ON, all_of
from tests.donations.conftest import Donor as Reader
from tests.factories import make_appeal, make_site, make_user
from tests.stories import play

CARDS = [number for name, number in vars(Card).items() if name.isupper()]
ACCOUNTS = [number for name, number in vars(Iban).items() if name.isupper()]
CHANGES = [
    {"do": "amount", "amount": "7"},
    {"do": "frequency", "frequency": "annual", "amount": "70"},
    {"do": "frequency", "frequency": "monthly", "amount": "6"},
    {"do": "pause", "months": "1"},
    {"do": "resume"},
    {"do": "day", "day": "3"},
    {"do": "cancel", "later": "91"},
    {"do": "keep"},
]
OVER = ["won", "lost", "warning_closed"]
picks = st.integers(0, 1000)
contributions = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["once", "monthly", "annual"]),
        "number": st.sampled_from(CARDS + ACCOUNTS),
        "person": st.sampled_from(["ann", "bob"]),
        "returns": st.booleans(),
        "extras": st.sampled_from(
            [{}, {"cover_fee": "on"}, {"anonymous": "on", "newsletter": "on"}]
        ),
    }
)


class Giving(RuleBasedStateMachine):
    url = ""

    def __init__(self) -> None:
        super().__init__()
        requests.post(f"{self.url}/start-over", timeout=10)
        self.outer = transaction.atomic()
        self.outer.__enter__()
        make_site()
        make_appeal()
        self.staff = make_user("Finance")
        self.reader = Reader(Client(), self.url)
        self.seen: set[str] = set()
        self.faulty = False

    @initialize(
        events_are_enough=st.booleans(),
        contributions=st.lists(contributions, min_size=2, max_size=4),
    )
    def it_is_in_use(self, events_are_enough: bool, contributions: list[dict[str, Any]]) -> None:
        """Some have given. Without a mark the first catch-up reads every object too."""
        if events_are_enough:
            CatchUp.objects.create(until=timezone.now())
        for contribution in contributions:
            self.give(contribution)

    # --- Donors ---

    @rule(contribution=contributions)
    def somebody_gives(self, contribution: dict[str, Any]) -> None:
        self.give(contribution)

    def give(self, contribution: dict[str, Any]) -> None:
        number = contribution["number"]
        cache.clear()  # all of these readers share a network
        form = {"frequency": contribution["frequency"], "amount": "10", "checkout": str(uuid4())}
        form |= contribution["extras"]
        form["currency"] = "eur" if number in ACCOUNTS else "usd"
        answer = self.reader.continues(**form)
        assert answer.status_code in (303, 503)  # 503: a fault was in the way
        if answer.status_code == 303:
            page = answer["Location"]
            back = self.reader.pays(
                page, f"{contribution['person']}@example.org", number, bank="approve"
            )
            if contribution["returns"] and "Location" in back.headers:
                path = back.headers["Location"].removeprefix(settings.BASE_URL)
                assert self.reader.client.get(path).status_code == 200

    @rule(change=st.sampled_from(CHANGES), pick=picks)
    def change(self, change: dict[str, str], pick: int) -> None:
        recurring = any_of(RecurringContribution.objects.exclude(donor=None), pick)
        if recurring is None:
            return
        page = manage_url(recurring.donor).removeprefix(settings.BASE_URL)
        form = {"recurring": recurring.pk, "form_id": str(uuid4())} | change
        assert self.reader.client.post(page, form).status_code in (200, 400, 503)

    @rule(pick=picks, number=st.sampled_from([Card.VISA, Card.FAILS_LATER]))
    def pay_what_is_open(self, pick: int, number: str) -> None:
        unpaid = [i for i in all_of(self.url, "invoices") if i["status"] == "open"]
        if unpaid:
            page = unpaid[pick % len(unpaid)]["hosted_invoice_url"]
            requests.post(page, data={"card": number}, timeout=10)

    @rule(pick=picks)
    def erase(self, pick: int) -> None:
        if not (donor := any_of(Donor.objects, pick)):
            return
        path = manage_url(donor).removeprefix(settings.BASE_URL)
        assert self.reader.client.post(f"{path}erase/").status_code in (200, 503)

    # --- Stripe ---

    @rule(days=st.sampled_from([1, 3, 8, 32, 40]))
    def advance(self, days: int) -> None:
        self.reader.advance(days)

    @rule(pick=picks, outcome=st.sampled_from(["won", "lost", "disputed", "answered", "later"]))
    def bank_decides(self, pick: int, outcome: str) -> None:
        open_ones = [d for d in all_of(self.url, "disputes") if d["status"] not in OVER]
        if outcome == "disputed":
            open_ones = [d for d in open_ones if d["status"].startswith("warning")]
        if open_ones:
            form = {"dispute": open_ones[pick % len(open_ones)]["id"], "outcome": outcome}
            requests.post(f"{self.url}/close-dispute", data=form, timeout=10)

    @rule(pick=picks, amount=st.sampled_from(["", "300"]))
    def bank_disputes(self, pick: int, amount: str) -> None:
        """Perhaps what has been refunded already."""
        paid = [p for p in all_of(self.url, "payment_intents") if p["status"] == "succeeded"]
        if paid:
            form = {"payment_intent": paid[pick % len(paid)]["id"], "amount": amount}
            requests.post(f"{self.url}/dispute", data=form, timeout=10)

    @rule(some=st.lists(picks, min_size=1, max_size=12))
    def webhooks_come(self, some: list[int]) -> None:
        """Some of what there is to tell: in any order, some of it twice, some of it never."""
        if told := all_of(self.url, "events")[:25]:
            for pick in some:
                event = told[pick % len(told)]
                self.hear(event["id"], event["type"], event["data"]["object"]["id"])

    def hear(self, pk: str, kind: str, about: str) -> None:
        row, _ = StripeEvent.objects.get_or_create(
            id=pk, defaults={"type": kind, "object_id": about, "created_at": timezone.now()}
        )
        events.process(row)

    @rule(pick=picks, person=st.sampled_from(["ann", "bob", "cy"]))
    def address_changes(self, pick: int, person: str) -> None:
        if known := all_of(self.url, "customers"):
            place = f"{self.url}/v1/customers/{known[pick % len(known)]['id']}"
            form = {"email": f"{person}@example.org"}
            requests.post(place, data=form, headers=LOOKS_ON, timeout=10)  # 404: deleted

    # --- Staff ---

    @rule(pick=picks, part=st.sampled_from([1, 2]))
    def give_back(self, pick: int, part: int) -> None:
        contribution = any_of(Contribution.objects.filter(status="succeeded"), pick)
        with suppress(refunds.NotRefunded):
            if contribution:
                amount, left = contribution.amount // part, refunds.most(contribution)
                press = {"form_id": uuid4(), "left": left}
                refunds.ask(contribution, amount, "asked for it", self.staff, **press)

    @rule(pick=picks, amount=st.sampled_from(["", "400"]))
    def refund_in_the_dashboard(self, pick: int, amount: str) -> None:
        paid = [p for p in all_of(self.url, "payment_intents") if p["status"] == "succeeded"]
        if paid:
            form = {"payment_intent": paid[pick % len(paid)]["id"], "amount": amount}
            requests.post(f"{self.url}/refund", data=form, timeout=10)

    # --- Faults ---

    @rule(
        mode=st.sampled_from(["error-before", "answer-lost", "rate-limit"]),
        times=st.integers(1, 4),
        path=st.sampled_from(["/v1/", "/v1/checkout", "/v1/subscriptions", "/v1/refunds"]),
    )
    def fault(self, mode: str, times: int, path: str) -> None:
        form = {"mode": mode, "times": str(times), "path": path}
        requests.post(f"{self.url}/faults", data=form, timeout=10)

    # --- Afterwards ---

    def teardown(self) -> None:
        try:
            for mode in ("error-before", "answer-lost", "rate-limit"):
                requests.post(f"{self.url}/faults", data={"mode": mode, "times": "0"}, timeout=10)
            self.settle()
            self.compare()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def settle(self) -> None:
        """The hourly catch-up, and whatever was left open."""
        catch_up.run(timezone.now())
        for refund in refunds.Refund.objects.filter(status="approved"):
            with suppress(refunds.NotRefunded):
                refunds.carry_out(refund)
        for event in StripeEvent.objects.filter(handled_at=None).order_by("created_at"):
            events.process(event)
        assert not StripeEvent.objects.filter(handled_at=None).exists()

    def compare(self) -> None:
        self.compare_payments()
        self.compare_recurring()
        self.compare_money()
        self.compare_people()
        disputes = {d["id"]: d["status"] for d in all_of(self.url, "disputes")}
        ours = dict(Dispute.objects.values_list("stripe_dispute", "status"))
        assert ours == disputes
        arrived = Contribution.objects.filter(status__in=Contribution.ARRIVED)
        receipts = Receipt.objects.values_list("contribution", flat=True)
        assert sorted(receipts) == sorted(arrived.values_list("pk", flat=True))
        numbers: Counter[int] = Counter()
        for receipt in Receipt.objects.order_by("year", "number"):
            numbers[receipt.year] += 1
            assert receipt.number == numbers[receipt.year]
        thanks = TransactionalMail.objects.filter(purpose="thanks")
        assert sorted(thanks.values_list("object_id", flat=True)) == sorted(receipts)

    def compare_people(self) -> None:
        """What was given is whose customer gave it, and nobody's once they were erased."""
        at_stripe = {c["id"]: c["email"] for c in all_of(self.url, "customers")}
        homes = {}
        for customer in Customer.objects.select_related("donor"):
            homes[customer.pk] = customer.donor_id
            assert not ErasedCustomer.objects.filter(pk=customer.pk).exists()
            if not getattr(gateway.customer(customer.pk), "deleted", False):
                index = giving_index(at_stripe[customer.pk])
                assert bytes(customer.email_index) == index
                assert customer.donor.addresses.filter(email_index=index).exists()
        for contribution in Contribution.objects.all():
            assert contribution.donor_id == homes.get(contribution.stripe_customer)
        for recurring in RecurringContribution.objects.all():
            assert recurring.donor_id == homes.get(recurring.stripe_customer)
        assert set(Donor.objects.values_list("pk", flat=True)) == set(homes.values())

    def compare_payments(self) -> None:
        charges = {c["id"]: c for c in all_of(self.url, "charges")}
        billed = {i["payment"]["payment_intent"] for i in all_of(self.url, "invoice_payments")}
        moved = [
            payment
            for payment in all_of(self.url, "payment_intents")
            if payment["latest_charge"]
            # a card declined on the page of a subscription that never began is nobody's
            and (payment["metadata"] or payment["id"] in billed)
        ]
        ours = {c.stripe_payment_intent: c for c in Contribution.objects.all()}
        assert ours.keys() == {payment["id"] for payment in moved}
        for payment in moved:
            mine, charge = ours[payment["id"]], charges[payment["latest_charge"]]
            assert (mine.amount, mine.currency) == (payment["amount"], payment["currency"])
            assert mine.arrived == (payment["status"] == "succeeded")
            assert (mine.status == "processing") == (payment["status"] == "processing")
            if mine.status in ("succeeded", "partly_refunded", "refunded"):
                assert mine.returned == charge["amount_refunded"]
                full = charge["amount_refunded"] == charge["amount"]
                assert (mine.status == "refunded") == full

    def compare_money(self) -> None:
        """What is left of each contribution, and that every way to add it up comes to the same."""
        refunded, disputed = all_of(self.url, "refunds"), all_of(self.url, "disputes")
        assert dict(StripeRefund.objects.values_list("stripe_refund", "status")) == {
            refund["id"]: refund["status"] for refund in refunded
        }
        gone: Counter[str] = Counter()
        for refund in refunded:
            gone[refund["payment_intent"]] += refund["amount"] * (refund["status"] != "failed")
        for dispute in disputed:  # taken, and not given back
            taken = len(dispute["balance_transactions"]) == 1
            gone[dispute["payment_intent"]] += dispute["amount"] * taken
        came = {event["data"]["object"]["id"]: event["created"] for event in all_of(
            self.url, "events", type="payment_intent.succeeded")}  # fmt: skip
        left: Counter[str] = Counter()
        for mine in Contribution.objects.filter(status__in=Contribution.ARRIVED):
            intent = mine.stripe_payment_intent
            assert mine.returned == min(gone[intent], mine.amount)
            assert mine.left == sum(mine.movements.values_list("amount", flat=True))
            assert mine.received_at
            assert abs(mine.received_at.timestamp() - came[intent]) < 60  # a card's: its charge
            assert mine.receipt.year == timezone.localtime(mine.received_at).year
            left[mine.currency] += mine.left
        months: Counter[str] = Counter()
        for row in Movement.objects.by_month():
            months[row["currency"]] += row["left"]
        assert {row["currency"]: row["left"] for row in Movement.objects.totals()} == left
        assert months == left
        undone = StripeRefund.objects.filter(status="failed").values("stripe_refund")
        assert not Refund.objects.filter(status="done", stripe_refund__in=undone).exists()
        waiting = {d["id"] for d in disputed if d["status"].endswith("needs_response")}
        reviews = Review.objects.waiting().filter(kind__in=["inquiry", "dispute"])
        assert set(reviews.values_list("about", flat=True)) == waiting

    def compare_recurring(self) -> None:
        found = all_of(self.url, "subscriptions", status="all")
        ours = {r.stripe_subscription: r for r in RecurringContribution.objects.all()}
        assert ours.keys() == {subscription["id"] for subscription in found}
        for subscription in found:
            mine, item = ours[subscription["id"]], subscription["items"]["data"][0]
            assert mine.status == subscription["status"]
            assert mine.amount == item["price"]["unit_amount"]
            assert mine.paused == bool(subscription["pause_collection"])
            assert bool(mine.cancels_at) == bool(subscription["cancel_at"])
            assert int(mine.renews_at.timestamp()) == item["current_period_end"]


def any_of(found: Any, pick: int) -> Any:
    rows = list(found.order_by("pk"))
    return rows[pick % len(rows)] if rows else None


@pytest.mark.django_db
def test_we_hold_what_stripe_holds_whatever_happened(
    empty_stripe: str, mail_sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Giving, "url", empty_stripe)
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.002)
    play(Giving, steps=20)

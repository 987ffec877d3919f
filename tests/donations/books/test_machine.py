"""Money at Stripe, cash, months that are closed, in any order: the books are the sandbox's balance,
come to nothing, and what was signed off stays so.

A hypothesis state machine. EXAMPLES sets how many stories are played.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from donations.books import agreement, closing, offline
from donations.models import (
    Account,
    AccountMonth,
    Booking,
    ClosedMonth,
    Mark,
    OfflineGift,
    Posting,
    Review,
)
from donations.sandbox.objects import Card, Iban
from newsroom.core.clock import month_of
from tests.donations.books.test_agreement import at_stripe
from tests.donations.conftest import API, all_of
from tests.factories import make_site
from tests.stories import play

picks = st.integers(0, 1000)
CARDS = [Card.VISA, Card.REFUND_FAILS, Card.DISPUTED, Card.INQUIRY]
GIFTS = [(card, code) for card in CARDS for code in ("usd", "gbp", "jpy")]
GIFTS += [(account, "eur") for account in (Iban.PAYS, Iban.FAILS, Iban.DISPUTED)]
OUTCOMES = ["answered", "later", "disputed", "won", "lost"]


class Books(RuleBasedStateMachine):
    url = ""
    stories: list[Counter[str]] = []

    def __init__(self) -> None:
        super().__init__()
        requests.post(f"{self.url}/start-over", data={"new": "yes"}, timeout=10)
        self.post("products", id="p", name="Contribution")
        self.outer = transaction.atomic()
        self.outer.__enter__()
        make_site()
        self.days = 0
        self.signed_off: dict[date, list[Any]] = {}
        self.done: Counter[str] = Counter()
        self.stories.append(self.done)

    @property
    def now(self) -> datetime:
        return timezone.now() + timedelta(days=self.days)

    def post(self, path: str, **params: object) -> Any:
        answer = requests.post(f"{self.url}/v1/{path}", data=params, headers=API, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def press(self, button: str, **form: object) -> None:
        """What Stripe would refuse changes nothing."""
        requests.post(f"{self.url}/{button}", data=form, timeout=60, allow_redirects=False)

    def one_of(self, kind: str, pick: int) -> Any:
        found = all_of(self.url, kind)
        return found[pick % len(found)]["id"] if found else "none"

    # --- At Stripe ---

    @initialize(gifts=st.lists(st.sampled_from(GIFTS), min_size=2, max_size=4))
    def some_gave(self, gifts: list[tuple[str, str]]) -> None:
        for gift in gifts:
            self.give(gift, 100)

    @rule(gift=st.sampled_from(GIFTS), amount=st.integers(50, 900))
    def give(self, gift: tuple[str, str], amount: int) -> None:
        number, code = gift
        price = "line_items[0][price_data]"
        session = self.post(
            "checkout/sessions",
            **{
                "mode": "payment", "success_url": "https://x.example", f"{price}[currency]": code,
                f"{price}[unit_amount]": amount * 100, f"{price}[product]": "p",
                "line_items[0][quantity]": 1,
            },
        )  # fmt: skip
        form = {"email": "ann@example.org", "name": "Ann", "card": number}
        requests.post(session["url"], data=form, timeout=10, allow_redirects=False)

    @rule(pick=picks, amount=st.none() | st.integers(1, 9000))
    def refund(self, pick: int, amount: int | None) -> None:
        part = {"amount": amount} if amount else {}
        self.press("refund", payment_intent=self.one_of("payment_intents", pick), **part)

    @rule(pick=picks, amount=st.sampled_from([0, 0, 1234]))
    def dispute(self, pick: int, amount: int) -> None:
        pk = self.one_of("payment_intents", pick)
        self.press("dispute", payment_intent=pk, amount=amount)

    @rule(pick=picks, outcome=st.sampled_from(OUTCOMES))
    def dispute_goes_on(self, pick: int, outcome: str) -> None:
        self.press("close-dispute", dispute=self.one_of("disputes", pick), outcome=outcome)

    @rule(pick=picks, status=st.sampled_from(["failed", "canceled"]))
    def payout_comes_back(self, pick: int, status: str) -> None:
        self.press("undo-payout", payout=self.one_of("payouts", pick), status=status)

    @rule(amount=st.integers(1, 5000))
    def pay_out_by_hand(self, amount: int) -> None:
        self.press("pay-out", amount=amount)

    @rule(kind=st.sampled_from(["stripe_fee", "tax_fee", "stripe_fx_fee"]), n=st.integers(-9, 99))
    def fee(self, kind: str, n: int) -> None:
        self.press("fee", kind=kind, amount=n)

    @rule(rate=st.sampled_from(["1.1", "1.5"]))
    def rate_changes(self, rate: str) -> None:
        self.press("rate", currency="gbp", rate=rate)

    @rule()
    def account_settles_in_yen(self) -> None:
        self.press("settle-in", currency="jpy")

    @rule(days=st.sampled_from([1, 4, 31]))
    def time_passes(self, days: int) -> None:
        self.days += days
        self.press("advance", days=days)

    # --- Here ---

    @rule(days_ago=st.integers(0, 90), amount=st.integers(1, 10**7))
    def cash_is_written_down(self, days_ago: int, amount: int) -> None:
        """Of weeks ago, too: its month may be closed."""
        on = timezone.localdate(self.now) - timedelta(days=days_ago)
        offline.record(
            uuid4(), "officer", amount=amount, currency="eur", received_on=on, kind="cash"
        )
        closed = self.signed_off
        late = bool(closed) and on < month_of(max(closed), 1)
        self.done["late"] += late

    @rule(pick=picks, share=st.integers(1, 100))
    def cash_goes_back(self, pick: int, share: int) -> None:
        gifts = list(OfflineGift.objects.order_by("pk"))
        if gifts:
            gift = gifts[pick % len(gifts)]
            offline.give_back(gift, gift.contribution.left * share // 100, self.now)

    @rule()
    def follow(self) -> None:
        found = agreement.follow(self.now)
        assert all(one.agrees for one in found), found
        Mark.objects.update(read_at=self.now)
        self.compare()

    @rule()
    def close(self) -> None:
        """What waits for a person of other kinds is decided before."""
        self.follow()
        month = closing.to_close()
        others = Review.objects.waiting().exclude(kind__in=closing.OF_THE_BOOKS)
        others.update(status=Review.Status.DECIDED)
        if month is None:
            return
        try:
            closing.close(month, "officer", self.now)
        except closing.NotYet:
            return
        self.signed_off[month] = self.said_of(month)
        self.done["closed"] += 1

    def said_of(self, month: date) -> list[Any]:
        """All that the books have until its end."""
        booked = Posting.objects.filter(booking__booked_on__lt=month_of(month, 1))
        what = ("booking", "booking__booked_on", "account", "amount")
        return list(booked.order_by("pk").values_list(*what))

    def compare(self) -> None:
        with connection.cursor() as cursor:  # what is held at the end of a transaction
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        trial: Counter[str] = Counter()
        balances = Booking.objects.all().balances()
        for (currency, _), amount in balances.items():
            trial[currency] += amount
        assert not any(trial.values())
        theirs = Counter(at_stripe(self.url))
        ours = agreement.in_the_books()
        assert {code: ours[code] for code in {*ours, *theirs}} == {
            code: theirs[code] for code in {*ours, *theirs}
        }
        for month, said in self.signed_off.items():
            assert self.said_of(month) == said
            assert ClosedMonth.objects.get(month=month).is_intact
        assert not any(
            amount for (_, account), amount in balances.items() if account == Account.SUSPENSE
        )
        months: Counter[tuple[str, str]] = Counter()
        for one in AccountMonth.objects.all():
            months[one.currency, one.account] += one.debit - one.credit
        assert {key: amount for key, amount in months.items() if amount} == {
            key: amount for key, amount in balances.items() if amount
        }

    def teardown(self) -> None:
        try:
            self.press("advance", days=5)
            self.days += 5
            self.follow()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)


@pytest.mark.django_db
def test_books_are_stripes_balance_whatever_happened(
    empty_stripe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Books, "url", empty_stripe)
    monkeypatch.setattr(Books, "stories", [])
    play(Books, steps=40)
    play_a_late_booking()
    told = sum(Books.stories, Counter[str]())
    assert told["closed"] and told["late"], told  # else the stories say less than they promise


def play_a_late_booking() -> None:
    """One that is surely among them, whatever is drawn."""
    books = Books()
    books.some_gave([(Card.VISA, "usd"), (Iban.PAYS, "eur")])
    for days in (31, 4):
        books.time_passes(days)
    books.close()
    books.cash_is_written_down(90, 5000)
    books.follow()
    books.teardown()

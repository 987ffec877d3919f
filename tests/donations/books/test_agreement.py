"""The books follow the sandbox’s balance, whatever happens there, and say where they differ."""

import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from donations.books import agreement, differences, following, healing, offline
from donations.finance.review import deciding
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    Contribution,
    Mark,
    Payout,
    Review,
)
from donations.sandbox.objects import Iban
from tests.donations.conftest import LOOKS_ON, all_of, handle
from tests.factories import make_user

pytestmark = pytest.mark.django_db
A = Account


def balances() -> dict[tuple[str, str], int]:
    """Without what is empty."""
    return {key: amount for key, amount in Booking.objects.all().balances().items() if amount}


def at_stripe(url: str) -> dict[str, int]:
    found = requests.get(f"{url}/v1/balance", headers=LOOKS_ON, timeout=10).json()
    amounts: Counter[str] = Counter()
    for part in [*found["available"], *found["pending"]]:
        amounts[part["currency"]] += part["amount"]
    return dict(amounts)


def check() -> dict[str, bool]:
    """As each night, of all that has happened by the sandbox's clock."""
    later = timezone.now() + timedelta(days=4000)
    return {found.what: found.agrees for found in agreement.check(later)}


@pytest.fixture
def officer(site):
    return make_user("Finance")


@pytest.fixture
def does(donor, empty_stripe):
    """Press a button of the sandbox's dashboard."""

    def press(button: str, **form: object) -> None:
        answer = requests.post(
            f"{empty_stripe}/{button}", data=form, timeout=30, allow_redirects=False
        )
        assert answer.status_code == 302, answer.text

    return press


@pytest.fixture
def newest(empty_stripe):
    return lambda kind: all_of(empty_stripe, kind)[0]["id"]


def test_what_happens_in_a_month_is_booked_once_and_agrees(
    donor, told, does, newest, empty_stripe
) -> None:
    donor.gives("ann@example.org", frequency="once", amount="100")
    does("refund", payment_intent=newest("payment_intents"), amount="3000")
    donor.gives("bob@example.org", frequency="once", amount="80")
    does("dispute", payment_intent=newest("payment_intents"))
    does("close-dispute", dispute=newest("disputes"), outcome="answered")
    does("close-dispute", dispute=newest("disputes"), outcome="won")
    donor.gives("cy@example.org", Iban.PAYS, frequency="once", amount="30", currency="eur")
    donor.gives("dee@example.org", Iban.FAILS, frequency="once", amount="40", currency="eur")
    does("fee", amount="250", kind="stripe_fee", description="Radar")
    does("fee", amount="40", kind="tax_fee")
    handle(told())
    agreement.follow(timezone.now())
    waiting = {("eur", A.UNCONFIRMED): -7000}
    assert waiting.items() <= balances().items()
    donor.advance(6)
    handle(told())
    expected = {"balance eur", "balance usd", "payouts", "bank", "charges", "contributions"}
    expected |= {"suspense"}
    assert check() == dict.fromkeys(expected, True)
    assert check() == dict.fromkeys(expected, True)
    fees = 320 + 262 + 250
    assert balances() == {
        ("usd", A.TRANSIT): 18000 - 3000 - fees - 1500 - 40, ("usd", A.DONATIONS): -18000,
        ("usd", A.REFUNDS): 3000, ("usd", A.FEES): fees, ("usd", A.FEE_TAX): 40,
        ("usd", A.DISPUTE_FEES): 1500,
        ("eur", A.TRANSIT): 3000 - 117 - 146, ("eur", A.DONATIONS): -3000, ("eur", A.FEES): 263,
    }  # fmt: skip
    assert not Review.objects.filter(kind__in=["balance", "payout_sum", "suspense"]).exists()
    assert not BalanceTransaction.objects.not_booked().exists()
    assert not BalanceTransaction.objects.filter(payout=None).exists()


def test_refund_of_a_converted_contribution_is_booked_at_its_first_rate(
    donor, told, does, newest, empty_stripe
) -> None:
    donor.gives("ann@example.org", frequency="once", amount="100", currency="gbp")
    does("rate", currency="gbp", rate="1.50")
    for pence in ("3333", "6667"):
        does("refund", payment_intent=newest("payment_intents"), amount=pence)
    handle(told())
    assert all(found.agrees for found in agreement.follow(timezone.now()))
    assert balances() == {
        ("usd", A.CLEARING): 12700 - 398 - 127 - 15000, ("usd", A.DONATIONS): -12700,
        ("usd", A.REFUNDS): 12700, ("usd", A.FX_RESULT): 2300,
        ("usd", A.FEES): 398, ("usd", A.FX_FEES): 127,
    }  # fmt: skip


def test_dispute_that_is_lost_and_payouts_below_zero_and_sent_back(
    donor, told, does, newest, empty_stripe
) -> None:
    donor.gives("ann@example.org", frequency="once", amount="50")
    donor.advance(3)
    does("undo-payout", payout=newest("payouts"), status="failed")
    does("dispute", payment_intent=newest("payment_intents"))
    does("close-dispute", dispute=newest("disputes"), outcome="lost")
    does("pay-out", amount="100")
    does("undo-payout", payout=newest("payouts"), status="canceled")
    donor.advance(3)  # what is missing is taken from the bank
    handle(told())
    assert all(check().values())
    assert Payout.objects.filter(amount=-6500, status="paid").exists()
    net = 5000 - 175 - 5000 - 1500
    assert balances() == {
        ("usd", A.TRANSIT): net, ("usd", A.DONATIONS): -5000, ("usd", A.FEES): 175,
        ("usd", A.DISPUTE_FEES): 1500, ("usd", A.DISPUTE_LOSS): 5000,
    }  # fmt: skip
    undone = Payout.objects.filter(status__in=Payout.UNDONE).values_list("pk", flat=True)
    of_each = BalanceTransaction.objects.filter(source__in=undone).values_list("source")
    assert {net for _, net in of_each.order_by().annotate(Sum("net"))} == {0}


def test_what_is_missing_here_is_reported_and_settles_itself(
    donor, told, does, newest, empty_stripe, monkeypatch
) -> None:
    """Events were lost, a movement was not listed yet, a payout lacked one."""
    monkeypatch.setattr(differences, "MOST", 2)
    donor.gives("ann@example.org", frequency="once", amount="20")
    handle(told())
    for name in ("bob", "cy", "dee"):  # nobody tells us
        donor.pays(donor.continues(frequency="once")["Location"], f"{name}@example.org")
    donor.advance(4)
    later = timezone.now() + timedelta(days=4000)
    real = agreement.balance.movements

    def without_one(*args: Any, **kwargs: Any) -> Any:
        return ([one for one in page if one.amount != 2000] for page in real(*args, **kwargs))

    with monkeypatch.context() as gap:
        gap.setattr(agreement.balance, "movements", without_one)
        gap.setattr(healing, "MOST", 0)
        agreement.check(later)
        open_ones = Review.objects.waiting()
        assert Counter(open_ones.values_list("kind", flat=True)) == {
            "balance": 1, "payout_sum": 1, "charge": 3, "no_charge": 1,
        }  # fmt: skip
        assert "There are 3 of these" in open_ones.get(kind="charge", about="all").why
        why = open_ones.get(kind="balance").why
        assert why == "Stripe $0, books −$19.12: $19.12 not explained."
        with pytest.raises(CommandError, match="2 do not agree"):
            call_command("books", stdout=io.StringIO())
    assert all(check().values())  # it pulls what was missing
    assert not Review.objects.waiting().exists()


def accept(review: Review) -> None:
    assert review.move("decided", "decided", choice="accept", closed_at=timezone.now())


def test_who_accepts_a_difference_has_not_accepted_the_next(
    donor, told, does, monkeypatch, officer
) -> None:
    does("fee", amount="100")
    real, more = agreement.balance.amounts, {"usd": 700}
    amounts = lambda: Counter(usd=real()["usd"] + more["usd"])  # noqa: E731
    monkeypatch.setattr(agreement.balance, "amounts", amounts)
    now = timezone.now()
    assert [found.agrees for found in agreement.follow(now)] == [False]
    first = Review.objects.get()
    Review.open("balance", "eur +5", "of another currency: stays")
    assert (first.amount, first.shown_amount) == (700, "$7")  # so that much of it takes two
    deciding.take(first.pk, officer)
    more["usd"] = 900
    agreement.follow(now)
    second = Review.objects.waiting().get(about__startswith="usd")
    assert second.owner == officer and second.due_at == first.due_at
    accept(second)
    accepted = agreement.follow(now)[0]
    assert accepted.agrees and "$9 not explained. Accepted." in accepted.words
    assert Review.objects.waiting().get().about == "eur +5"
    Review.settle("balance", "eur +5", "x")
    more["usd"] = 700  # as before
    agreement.follow(now)
    assert Review.objects.waiting().get() == first
    more["usd"] = 0
    assert agreement.follow(now)[0].agrees and not Review.objects.waiting().exists()
    more["usd"] = 900  # what was accepted is over: this is another
    assert [found.agrees for found in agreement.follow(now)] == [False]
    assert Review.objects.waiting().get() == second


def test_what_somebody_has_accepted_is_counted_no_more(site, monkeypatch) -> None:
    monkeypatch.setattr(differences, "MOST", 1)
    paid = {"amount": 5, "comes_to": 4, "currency": "usd", "automatic": True, "status": "paid"}
    paid |= {"reconciliation": "completed", "arrival_on": date(2026, 1, 1)}
    for name in ("po_1", "po_2"):
        Payout.objects.create(id=name, created_at=timezone.now(), **paid)
    said = reported()
    assert "There are 2 of these" in said.pop("all")
    accept(Review.objects.get(about__in=said))
    left = reported()
    assert len(left) == 1 and not left.keys() & said.keys()
    accept(Review.objects.get(about__in=left))
    assert reported() == {}
    found = next(iter(agreement.compare_tables(timezone.now())))
    assert found.agrees


def reported() -> dict[str, str]:
    """What waits after one more look."""
    list(agreement.compare_tables(timezone.now()))
    return dict(Review.objects.waiting().values_list("about", "why"))


def test_contribution_of_another_amount_says_what_stripe_has(donor, told, does) -> None:
    donor.gives("ann@example.org", frequency="once", amount="20")
    handle(told())
    Contribution.objects.update(amount=1900)
    agreement.check(timezone.now() + timedelta(days=1))
    review = Review.objects.get(kind="no_charge")
    charge = Contribution.objects.get().stripe_charge
    assert review.why == (
        f"Here $19 arrived, by the charge {charge}. Stripe says that this charge was of $20."
    )


def test_refund_of_which_nobody_told_is_pulled_in_the_night(donor, told, does, newest) -> None:
    donor.gives("ann@example.org", frequency="once", amount="20")
    handle(told())
    does("refund", payment_intent=newest("payment_intents"), amount="500")
    agreement.check(timezone.now())
    assert Contribution.objects.get().returned == 500


def test_who_is_killed_between_pages_goes_on_there(
    donor, told, does, empty_stripe, monkeypatch
) -> None:
    for number in range(1, 6):
        does("fee", amount=number)
    monkeypatch.setattr(agreement.balance, "PAGE", 2)
    real = following.mirror
    pages: list[list[str]] = []

    def dies_at_the_second(page: Any) -> None:
        pages.append([one.id for one in page])
        if len(pages) == 2:
            raise KeyboardInterrupt
        real(page)

    monkeypatch.setattr(following, "mirror", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        agreement.follow(timezone.now())
    assert Mark.objects.get(pk=following.NAME).cursor == pages[0][-1]
    does("fee", amount=6)  # newer than the pass that was killed
    assert all(found.agrees for found in agreement.follow(timezone.now()))
    assert pages[2] == pages[1]  # the first one is not read again before
    assert balances() == {("usd", A.CLEARING): -21, ("usd", A.FEES): 21}
    assert Booking.objects.count() == 6


def test_cash_of_years_ago_makes_no_charge_of_another_system_ours(site) -> None:
    before_us = datetime(2024, 5, 1, tzinfo=UTC)
    BalanceTransaction.objects.create(
        id="txn_1", kind="charge", category="charge", amount=4645, fee=175, net=4470,
        currency="eur", created_at=before_us, available_on=before_us, source="ch_1",
        charge="ch_1", given_amount=5000, given_currency="usd",
    )  # fmt: skip
    Contribution.objects.create(
        frequency="once", amount=5000, currency="eur", created_at=before_us + timedelta(days=90)
    )
    offline.record(
        uuid4(), "officer", amount=500, currency="eur", received_on=date(2019, 3, 1), kind="cash"
    )
    assert not agreement.charges_of_nobody(timezone.now()).exists()
    Contribution.objects.filter(offline=None).update(created_at=before_us - timedelta(days=9))
    assert agreement.charges_of_nobody(timezone.now()).exists()

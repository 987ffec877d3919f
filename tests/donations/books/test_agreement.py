"""The books follow the sandbox’s balance, whatever happens there, and say where they differ."""

from collections import Counter

import pytest
import requests
from django.utils import timezone

from donations.books import agreement
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    Review,
)
from donations.sandbox.objects import Iban
from tests.donations.conftest import LOOKS_ON, all_of, handle

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
    later = timezone.now() + timezone.timedelta(days=4000)
    return {found.what: found.agrees for found in agreement.check(later)}


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
    expected = {"balance eur", "balance usd", "payouts", "charges", "contributions", "suspense"}
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

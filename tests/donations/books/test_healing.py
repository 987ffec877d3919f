"""What no event has told is found by the night: each kind by itself."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from donations.books import agreement, healing
from donations.models import Account, Booking, Contribution, Dispute, RecurringContribution, Review
from donations.sandbox.objects import Card, Iban
from newsroom.models import TransactionalMail
from tests.donations.books.test_agreement import does, newest
from tests.donations.conftest import API, all_of, handle

pytestmark = pytest.mark.django_db
__all__ = ["does", "newest"]


@pytest.fixture
def night(empty_stripe):
    """The nightly run, by the sandbox's clock, some days after the last that happened there."""

    def run(days: float = 0.4) -> None:
        last = all_of(empty_stripe, "events")[0]["created"]
        agreement.check(datetime.fromtimestamp(last, UTC) + timedelta(days=days))

    return run


def test_debit_that_went_through(donor, told, night) -> None:
    donor.gives("cy@example.org", Iban.PAYS, frequency="once", amount="30", currency="eur")
    handle(told())
    night()
    assert Contribution.objects.get().status == "processing"
    donor.advance(4)
    night()
    one = Contribution.objects.get()
    assert one.status == "succeeded" and one.receipt
    assert TransactionalMail.objects.filter(purpose="thanks").exists()


def test_debit_of_which_not_even_the_list_says_any_more(site) -> None:
    """It is read again for a week; after two each has been answered."""
    now = datetime.now(UTC)
    for days in (14, 16):
        Contribution.objects.create(
            frequency="once", amount=3000, currency="eur", status="processing",
            stripe_payment_intent=f"pi_{days}", created_at=now - timedelta(days=days),
        )  # fmt: skip
    assert healing.payments_that_last(now) == ["pi_16"]


def test_dispute_that_was_lost_long_after_it_began(donor, told, does, newest, night) -> None:
    donor.gives("ann@example.org", frequency="once", amount="50")
    does("dispute", payment_intent=newest("payment_intents"))
    handle(told())
    donor.advance(60)
    does("close-dispute", dispute=newest("disputes"), outcome="lost")
    night()
    assert Dispute.objects.get().status == "lost"
    night()
    balances = Booking.objects.all().balances()
    assert balances["usd", Account.CONTESTED] == 0
    assert balances["usd", Account.DISPUTE_LOSS] == 5000


def test_inquiry_which_moves_no_money(donor, told, does, newest, night) -> None:
    donor.gives("ann@example.org", frequency="once", amount="50")
    handle(told())
    donor.advance(30)
    does("dispute", payment_intent=newest("payment_intents"), status="warning_needs_response")
    night()
    assert Review.objects.waiting().get(kind="inquiry")


def test_renewal_that_failed_and_then_was_paid_elsewhere(donor, told, night) -> None:
    donor.gives("fails@example.org", Card.FAILS_LATER)
    handle(told())
    donor.advance(33)
    night()
    assert RecurringContribution.objects.get().status == "past_due"
    assert Contribution.objects.filter(status="failed").exists()
    assert TransactionalMail.objects.filter(purpose="payment_failed").exists()
    [unpaid] = [one for one in all_of(donor.url, "invoices") if one["status"] == "open"]
    path = f"{donor.url}/v1/invoices/{unpaid['id']}/pay"
    paid = requests.post(path, data={"paid_out_of_band": "true"}, headers=API, timeout=10)
    assert paid.status_code == 200
    night(7)  # the next try is due by then
    assert RecurringContribution.objects.get().status == "active"
    assert Review.objects.waiting().get(kind="off_stripe").about == unpaid["id"]


def test_subscription_that_ended(donor, told, night) -> None:
    donor.gives("fails@example.org", Card.FAILS_LATER)
    handle(told())
    donor.advance(60)
    night()
    found = RecurringContribution.objects.get()
    assert found.status == "canceled" and found.ended_at
    later = datetime.now(UTC) + timedelta(days=400)
    assert healing.renewals_that_are_late(later) == []  # it is asked for no more

"""When money counts: a debit's when it has come, not when it began."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from donations.giving import receipts
from donations.giving.data import held
from donations.models import Contribution, Receipt
from donations.payments import gateway, sync
from donations.sandbox.objects import DAY, Iban
from tests.donations.conftest import all_of, handle
from tests.donations.giving.test_receipts import text_of

pytestmark = pytest.mark.django_db


def succeeded(url: str, intent: str) -> datetime:
    [at] = [
        event["created"]
        for event in all_of(url, "events", type="payment_intent.succeeded")
        if event["data"]["object"]["id"] == intent
    ]
    return datetime.fromtimestamp(at, UTC)


@pytest.mark.parametrize("frequency", ["once", "monthly"])
@pytest.mark.parametrize("first", ["charge.succeeded", "payment_intent.succeeded", "any"])
def test_debit_counts_on_the_day_it_succeeded(
    donor, told, empty_stripe, frequency: str, first: str
) -> None:
    donor.gives("sepa@example.org", Iban.PAYS, frequency=frequency, currency="eur")
    handle(told())
    contribution = Contribution.objects.get()
    assert contribution.received_at is None and not contribution.movements.exists()
    donor.advance(4)
    handle([event for event in told() if first in (event["type"], "any")])
    contribution.refresh_from_db()
    came = succeeded(empty_stripe, contribution.stripe_payment_intent)
    assert abs(contribution.received_at - came) < timedelta(seconds=5)
    assert came - contribution.created_at > timedelta(days=2)
    assert contribution.movements.get().at == contribution.received_at
    assert contribution.receipt.year == timezone.localtime(came).year


def test_debit_over_new_year_has_its_receipt_in_the_new_one(donor, told, site) -> None:
    donor.gives("eve@example.org", Iban.PAYS, frequency="once", currency="eur")
    began = timezone.localtime(Contribution.objects.get().created_at)
    donor.advance((began.replace(month=12, day=30) - began).days)
    donor.gives("eve@example.org", Iban.PAYS, frequency="once", currency="eur")
    donor.gives("eve@example.org", frequency="once", currency="eur")
    donor.advance(5)
    handle(told())
    numbers = sorted(str(receipt) for receipt in Receipt.objects.all())
    year = began.year
    assert numbers == [f"{year}-000001", f"{year}-000002", f"{year + 1}-000001"]
    late = Receipt.objects.get(year=year + 1)
    assert timezone.localtime(late.contribution.created_at).year == year
    assert f"January {year + 1}" in text_of(receipts.receipt(late))
    statement = text_of(receipts.statement(late.contribution.donor, year + 1) or b"")
    assert "Total: 10.00 EUR" in statement


def test_debit_of_which_stripe_has_no_event_any_more_counts_when_it_could_be_paid_out(
    donor, told, monkeypatch
) -> None:
    monkeypatch.setattr(gateway, "succeeded_at", lambda pk, since: None)
    donor.gives("old@example.org", Iban.PAYS, frequency="once", currency="eur")
    donor.advance(4)
    handle(told())
    contribution = Contribution.objects.get()
    assert contribution.received_at - contribution.created_at > timedelta(seconds=5 * DAY - 60)


def test_day_it_came_never_changes(donor, told, monkeypatch) -> None:
    donor.gives("stays@example.org", Iban.PAYS, frequency="once", currency="eur")
    donor.advance(4)
    handle(told())
    before = Contribution.objects.get().received_at
    monkeypatch.setattr(gateway, "succeeded_at", lambda pk, since: 1)
    handle(told())
    sync.pull_payment(Contribution.objects.get().stripe_payment_intent)
    assert Contribution.objects.get().received_at == before


def test_data_says_that_what_is_on_its_way_has_not_come(donor) -> None:
    donor.gives("way@example.org", Iban.PAYS, frequency="once", currency="eur")
    contribution = Contribution.objects.get()
    [said] = held.everything_about(contribution.donor)["contributions"]
    assert said["received_at"] is None and said["begun_at"] == contribution.created_at
    assert said["kept"] == 0

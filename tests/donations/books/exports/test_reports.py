"""A year's tables."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from donations.books import offline
from donations.books.booking import Entry, write
from donations.books.exports import reports
from donations.models import Account, Payout
from tests.factories import make_user

pytestmark = pytest.mark.django_db
A = Account
AT = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def gifts(site) -> None:
    for amount, on, about in (
        (5000, date(2026, 3, 3), {"email": "ann@example.org", "name": "Ann"}),
        (700, date(2026, 12, 31), {"email": "ann@example.org"}),
        (900, date(2027, 1, 1), {"email": "ann@example.org"}),
        (100, date(2026, 5, 5), {"name": "nobody's address"}),
    ):
        more = {"amount": amount, "currency": "usd", "kind": "cash", "thank": False}
        offline.record(uuid4(), "officer", received_on=on, **more, **about)


def test_gifts_by_donor_of_the_newsrooms_own_year(gifts) -> None:
    head, ann, unknown = reports.gifts_by_donor(2026, True)
    assert head[1:3] == ["Name", "E-mail"] and ann[1:3] == ["Ann", "ann@example.org"]
    assert [str(cell) for cell in ann[3:]] == ["USD", "2", "57.00", "0.00", "57.00"]
    assert unknown[0] == "not known" and str(unknown[5]) == "1.00"
    numbers = list(reports.gifts_by_donor(2026, False))
    assert "Ann" not in str(numbers) and "ann@" not in str(numbers)


def test_fees_are_a_share_of_what_was_given_in_their_month(site) -> None:
    gift = {A.CLEARING: 9680, A.FEES: 320, A.DONATIONS: -10000}
    write([Entry("balance", "t", "usd", gift, AT)])
    write([Entry("balance", "u", "jpy", {A.CLEARING: -30, A.DISPUTE_FEES: 30}, AT)])
    cash = {A.OFFLINE: 5000, A.DONATIONS: -5000}  # costs no fee
    write([Entry("offline", "1", "usd", cash, AT)])
    _, yen, dollars = reports.fees(2026, True)
    assert [str(cell) for cell in dollars[1:]] == ["USD", "Fees", "3.20", "100.00", "3.2"]
    assert yen[1:3] == ["JPY", "Fees of disputes"] and yen[5] == ""


def test_payouts(site) -> None:
    Payout.objects.create(
        id="po_1", status="paid", amount=-6500, currency="usd", created_at=AT, automatic=True,
        arrival_on=AT.date(), method="standard", reconciliation="completed",
    )  # fmt: skip
    _, row = reports.payouts(2026, False)
    assert (row[0], str(row[6]), row[8]) == ("po_1", "-65.00", "not yet")
    Payout.objects.update(comes_to=-6000)
    _, row = reports.payouts(2026, False)
    assert row[8] == "no: −$5 not explained"


@pytest.mark.parametrize("path", ["gifts-2026.csv", "fees-2026.xlsx", "payouts-2026.csv"])
def test_are_taken_away(gifts, client, path: str) -> None:
    client.force_login(make_user("Finance"))
    assert client.get(f"/admin/months/{path}").status_code == 200


@pytest.mark.parametrize("path", ["gifts-2026.exe", "x-2026.csv", "gifts-99999999.csv"])
def test_what_is_no_report_is_not_found(site, client, path: str) -> None:
    client.force_login(make_user("Finance"))
    assert client.get(f"/admin/months/{path}").status_code == 404

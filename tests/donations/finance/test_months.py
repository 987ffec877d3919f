"""Finance closes a month by hand."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from donations.books import closing
from donations.books.booking import Entry, write
from donations.models import Account, ClosedMonth, Payout, Review
from newsroom.accounts.models import AuditEntry
from tests.donations.books.test_closing import gift, was_read
from tests.factories import make_user


@pytest.fixture
def last_month(site):
    first = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    write([gift(f"txn_{uuid4()}", timezone.now() - timedelta(days=32))])
    return closing.to_close() or first


@pytest.fixture
def finance(client):
    client.force_login(make_user("Finance leads"))
    return client


def test_nothing_booked_yet(site, finance) -> None:
    assert "Nothing has been booked yet" in finance.get("/admin/months/").text


def test_what_is_missing_is_shown_then_it_is_closed_once(last_month, finance) -> None:
    page = finance.get("/admin/months/").text
    assert f"To close next: {last_month:%B %Y}" in page and "not yet. It is read each hour" in page
    address = f"/admin/months/{last_month:%Y-%m}/"
    refused = finance.post(f"{address}close/", follow=True)
    assert "was read since: not so" in refused.text and not ClosedMonth.objects.exists()
    was_read(timezone.now() + timedelta(days=60))
    asks = finance.get(f"{address}close/")
    assert "can’t be opened again" in asks.text or "can't be opened again" in asks.text
    assert not ClosedMonth.objects.exists()
    done = finance.post(f"{address}close/", follow=True)
    assert f"{last_month:%B %Y} is closed: statement 1." in done.text
    again = finance.post(f"{address}close/", follow=True)
    assert "is closed already" in again.text
    kept = ClosedMonth.objects.get()
    file = finance.get(address)
    assert file.content == kept.statement.encode() and ".txt" in file["Content-Disposition"]
    assert AuditEntry.objects.filter(what__startswith="closed a month").exists()


def test_journal_in_each_kind(last_month, finance) -> None:
    address = f"/admin/months/{last_month:%Y-%m}/"
    for kind, wanted in (
        ("csv", b"Donations"),
        ("beancount", b"Income:Donations"),
        ("xlsx", b"PK"),
    ):
        assert wanted in finance.get(f"{address}{kind}/").getvalue()


def test_what_is_missing_leads_to_where_it_is_seen(last_month, finance) -> None:
    when = timezone.now() - timedelta(days=32)
    write(
        [Entry("balance", "txn_odd", "eur", {Account.CLEARING: 500, Account.SUSPENSE: -500}, when)]
    )
    Review.open("suspense", "txn_odd", "x")
    Payout.objects.create(
        id="po_1", amount=1, currency="eur", status="paid", created_at=when, arrival_on=when,
        automatic=True,
    )  # fmt: skip
    page = finance.get("/admin/months/").text
    for words, url in (
        ("Stripe needs a day or two to say what is in 1.", "/admin/payouts/"),
        ("“Not explained” has −€5.", f"/admin/giving/books/?month={last_month:%Y-%m}"),
        ("1 left.", "/admin/review/"),
    ):
        assert f'not yet. {words} <a href="{url}">' in page
        assert finance.get(url).status_code == 200


@pytest.mark.parametrize(
    "path", ["2026-13/", "2026-0/close/", "99999999999999999999-1/csv/", "2026-10/exe/", "1-1/"]
)
def test_what_is_no_month_or_kind_is_not_found(site, finance, path: str) -> None:
    assert finance.get(f"/admin/months/{path}").status_code == 404


def test_november_is_closed_in_december_and_what_comes_late_stands_there(site, client) -> None:
    """From the first look, with the month still going on, to the journal of the next one."""

    def on(day: int, month: int) -> datetime:
        return datetime(2026, month, day, 12, tzinfo=UTC)

    def lead_sees(path: str, post: bool = False) -> str:
        client.force_login(lead)  # a session ends while the clock is moved
        answer = client.post(path, follow=True) if post else client.get(path)
        return b"".join(answer).decode()

    lead, close = make_user("Finance leads"), "/admin/months/2026-11/close/"
    with time_machine.travel(on(29, 11), tick=False):
        write([gift("txn_november", on(12, 11))])
        was_read(on(29, 11))
        assert "To close next: November 2026" in lead_sees("/admin/months/")
        lead_sees(close, post=True)
        assert not ClosedMonth.objects.exists()  # it is not over
    with time_machine.travel(on(3, 12), tick=False):
        assert not ClosedMonth.objects.exists()
        assert "was read since: not so" in lead_sees(close, post=True)
        was_read(on(3, 12))
        assert "Donations" in lead_sees(close)
        assert "November 2026 is closed: statement 1." in lead_sees(close, post=True)
        assert "To close next: December 2026" in lead_sees("/admin/months/")
        signed_off = lead_sees("/admin/months/2026-11/")
        write([gift("txn_late", on(30, 11), 5000)])
        assert lead_sees("/admin/months/2026-11/") == signed_off
        november, december = (lead_sees(f"/admin/months/2026-{n}/csv/") for n in (11, 12))
        assert "txn_november" in november and "txn_late" not in november
        assert "txn_late" in december and "Of 30 November 2026" in december
        assert all(one.is_intact for one in ClosedMonth.objects.all())

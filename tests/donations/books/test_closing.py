"""A month is closed once, when everything is done, and stays as it was signed off."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from donations.books import closing, following
from donations.books.booking import Entry, write
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    ClosedMonth,
    Mark,
    Payout,
    Review,
    StripeEvent,
)

pytestmark = pytest.mark.django_db
A = Account
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def at(day: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def gift(reference: str, when: datetime, amount: int = 10000, currency: str = "usd") -> Entry:
    fee = amount // 30
    posted = {A.CLEARING: amount - fee, A.FEES: fee, A.DONATIONS: -amount}
    return Entry(Booking.Kind.BALANCE, reference, currency, posted, when)


def was_read(when: datetime = NOW) -> None:
    Mark.objects.update_or_create(pk=following.NAME)
    Mark.objects.update(read_at=when)


@pytest.fixture
def october(site) -> None:
    was_read()
    out = Entry("balance", "txn_3", "usd", {A.TRANSIT: 9000, A.CLEARING: -9000}, at(20))
    with transaction.atomic():
        write([gift("txn_1", at(5)), gift("txn_2", at(31), 3000, "jpy"), out])


def missing(month: date = OCTOBER, now: datetime = NOW) -> list[str]:
    return [check.what for check in closing.checklist(month, now) if not check.done]


def test_statement_says_what_was_where_and_is_kept_with_its_hash(october) -> None:
    made = closing.close(OCTOBER, "officer", NOW)
    text = re.sub(" +", " ", made.statement)
    for line in (
        "At Stripe 0.00 96.67 90.00 6.67",
        "Donations 0.00 0.00 100.00 -100.00", "JPY", "Donations 0 0 3,000 -3,000",
        "Bookings: 3, of them 0 of earlier months", "Statement 1, closed by officer",
    ):  # fmt: skip
        assert line in text
    assert hashlib.sha256(made.statement.encode()).hexdigest() == made.digest and made.is_intact
    assert closing.to_close() == NOVEMBER


def test_what_comes_late_stands_in_the_next_month_and_says_so(october) -> None:
    first = closing.close(OCTOBER, "officer", NOW)
    write([gift("txn_late", at(30))])
    late = Booking.objects.get(reference="txn_late")
    assert late.booked_on == NOVEMBER and "Of 30 October 2026" in late.memo
    was_read(at(2, 12))
    second = closing.close(NOVEMBER, "officer", at(3, 12))
    assert second.number == 2 and first.digest in second.statement
    assert "Bookings: 1, of them 1 of earlier months" in second.statement
    assert "6.67" in second.statement  # what was left in October is what November begins with


def leaves_open() -> dict[str, Callable[[], object]]:
    movement = {"amount": 5, "fee": 0, "net": 5, "currency": "usd", "available_on": OCTOBER}
    payout = {"amount": 5, "currency": "usd", "arrival_on": OCTOBER, "automatic": True}
    payout |= {"created_at": at(9), "method": "standard"}
    return {
        "Stripe’s balance was read since": lambda: was_read(at(31)),
        "All that moved is booked": lambda: BalanceTransaction.objects.create(
            id="t", created_at=at(9), **movement
        ),
        "What Stripe told us is worked off": lambda: StripeEvent.objects.create(
            id="e", type="x", created_at=at(9)
        ),
        "All payouts add up": lambda: Payout.objects.create(
            id="p", status="paid", reconciliation="in_progress", **payout
        ),
        "Everything is explained": lambda: write(
            [Entry("balance", "t", "usd", {A.SUSPENSE: 5, A.CLEARING: -5}, at(9))]
        ),
        "Nothing waits under “Review”": lambda: Review.open("balance", "usd", "x"),
    }


@pytest.mark.parametrize("what", leaves_open())
def test_what_is_open_is_named_and_stops_it(october, what: str) -> None:
    assert not missing()
    leaves_open()[what]()
    assert missing() == [what]
    with pytest.raises(closing.NotYet, match=what):
        closing.close(OCTOBER, "officer", NOW)
    assert not ClosedMonth.objects.exists()


def test_payout_that_does_not_add_up_stops_it_until_somebody_accepts_that(october) -> None:
    Payout.objects.create(
        id="po_1", status="paid", reconciliation="completed", amount=500, comes_to=300,
        currency="usd", arrival_on=OCTOBER, automatic=True, created_at=at(9), method="standard",
    )  # fmt: skip
    Review.open("payout_sum", "po_1", "x", amount=500, currency="usd")
    said = {check.what: check.words for check in closing.checklist(OCTOBER, NOW) if not check.done}
    assert "another sum than what is in it" in said["All payouts add up"]
    assert "a day or two" not in said["All payouts add up"]
    Review.objects.get().move("decided", "decided", choice="accept", closed_at=NOW)
    made = closing.close(OCTOBER, "officer", NOW)
    assert "does not add up: payout po_1, $2 not explained" in made.statement


def test_months_are_closed_in_order_when_they_are_over(october) -> None:
    was_read(at(20, 12))
    assert missing(NOVEMBER, at(20, 12)) == ["The months before it are closed"]
    assert "The month is over" in missing(OCTOBER, at(31))
    closing.close(OCTOBER, "officer", NOW)
    with pytest.raises(closing.NotYet, match="closed already"):
        closing.close(OCTOBER, "officer", NOW)


@pytest.mark.django_db(transaction=True)
def test_two_close_at_once_while_a_third_books(october) -> None:
    """One closes; what is booked meanwhile is in the statement, or in the next month."""
    together, said = Barrier(3), []

    def closes() -> None:
        together.wait()
        try:
            said.append(closing.close(OCTOBER, "officer", NOW).number)
        except closing.NotYet as reason:
            said.append(str(reason))
        connection.close()

    def books() -> None:
        together.wait()
        for number in range(20):
            with transaction.atomic():
                write([gift(f"txn_at_once_{number}", at(30))])
        connection.close()

    threads = [Thread(target=closes), Thread(target=closes), Thread(target=books)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(str, said)) == ["1", "October 2026 is closed already."]
    inside = Booking.objects.filter(booked_on__lt=NOVEMBER).count()
    assert f"Bookings: {inside:,}," in ClosedMonth.objects.get().statement
    assert Booking.objects.count() == 23

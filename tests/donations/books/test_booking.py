"""What PostgreSQL refuses, whoever asks."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from donations.models import Account, AccountMonth, Booking, ClosedMonth, Posting

NOW = datetime(2026, 11, 27, tzinfo=UTC)
TODAY = NOW.date()
GIFT = {Account.CLEARING: 9680, Account.FEES: 320, Account.DONATIONS: -10000}


def book(reference: str, posted: dict[Account, int], on: date = TODAY, lines: int = 0) -> Booking:
    about = {"kind": Booking.Kind.BALANCE, "reference": reference, "currency": "usd"}
    made = Booking.objects.create(
        **about, lines=lines or len(posted), happened_at=NOW, booked_on=on
    )
    rows = [Posting(booking=made, account=a, amount=amount) for a, amount in posted.items()]
    Posting.objects.bulk_create(rows)
    return made


def closed(month: date) -> ClosedMonth:
    return ClosedMonth.objects.create(month=month, number=1, statement="x", digest="x", who="x")


def end_of_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def gift(db) -> Booking:
    made = book("txn_1", GIFT)
    end_of_transaction()
    return made


def test_booking_is_whole_at_the_end_of_its_transaction(gift: Booking) -> None:
    assert Booking.objects.all().balances() == {
        ("usd", Account.CLEARING): 9680, ("usd", Account.FEES): 320,
        ("usd", Account.DONATIONS): -10000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("posted", "lines"),
    [
        ({Account.CLEARING: 9680, Account.DONATIONS: -9681}, 2),
        ({Account.CLEARING: 9680}, 2),
        ({}, 2),
        ({Account.CLEARING: 1, Account.DONATIONS: -1}, 3),
    ],
    ids=["a cent too much", "one side", "empty", "a line is missing"],
)
@pytest.mark.django_db
def test_what_is_not_whole_is_refused(posted: dict[Account, int], lines: int) -> None:
    book("txn_1", posted, lines=lines)
    with pytest.raises(IntegrityError, match="txn_1 has"), transaction.atomic():
        end_of_transaction()
    transaction.set_rollback(True)


def test_nothing_is_added_to_what_was_booked(gift: Booking) -> None:
    more = [(Account.SUSPENSE, 5), (Account.BANK, -5)]
    Posting.objects.bulk_create(Posting(booking=gift, account=a, amount=n) for a, n in more)
    with pytest.raises(IntegrityError, match="5 of 3 postings"), transaction.atomic():
        end_of_transaction()
    transaction.set_rollback(True)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE donations_posting SET amount = amount + 1",
        "DELETE FROM donations_posting",
        "UPDATE donations_booking SET booked_on = booked_on - 1",
        "DELETE FROM donations_booking",
        "UPDATE donations_closedmonth SET month = month - interval '1 month'",
        "DELETE FROM donations_closedmonth",
    ],
)
def test_the_books_are_never_changed(gift: Booking, sql: str) -> None:
    closed(date(2026, 10, 1))
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        connection.cursor().execute(sql)


def test_the_same_is_booked_once_and_an_account_stands_there_once(gift: Booking) -> None:
    with pytest.raises(IntegrityError, match="booked_once"), transaction.atomic():
        book("txn_1", GIFT)
    with pytest.raises(IntegrityError, match="one_posting_for_each"), transaction.atomic():
        Posting.objects.create(booking=gift, account=Account.FEES, amount=1)


def test_nothing_comes_into_a_closed_month_or_one_before_it(gift: Booking) -> None:
    closed(date(2026, 10, 1))
    for day in (date(2026, 10, 31), date(2026, 10, 1), date(2025, 3, 4)):
        with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
            book("txn_late", GIFT, day)
    book("txn_late", GIFT, date(2026, 11, 1))
    end_of_transaction()


def test_both_ways_a_reversal_is_a_booking_of_its_own(gift: Booking) -> None:
    book("txn_1 reversed", {account: -amount for account, amount in GIFT.items()})
    end_of_transaction()
    assert set(Booking.objects.all().balances().values()) == {0}


def test_months_are_added_up_as_they_are_posted(gift: Booking) -> None:
    book("txn_2", GIFT)
    book("txn_3", {account: -amount for account, amount in GIFT.items()}, date(2026, 12, 1))
    kept = AccountMonth.objects.filter(account=Account.CLEARING, currency="usd")
    assert list(kept.order_by("month").values_list("month", "debit", "credit")) == [
        (date(2026, 11, 1), 19360, 0), (date(2026, 12, 1), 0, 9680),
    ]  # fmt: skip

"""Lines of the bank's become payouts and gifts, once, and people explain the rest."""

from datetime import UTC, date, datetime
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection

from donations.books import agreement, offline
from donations.books.bank import statements
from donations.books.bank.line import Line
from donations.models import Account, BankLine, Booking, OfflineGift, Payout, Review

pytestmark = pytest.mark.django_db
A = Account
DAY = date(2026, 11, 3)


def payout(pk: str, amount: int, on: date = DAY, currency: str = "eur", **more: str) -> Payout:
    fields = {"status": "paid", "automatic": True, "method": "standard", "trace": ""} | more
    return Payout.objects.create(
        id=pk, amount=amount, currency=currency, arrival_on=on, reconciliation="completed",
        created_at=datetime(2026, 11, 1, tzinfo=UTC), **fields,
    )  # fmt: skip


def line(amount: int, text: str, on: date = DAY, currency: str = "eur") -> Line:
    return Line(on, amount, currency, text)


def take(*lines: Line) -> statements.Taken:
    return statements.take_in("november.xml", "CAMT.053", list(lines), "officer")


def balances() -> dict[str, int]:
    found = Booking.objects.all().balances()
    return {account: amount for (_, account), amount in found.items() if amount}


def euros() -> dict[str, int]:
    found = Booking.objects.filter(currency="eur").balances()
    return {account: amount for (_, account), amount in found.items() if amount}


def gift(amount: int = 5000, **more: object) -> OfflineGift:
    about = {"amount": amount, "currency": "eur", "received_on": DAY, "kind": "bank"} | more
    return offline.record(uuid4(), "officer", **about)


def test_payout_is_found_by_its_trace_its_number_or_as_the_only_one_of_stripe(site) -> None:
    payout("po_1", 4800, trace="TRACE-77 x"), payout("po_2", 4800), payout("po_3", 900)
    (
        payout("po_4", -700),
        payout("po_5", 4800, status="failed"),
        payout("po_6", 4800, date(2026, 9, 1)),
    )
    done = take(
        line(4800, "ABC trace77X"), line(4800, "Stripe PO_2"), line(900, "STRIPE PAYMENTS"),
        line(-700, "stripe payments"),
    )  # fmt: skip
    assert done == (4, 0, 4)
    matched = BankLine.objects.order_by("pk").values_list("payout", flat=True)
    assert list(matched) == ["po_1", "po_2", "po_3", "po_4"]
    assert balances() == {A.BANK: 9800, A.TRANSIT: -9800}


def test_what_is_not_sure_waits_and_a_person_says(site) -> None:
    payout("po_1", 4800), payout("po_2", 4800)
    assert take(line(4800, "STRIPE"), line(-50_000, "Rent")).matched == 0
    assert "2 payouts have this amount" in Review.objects.get(kind="bank").why
    stripes, rent = BankLine.objects.order_by("pk")
    with pytest.raises(statements.NotSo):
        statements.explain(stripes, "payout:po_9")
    statements.explain(stripes, "payout:po_2")
    with pytest.raises(statements.NotSo, match="already"):
        statements.explain(stripes, "payout:po_1")
    statements.not_ours(rent)
    assert not BankLine.objects.open().exists() and not Review.objects.waiting().exists()
    statements.take_back(stripes), statements.take_back(rent)
    assert balances() == {} and BankLine.objects.open().count() == 2
    statements.explain(stripes, "payout:po_1")
    assert balances() == {A.BANK: 4800, A.TRANSIT: -4800}


def test_payout_that_the_bank_should_have_by_now_is_reported(site) -> None:
    (
        payout("po_1", 4800),
        payout("po_2", 700, date(2026, 11, 25)),
        payout("po_3", 9, date(2026, 10, 1)),
    )
    assert not agreement.payouts_not_in_the_bank().exists()
    take(line(1, "x", date(2026, 11, 1)), line(1, "x", date(2026, 11, 30)))
    assert [one.pk for one in agreement.payouts_not_in_the_bank()] == ["po_1"]


def test_twice_and_overlapping_adds_nothing_but_two_alike_are_two(site) -> None:
    alike = [line(500, "coffee"), line(500, "coffee")]
    assert take(*alike, line(1, "x"))[:2] == (3, 0)
    assert take(*alike, line(1, "x"))[:2] == (0, 3)
    assert take(line(1, "x"), *alike, line(2, "y"))[:2] == (1, 3)
    assert BankLine.objects.filter(amount=500).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_bring_it_and_two_explain_it_at_once(site) -> None:
    payout("po_1", 4800, trace="T1")
    together, said = Barrier(2), []

    def both() -> None:
        together.wait()
        take(line(4800, "T1"), line(7, "z"))
        together.wait()
        try:
            statements.not_ours(BankLine.objects.get(amount=7))
            said.append("done")
        except statements.NotSo:
            said.append("already")
        connection.close()

    threads = [Thread(target=both), Thread(target=both)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(said) == ["already", "done"] and BankLine.objects.count() == 2
    assert balances() == {A.BANK: 4800, A.TRANSIT: -4800}


def test_gift_by_bank_is_found_by_its_receipt_and_given_back_from_there(site) -> None:
    mine = gift(name="Ann")
    assert take(line(5000, "thanks")).matched == 0
    assert balances() == {A.OFFLINE: 5000, A.DONATIONS: -5000}
    assert take(line(5000, f"gift {mine.contribution.receipt}", date(2026, 11, 5))).matched == 1
    assert balances() == {A.BANK: 5000, A.DONATIONS: -5000}
    mine.refresh_from_db()
    assert offline.give_back(mine, 2000, datetime.now(UTC))
    assert not offline.give_back(mine, 3001, datetime.now(UTC))
    assert balances() == {A.BANK: 3000, A.DONATIONS: -5000, A.REFUNDS: 2000}
    mine.contribution.refresh_from_db()
    assert (mine.contribution.status, mine.contribution.left) == ("partly_refunded", 3000)


def test_cash_is_brought_as_one_sum_and_the_difference_is_said(site) -> None:
    first, second, third = (gift(amount, kind="cash") for amount in (5000, 2000, 700))
    cheque = gift(300, kind="cheque", received_on=date(2026, 9, 1))
    dollars = gift(5000, kind="cash", currency="usd")
    gift(5000, kind="cash", received_on=date(2026, 7, 1))  # too long ago
    gift(5000, kind="bank")
    assert offline.give_back(second, 500, datetime.now(UTC))
    take(line(6800, "Deposit"), line(5700, "Deposit"))
    one, other = BankLine.objects.order_by("pk")
    assert set(statements.in_hand(one)) == {first, second, third, cheque}
    for pks, words in (
        ([first.pk], "18 more than"), ([first.pk, second.pk, third.pk], "4 less than"),
        ([], "68 more than"),
    ):  # fmt: skip
        with pytest.raises(statements.NotSo, match=words):
            statements.deposit(one, map(str, pks))
    assert dollars not in statements.in_hand(one)
    before = euros()
    some = [str(found.pk) for found in (first, second, cheque)]
    statements.deposit(one, some)
    assert euros() == before | {A.BANK: 6800, A.OFFLINE: before[A.OFFLINE] - 6800}
    assert one.gifts.count() == 3
    with pytest.raises(statements.NotSo, match="57 more"):  # these are not in hand any more
        statements.deposit(other, some)
    statements.take_back(one)
    assert euros() == before and not one.gifts.exists()
    statements.deposit(other, [str(first.pk), str(third.pk)])
    first.refresh_from_db()
    assert offline.give_back(first, 5000, datetime.now(UTC))
    assert euros()[A.BANK] == 700


@pytest.mark.django_db(transaction=True)
def test_two_say_at_once_that_a_gift_is_in_their_line(site) -> None:
    mine = gift(5000, kind="cash")
    take(line(5000, "Deposit"), line(5000, "Deposit"))
    together, said = Barrier(2), []

    def says(pk: int) -> None:
        row = BankLine.objects.get(pk=pk)
        together.wait()
        try:
            statements.deposit(row, [str(mine.pk)])
            said.append("done")
        except statements.NotSo:
            said.append("already")
        connection.close()

    lines = BankLine.objects.values_list("pk", flat=True)
    threads = [Thread(target=says, args=[pk]) for pk in lines]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(said) == ["already", "done"]
    assert balances() == {A.BANK: 5000, A.DONATIONS: -5000}

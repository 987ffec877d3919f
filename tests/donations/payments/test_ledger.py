"""What came and what went back, each on its own day; what is left of it, said alike everywhere."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from donations.finance import refunds
from donations.giving import receipts
from donations.giving.data import held
from donations.giving.links import manage_url
from donations.models import (
    Contribution,
    Dispute,
    Movement,
    Refund,
    Review,
    StripeRefund,
)
from donations.payments import gateway, giving_back
from donations.payments.mirror.refunds import mirror_refund
from donations.sandbox.objects import Card, Iban
from donations.tasks import carry_out_refunds
from tests.answers import led_to
from tests.donations.conftest import give_back, handle
from tests.donations.giving.test_receipts import text_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
URL = "/admin/contributions/"
MOVEMENTS = "/admin/movements/"


@pytest.fixture
def contribution(donor, told) -> Contribution:
    donor.gives("ledger@example.org", frequency="once", amount="50")
    handle(told())
    return Contribution.objects.get()


def moved(contribution: Contribution) -> list[tuple[str, int]]:
    return list(contribution.movements.order_by("at", "pk").values_list("kind", "amount"))


def exported(finance: Client, url: str) -> list[dict[str, str]]:
    answer = finance.get(url).getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(answer)))


def own_page(contribution: Contribution) -> str:
    path = manage_url(contribution.donor).removeprefix(settings.BASE_URL)
    return Client().get(path).text


# --- One word on what is left -------------------------------------------------------------------


def test_lost_dispute_is_kept_nowhere(donor, told, stripe_does, finance, site) -> None:
    donor.gives("lost@example.org", Card.DISPUTED, frequency="once", amount="50")
    handle(told())
    stripe_does("close-dispute", dispute=Dispute.objects.get().stripe_dispute, outcome="lost")
    contribution = Contribution.objects.get()
    assert (contribution.returned, contribution.left) == (5000, 0)
    assert [
        (row["received"], row["returned"], row["left"]) for row in Movement.objects.totals()
    ] == [(5000, 5000, 0)]
    [row] = exported(finance, f"{URL}?export=csv")
    assert (row["Amount"], row["Returned"], row["Kept"]) == ("50.00", "50.00", "0.00")
    assert "<strong>$0</strong>" in finance.get(URL).text
    assert "taken back by the bank" in own_page(contribution)
    year = contribution.receipt.year
    assert "Total: 0.00 USD" in text_of(receipts.statement(contribution.donor, year) or b"")
    assert "Returned 50.00 USD" in text_of(receipts.receipt(contribution.receipt))
    [told_them] = held.everything_about(contribution.donor)["contributions"]
    assert (told_them["returned"], told_them["kept"]) == (
        contribution.exact_returned,
        contribution.exact_left,
    )
    assert refunds.most(contribution) == 0


def test_returned_debit_is_kept_nowhere(donor, told, finance) -> None:
    donor.gives("back@example.org", Iban.DISPUTED, frequency="once", currency="eur")
    donor.advance(4)
    handle(told())
    contribution = Contribution.objects.get()
    assert moved(contribution) == [("received", 1000), ("dispute", -1000)]
    assert contribution.left == 0
    [row] = exported(finance, f"{URL}?export=csv")
    assert row["Kept"] == "0.00"


def test_dispute_of_a_part_leaves_the_rest(contribution, stripe_does) -> None:
    pk = contribution.stripe_payment_intent
    stripe_does("dispute", payment_intent=pk, amount=2000)
    contribution.refresh_from_db()
    assert (contribution.status, contribution.left) == ("disputed", 3000)
    assert refunds.most(contribution) == 0  # while it lasts
    assert "$20 returned" in own_page(contribution)
    stripe_does("close-dispute", dispute=Dispute.objects.get().stripe_dispute, outcome="lost")
    contribution.refresh_from_db()
    assert refunds.most(contribution) == 3000


def test_refunded_charge_that_is_disputed_went_back_once(contribution, stripe_does, donor) -> None:
    pk = contribution.stripe_payment_intent
    stripe_does("refund", payment_intent=pk, amount=3000)
    donor.advance(1)
    stripe_does("dispute", payment_intent=pk)
    contribution.refresh_from_db()
    assert (contribution.returned, contribution.left) == (5000, 0)
    assert sum(amount for _, amount in moved(contribution)) == 0
    stripe_does("close-dispute", dispute=Dispute.objects.get().stripe_dispute, outcome="won")
    contribution.refresh_from_db()
    assert contribution.left == 2000
    assert moved(contribution) == [
        ("received", 5000), ("refund", -3000), ("dispute", -2000), ("dispute_won", 2000),
    ]  # fmt: skip


def test_inquiry_takes_nothing(donor, told) -> None:
    donor.gives("asked@example.org", Card.INQUIRY, frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    assert (contribution.status, contribution.left) == ("succeeded", 5000)
    assert refunds.most(contribution) == 5000


def test_database_refuses_that_more_goes_back_than_came(contribution) -> None:
    with pytest.raises(IntegrityError, match="no_more_goes_back"), transaction.atomic():
        Contribution.objects.update(returned=5001)


# --- Each on its own day ------------------------------------------------------------------------


def test_refund_of_april_does_not_change_march(contribution, stripe_does, donor, finance) -> None:
    march = timezone.localtime(contribution.received_at)  # the newsroom’s days, not UTC’s
    donor.advance(40)
    stripe_does("refund", payment_intent=contribution.stripe_payment_intent, amount=2000)
    april = timezone.localtime(StripeRefund.objects.get().went_at)
    assert april - march > timedelta(days=39)

    def totals(start: datetime, stop: datetime) -> list[tuple[int, int, int]]:
        months = finance.get(f"{MOVEMENTS}?at_from={start.date()}&at_to={stop.date()}")
        rows = months.context["months"]
        return [(row["count"], row["received"], row["returned"]) for row in rows]

    day = timedelta(days=1)
    assert totals(march - day, march + day) == [(1, "$50", "$0")]
    assert totals(april - day, april + day) == [(0, "$0", "$20")]
    assert totals(march - day, april + day) == [(0, "$0", "$20"), (1, "$50", "$0")]
    of_march = f"received_at_from={march.date()}&received_at_to={march.date()}"
    [row] = finance.get(f"{URL}?{of_march}").context["totals"]  # and what came of it since
    assert (row["count"], row["received"], row["returned"]) == (1, "$50", "$20")
    nobody = finance.get(f"{URL}?received_at_from=2020-01-01&received_at_to=2020-02-01")
    assert not nobody.context["totals"] and not nobody.context["object_list"]


def test_journal_has_a_row_for_each_day_and_its_months_add_up(
    contribution, stripe_does, donor, finance
) -> None:
    donor.advance(40)
    stripe_does("refund", payment_intent=contribution.stripe_payment_intent, amount=2000)
    rows = exported(finance, f"{MOVEMENTS}?export=csv")
    assert [(row["What"], row["Amount"], row["Currency"]) for row in rows] == [
        ("Given back", "-20.00", "usd"), ("Received", "50.00", "usd"),
    ]  # fmt: skip
    page = finance.get(MOVEMENTS)
    assert "−$20" in page.text
    assert [(row["received"], row["returned"]) for row in page.context["months"]] == [
        ("$0", "$20"), ("$50", "$0"),
    ]  # fmt: skip
    [only] = exported(finance, f"{MOVEMENTS}?export=csv&kind=refund")
    assert only["Contribution"] == str(contribution.pk)


def test_totals_cost_one_query(contribution, stripe_does, django_assert_num_queries) -> None:
    stripe_does("refund", payment_intent=contribution.stripe_payment_intent, amount=2000)
    for totals in (Movement.objects.totals, Movement.objects.by_month):
        with django_assert_num_queries(1):
            totals()


def test_movements_are_not_written_by_hand(client, contribution) -> None:
    client.force_login(make_user(None))
    for path in ("new/", f"edit/{contribution.movements.get().pk}/"):
        assert led_to(client.get(MOVEMENTS + path)) == "/admin/"


BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
days = st.integers(0, 90).map(lambda day: BEGIN + timedelta(days=day))
taken = st.fixed_dictionaries(
    {"amount": st.integers(1, 1500), "went_at": st.none() | days, "came_back_at": st.none() | days}
)


@pytest.mark.slow
@limits(max_examples=25, deadline=None)
@given(refunded=st.lists(taken, max_size=4), disputed=st.lists(taken, max_size=3))
def test_whatever_goes_and_comes_back_the_rows_add_up(refunded, disputed) -> None:
    """Against the plain sum, at the end of each day: never below nothing, never above all."""
    with transaction.atomic():
        contribution = Contribution.objects.create(
            amount=1000, currency="usd", frequency="once", status="succeeded",
            stripe_payment_intent="pi_1", created_at=BEGIN, received_at=BEGIN,
        )  # fmt: skip
        same = {"contribution": contribution, "currency": "usd", "created_at": BEGIN}
        for n, fields in enumerate(refunded):
            StripeRefund.objects.create(stripe_refund=f"re_{n}", status="x", **same, **fields)
        for n, fields in enumerate(disputed):
            Dispute.objects.create(stripe_dispute=f"dp_{n}", status="x", **same, **fields)
        for _ in range(2):  # and once more: nothing is doubled
            Movement.book(contribution)
        contribution.refresh_from_db()
        rows = [fields for fields in [*refunded, *disputed] if fields["went_at"]]
        for day in range(92):
            now = BEGIN + timedelta(days=day)
            gone = sum(
                one["amount"]
                for one in rows
                if one["went_at"] <= now
                and not (one["came_back_at"] and max(one["came_back_at"], one["went_at"]) <= now)
            )
            total = sum(row["left"] for row in Movement.objects.within(slice(None, now)).totals())
            assert total == 1000 - min(gone, 1000)
        assert contribution.left == total
        assert sum(row["left"] for row in Movement.objects.by_month()) == total
        transaction.set_rollback(True)


# --- A refund that came to nothing --------------------------------------------------------------


def test_refund_the_bank_sent_back_is_failed_and_all_is_there_again(
    donor, told, finance, client
) -> None:
    donor.gives("closed@example.org", Card.REFUND_FAILS, frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    give_back(finance, contribution, "50")
    assert Refund.objects.get().status == "done"
    donor.advance(1)
    for _ in range(2):
        handle(told())
    refund = Refund.objects.get()
    assert (refund.status, refund.error) == ("failed", "The bank sent it back.")
    contribution.refresh_from_db()
    assert (contribution.status, contribution.left) == ("succeeded", 5000)
    assert moved(contribution) == [
        ("received", 5000), ("refund", -5000), ("refund_undone", 5000),
    ]  # fmt: skip
    assert "Find another way" in Review.objects.waiting().get(kind="refund_failed").why
    page = finance.get(f"{URL}inspect/{contribution.pk}/").text
    assert "Failed" in page and "came back on" in page
    assert "your bank would not take" in own_page(contribution)
    assert refunds.most(contribution) == 5000  # another try is open


def test_refund_that_fails_before_anybody_looked_is_found(donor, told, finance) -> None:
    donor.gives("quick@example.org", Card.REFUND_FAILS, frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    requests.post(
        f"{donor.url}/refund",
        data={"payment_intent": contribution.stripe_payment_intent},
        timeout=10,
    )
    donor.advance(1)
    handle([event for event in told() if event["type"] == "refund.failed"])
    assert StripeRefund.objects.get().status == "failed"
    assert Review.objects.waiting().get().kind == "refund_failed"


def test_refund_whose_answer_was_lost_and_which_then_failed_is_failed(
    donor, told, finance, monkeypatch
) -> None:
    donor.gives("both@example.org", Card.REFUND_FAILS, frequency="once", amount="50")
    handle(told())
    refund = giving_back.give_back

    def lost(*args):
        refund(*args)
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(giving_back, "give_back", lost)
        give_back(finance, Contribution.objects.get(), "50")
    donor.advance(1)
    Refund.objects.update(asked_at=timezone.now() - timedelta(days=1))
    carry_out_refunds()
    assert Refund.objects.get().status == "failed"
    assert Contribution.objects.get().left == 5000


@pytest.mark.parametrize(
    ("status", "left", "reviews"),
    [
        ("pending", 3000, []),
        ("requires_action", 3000, []),
        ("canceled", 5000, ["refund_failed"]),
        ("evaporated", 3000, ["unknown"]),
    ],
)
def test_refund_counts_unless_it_came_to_nothing(
    contribution, stripe_does, status: str, left: int, reviews: list[str]
) -> None:
    stripe_does("refund", payment_intent=contribution.stripe_payment_intent, amount=2000)
    [found] = gateway.refunds_of(contribution.stripe_charge)
    found.status = status
    mirror_refund(found, contribution)
    Movement.book(contribution)
    assert contribution.left == left
    assert list(Review.objects.values_list("kind", flat=True)) == reviews

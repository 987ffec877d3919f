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
from donations.giving import erasure, receipts
from donations.giving.links import manage_url
from donations.models import (
    Contribution,
    Dispute,
    Movement,
    Receipt,
    RecurringContribution,
    Refund,
    Review,
    StripeRefund,
)
from donations.payments import gateway, sync
from donations.payments.mirror.refunds import mirror_refund
from donations.sandbox.objects import DAY, Card, Iban
from donations.tasks import carry_out_refunds
from tests.donations.conftest import all_of, handle
from tests.donations.giving.test_receipts import text_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
URL = "/admin/contributions/"
MOVEMENTS = "/admin/movements/"


@pytest.fixture
def stripe_does(empty_stripe, told):
    """A button of the sandbox's dashboard, and the events that follow."""

    def press(button: str, **form: object) -> None:
        requests.post(f"{empty_stripe}/{button}", data=form, timeout=10)
        handle(told())

    return press


@pytest.fixture
def finance():
    staff = Client()
    staff.force_login(make_user("Finance"))
    return staff


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
    [told_them] = erasure.everything_about(contribution.donor)["contributions"]
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
    march = contribution.received_at
    donor.advance(40)
    stripe_does("refund", payment_intent=contribution.stripe_payment_intent, amount=2000)
    april = StripeRefund.objects.get().went_at
    assert april - march > timedelta(days=39)

    def totals(start: datetime, stop: datetime) -> list[tuple[int, int, int]]:
        time = f"created_at_from={start.date()}&created_at_to={stop.date()}"
        context = finance.get(f"{URL}?{time}").context
        assert len(context["object_list"]) == 1  # its money moved in both
        return [(row["count"], row["received"], row["returned"]) for row in context["totals"]]

    day = timedelta(days=1)
    assert totals(march - day, march + day) == [(1, "$50", "$0")]
    assert totals(april - day, april + day) == [(0, "$0", "$20")]
    assert totals(march - day, april + day) == [(1, "$50", "$20")]
    nobody = finance.get(f"{URL}?created_at_from=2020-01-01&created_at_to=2020-02-01")
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
        assert client.get(MOVEMENTS + path).status_code in (302, 403, 404)


BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
days = st.integers(0, 90).map(lambda day: BEGIN + timedelta(days=day))
taken = st.fixed_dictionaries(
    {"amount": st.integers(1, 1500), "went_at": st.none() | days, "came_back_at": st.none() | days}
)


@limits(max_examples=60, deadline=None)
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


# --- A debit counts when it has come ------------------------------------------------------------


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
    assert contribution.received_at == came
    assert came - contribution.created_at > timedelta(days=2)
    assert contribution.movements.get().at == came
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
    [said] = erasure.everything_about(contribution.donor)["contributions"]
    assert said["received_at"] is None and said["begun_at"] == contribution.created_at
    assert said["kept"] == 0


# --- A refund that came to nothing --------------------------------------------------------------


def test_refund_the_bank_sent_back_is_failed_and_all_is_there_again(
    donor, told, finance, client
) -> None:
    donor.gives("closed@example.org", Card.REFUND_FAILS, frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    finance.post(f"{URL}refund/{contribution.pk}/", {"amount": "50", "reason": "x"})
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
    give_back = gateway.give_back

    def lost(*args):
        give_back(*args)
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "give_back", lost)
        finance.post(
            f"{URL}refund/{Contribution.objects.get().pk}/", {"amount": "50", "reason": "x"}
        )
    donor.advance(1)
    Refund.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
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


# --- Reviews ------------------------------------------------------------------------------------


def test_inquiry_that_becomes_a_dispute_is_reviewed_anew(donor, told, stripe_does, finance) -> None:
    donor.gives("worse@example.org", Card.INQUIRY, frequency="once", amount="50")
    handle(told())
    review = Review.objects.waiting().get()
    assert review.kind == "inquiry"
    finance.post(f"/admin/review/{review.pk}/", {"words": "They wrote: it was them."})
    pk = Dispute.objects.get().stripe_dispute
    stripe_does("close-dispute", dispute=pk, outcome="later", days=1)
    assert not Review.objects.waiting().exists()  # closed by a person, and no worse
    stripe_does("close-dispute", dispute=pk, outcome="disputed")
    again = Review.objects.waiting().get()
    assert (again.kind, again.due_at) == ("dispute", Dispute.objects.get().evidence_due_at)
    contribution = Contribution.objects.get()
    assert (contribution.status, contribution.left) == ("disputed", 0)
    review.refresh_from_db()
    assert review.decision == "They wrote: it was them."


def test_inquiry_nobody_looked_at_is_settled_when_it_becomes_a_dispute(
    donor, told, stripe_does
) -> None:
    donor.gives("worse@example.org", Card.INQUIRY, frequency="once", amount="50")
    handle(told())
    pk = Dispute.objects.get().stripe_dispute
    stripe_does("close-dispute", dispute=pk, outcome="disputed")
    assert [review.kind for review in Review.objects.waiting()] == ["dispute"]
    stripe_does("close-dispute", dispute=pk, outcome="lost")
    assert not Review.objects.waiting().exists()


def test_deadline_of_an_open_review_follows_the_banks(donor, told, stripe_does) -> None:
    donor.gives("later@example.org", Card.DISPUTED, frequency="once")
    handle(told())
    before = Review.objects.get().due_at
    pk = Dispute.objects.get().stripe_dispute
    stripe_does("close-dispute", dispute=pk, outcome="later", days=5)
    assert Review.objects.get().due_at == before + timedelta(days=5)


def test_review_that_was_settled_opens_again_when_the_bank_asks_again(
    donor, told, stripe_does
) -> None:
    donor.gives("again@example.org", Card.DISPUTED, frequency="once")
    handle(told())
    found = gateway.dispute(Dispute.objects.get().stripe_dispute)
    stripe_does("close-dispute", dispute=found.id, outcome="answered")
    assert not Review.objects.waiting().exists()
    Review.open("dispute", found.id, "x", due_at=timezone.now())
    review = Review.objects.waiting().get()
    assert review.decision == "" and not review.settled


def test_decision_of_a_colleague_who_left_stays(client, donor, told, stripe_does, finance) -> None:
    donor.gives("left@example.org", Card.DISPUTED, frequency="once")
    handle(told())
    officer = make_user("Finance")
    client.force_login(officer)
    client.post(f"/admin/review/{Review.objects.get().pk}/", {"words": "We accept it."})
    officer.delete()
    handle(told())
    review = Review.objects.get()
    assert review.closed_at and not review.settled
    assert "a former colleague" in finance.get("/admin/review/").text


# --- The newest object wins ---------------------------------------------------------------------


def test_newer_payment_is_not_written_over_by_the_older_one(
    donor, told, empty_stripe, monkeypatch
) -> None:
    """The recurring contribution is unknown and past due, so pulling its payment pulls it, and it
    its payments; and just then the donor pays."""
    donor.gives("race@example.org", Card.FAILS_LATER)
    donor.advance(32)
    [unpaid] = [one for one in all_of(empty_stripe, "invoices") if one["status"] == "open"]
    Receipt.objects.all().delete()
    Contribution.objects.all().delete()
    RecurringContribution.objects.all().delete()
    payments_of_invoice = gateway.payments_of_invoice

    def paid_meanwhile(pk: str) -> list[str]:
        requests.post(unpaid["hosted_invoice_url"], data={"card": Card.VISA}, timeout=10)
        return payments_of_invoice(pk)

    monkeypatch.setattr(gateway, "payments_of_invoice", paid_meanwhile)
    [intent] = payments_of_invoice(unpaid["id"])
    sync.pull_payment(intent)
    assert Contribution.objects.get().status == "succeeded"

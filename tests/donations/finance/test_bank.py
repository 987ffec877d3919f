"""Finance brings a statement, explains it, and writes down what came without Stripe."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from donations.giving import erasure
from donations.giving.data import held
from donations.models import BankLine, Booking, ClosedMonth, Contribution, Donor, OfflineGift
from newsroom.core import clock
from newsroom.models import TransactionalMail
from tests.donations.books.bank.files import camt
from tests.donations.books.bank.test_statements import payout
from tests.factories import make_user

TODAY = timezone.localdate()


@pytest.fixture
def finance(client, site):
    client.force_login(make_user("Finance"))
    return client


def brings(finance, content: bytes):
    return finance.post(
        "/admin/bank/", {"file": SimpleUploadedFile("november.xml", content)}, follow=True
    )


def gift(**more: object) -> dict[str, object]:
    return {
        "form_id": uuid4(), "kind": "cash", "amount": "50", "currency": "eur",
        "received_on": TODAY, "thank": "on",
    } | more  # fmt: skip


def test_statement_is_brought_and_a_line_explained_in_three_clicks(finance) -> None:
    assert "No statement yet" in finance.get("/admin/bank/").text
    payout("po_1", 4800, TODAY), payout("po_2", 4800, TODAY)
    rows = [(f"{TODAY}", "48.00", "STRIPE"), (f"{TODAY}", "20.00", "Ann Reader, thank you")]
    page = brings(finance, camt(rows)).text
    assert "2 new lines, 0 known before; 0 matched" in page and "Ann Reader" in page
    assert "0 new lines, 2 known" in brings(finance, camt(rows)).text
    line = BankLine.objects.get(amount=4800)
    page = finance.get(f"/admin/bank/{line.pk}/").text
    assert 'value="payout:po_1"' in page and 'value="payout:po_2"' in page
    finance.post(f"/admin/bank/{line.pk}/explain/", {"do": "payout:po_2"})
    line.refresh_from_db()
    assert line.payout_id == "po_2"
    other = BankLine.objects.get(amount=2000)
    form = finance.get(f"/admin/offline-gifts/?line={other.pk}")
    assert form.context["form"]["amount"].value() == "20" and "Ann Reader" in form.text
    finance.post("/admin/offline-gifts/", gift(amount="20", kind="bank", line=other.pk))
    assert BankLine.objects.get(pk=other.pk).gifts.get() and "Every line is explained" in (
        finance.get("/admin/bank/").text
    )


def test_cheque_that_lay_in_a_drawer_is_matched_by_a_person(finance) -> None:
    """Else they could only write it down once more, or call it none of ours."""
    long_ago, lately = TODAY - timedelta(days=60), TODAY - timedelta(days=40)
    for on in (long_ago, lately):
        finance.post("/admin/offline-gifts/", gift(kind="bank", received_on=on))
        payout(f"po_{on:%m%d}", 5000, on)
    assert "0 matched" in brings(finance, camt([(f"{TODAY}", "50.00", "STRIPE")])).text
    line = BankLine.objects.get()
    page = finance.get(f"/admin/bank/{line.pk}/").text
    first, second = OfflineGift.objects.order_by("pk")
    assert page.index(f"gift:{second.pk}") < page.index(f"gift:{first.pk}")
    assert page.index(f"payout:po_{lately:%m%d}") < page.index(f"payout:po_{long_ago:%m%d}")
    finance.post(f"/admin/bank/{line.pk}/explain/", {"do": f"gift:{first.pk}"})
    assert line.gifts.get() == first


def test_cash_that_was_brought_as_one_sum_is_ticked(finance) -> None:
    for amount in ("50", "30", "7"):
        finance.post("/admin/offline-gifts/", gift(amount=amount), follow=True)
    brings(finance, camt([(f"{TODAY}", "80.00", "Deposit")]))
    line = BankLine.objects.get()
    address = f"/admin/bank/{line.pk}/"
    page = finance.get(address).text
    assert page.count(" checked") == 3 and "€87" in page and "<strong>−€7</strong>" in page
    first, second, _ = OfflineGift.objects.order_by("pk").values_list("pk", flat=True)
    wrong = finance.post(f"{address}explain/", {"do": "deposit", "gift": [first]}, follow=True)
    assert "€30 more than what is ticked: nothing is booked" in wrong.text
    assert wrong.text.count(" checked") == 1 and "<strong>€30</strong>" in wrong.text
    finance.post(f"{address}explain/", {"do": "deposit", "gift": [first, second, "x"]})
    assert finance.get(address).text.count("Cash: €") == 2
    assert "Every line is explained" in finance.get("/admin/bank/").text
    for bad in ({}, {"gift": "x"}, {"gift": [first]}):
        answer = finance.post(f"{address}explain/", {"do": "deposit"} | bad, follow=True)
        assert answer.status_code == 200
    assert line.gifts.count() == 2


def test_file_that_is_none_is_refused_with_the_reason(finance) -> None:
    answer = brings(finance, b"<html></html>")
    assert answer.status_code == 400 and "CAMT.053, MT940 or CSV" in answer.text


def test_day_of_a_gift_has_its_calendar(finance) -> None:
    assert "js/date-time-chooser.js" in finance.get("/admin/offline-gifts/").text


def test_gift_is_written_down_once_with_receipt_thanks_and_document(finance) -> None:
    form = gift(name="Ann", email="ann@example.org", in_honour_of="Ben", note="by post")
    file = SimpleUploadedFile("cheque.svg", b"<svg onload=alert(1)>")
    page = finance.post("/admin/offline-gifts/", form | {"document": file}, follow=True).text
    assert "€50 written down" in page and "Ben" in page and "cheque.svg" in page
    for of_stripe in ("Stripe’s balance", "What came of it", "offline_"):
        assert of_stripe not in page
    finance.post("/admin/offline-gifts/", form)
    kept = OfflineGift.objects.get()
    assert kept.contribution.receipt and Donor.objects.get().email == "ann@example.org"
    assert TransactionalMail.objects.filter(purpose="thanks").count() == 1
    document = finance.get(f"/admin/offline-gifts/{kept.pk}/document/")
    assert document.content == b"<svg onload=alert(1)>"
    assert document["Content-Type"] == "application/octet-stream"
    back = finance.post(f"/admin/offline-gifts/{kept.pk}/back/", {"amount": "50"}, follow=True)
    assert "given back" in back.text and Contribution.objects.get().left == 0
    assert set(Booking.objects.all().balances().values()) == {0, 5000, -5000}


def test_gift_of_a_closed_month_says_where_it_stands(finance) -> None:
    month = clock.month_of(TODAY, -1)
    ClosedMonth.objects.create(month=month, number=1, statement="x", digest="x", who="officer")
    late = gift(received_on=month, amount="50")
    page = finance.post("/admin/offline-gifts/", late, follow=True).text
    said = f"Its month is closed: in the books it stands in {TODAY:%B %Y}."
    assert f"€50 written down. {said}" in page
    booked = "Given without Stripe, not in the bank yet €50; Donations −€50"
    assert f"{booked}. Of {month:%-d %B %Y}, whose month was closed." in page
    timely = finance.post("/admin/offline-gifts/", gift(amount="7"), follow=True).text
    assert "€7 written down." in timely and "is closed" not in timely


def test_erased_donor_leaves_amounts_only(finance) -> None:
    about = {"email": "ann@example.org", "name": "Ann", "address": "Street 1", "company": "Co"}
    finance.post("/admin/offline-gifts/", gift(**about))
    donor = Donor.objects.get()
    assert held.everything_about(donor)["contributions"][0]["address"] == "Street 1"
    erasure.erase(donor)
    kept = OfflineGift.objects.get()
    assert set(kept.about.values()) == {""} and kept.contribution.amount == 5000


@pytest.mark.parametrize(
    "more",
    [
        {"received_on": TODAY + timedelta(days=2)}, {"received_on": "1899-01-01"}, {"amount": "-5"},
        {"amount": "x"}, {"currency": "xxx"}, {"kind": "gold"}, {"email": "nobody"},
        {"form_id": "x"}, {"amount": "0"}, {"amount": "9" * 20},
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_refused_and_nothing_is_written(finance, more: dict[str, object]) -> None:
    answer = finance.post("/admin/offline-gifts/", gift(**more))
    assert answer.status_code == 400 and not OfflineGift.objects.exists()

"""What a colleague's browser may send by hand to finance's pages: ids that are none, numbers that
are too large, text that no field expects. Each is answered in words or “not found”."""

import uuid
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from donations.finance.urls import urlpatterns
from donations.models import BankLine, BlockedMark, OfflineGift, Receipt, Review
from tests.donations.books.bank.files import camt
from tests.donations.finance.test_bank import brings, gift
from tests.factories import make_user
from tests.newsroom.hostile import HOSTILE

pytestmark = [pytest.mark.django_db, pytest.mark.costly]
YEAR = timezone.localdate().year - 1
ODD = [*HOSTILE[::6], b"\0", b"nan", b"0", b"-1", b"9" * 5000, b"9999-12-31", b"9" * 12]
SOME = [one.decode(errors="replace") for one in ODD]
ODD_IDS = ["0", "9" * 18, "9" * 400, "%D9%A3", "%00", "10000"]

# Page -> what its form holds. What is not here is sent without any, and turned with a query.
FORMS: dict[str, dict[str, Any]] = {
    "decide_review": {"do": "block", "words": "x", "form_id": "", "confirmed": "0"},
    "answer_review": {"do": "decline", "words": "x", "left": "0"},
    "own_review": {"do": "hand_over", "to": "1", "until": "2099-01-01"},
    "note_review": {"text": "x"},
    "refund": {"form_id": uuid.uuid4(), "amount": "5", "reason": "x", "confirmed": "0"},
    "write_note": {"text": "x", "dispute": ""},
    "correct_address": {"email": "a@example.org", "why": "x"},
    "merge_donors": {"into": "1", "why": "x", "confirmed": ""},
    "mail_donor": {"year": "", "receipt": ""},
    "block_list": {"kind": "address", "value": "a@example.org", "why": "x"},
    "statements_send": {"confirmed": "1"},
    "bank": {"file": "x"},
    "explain_bank_line": {"do": "payout:1"},
    "offline_gift": gift(line="", name="x", email="", appeal="", note="x"),
    "offline_gift_back": {"amount": "5"},
    "find_gift": {"typed": "50"},
    "change_regular": {"do": "amount", "amount": "5", "why": "x", "form_id": uuid.uuid4()},
    "stop_experiment": {"goes_on": "1"},
}
QUERY = ["below", "year", "typed", "line"]


@pytest.fixture
def rows(client: Any, site: Any, given: Any) -> dict[str, Any]:
    """What a page's address names: its parameter, or its own -> a value."""
    client.force_login(make_user("Finance"))
    contribution = given(card="4242", network="8.8.8.0/24")
    Review.open("large", str(contribution.pk), "$50. Much.", contribution=contribution)
    Receipt.issue(contribution, timezone.now())
    client.post("/admin/offline-gifts/", gift())
    brings(client, camt([(f"{timezone.localdate()}", "48.00", "STRIPE")]))
    BlockedMark.objects.put([("address", b"x" * 32)], "x", "x")
    at: dict[str, Any] = {"year": YEAR, "month": 5, "kind": "csv", "name": "gifts"}
    at |= {"currency": "usd", "account": "bank", "pk": contribution.donor_id}
    review = Review.objects.get(kind="large").pk
    of_review = {one.name: review for one in urlpatterns if "review" in str(one.name)}
    of_gift = dict.fromkeys(["offline_gift_back", "offline_document"], OfflineGift.objects.get().pk)
    of_line = dict.fromkeys(["bank_line", "explain_bank_line"], BankLine.objects.get().pk)
    of_it = dict.fromkeys(["refund", "write_note", "receipt_of"], contribution.pk)
    return at | of_review | of_gift | of_line | of_it | {"unblock": BlockedMark.objects.get().pk}


@pytest.mark.parametrize("page", urlpatterns, ids=lambda page: str(page.name))
def test_no_page_of_finance_breaks_over_what_is_sent_to_it(client, rows, page) -> None:
    client.raise_request_exception = False
    names = page.pattern.converters
    kwargs = {name: rows.get(page.name if name == "pk" else name, rows["pk"]) for name in names}
    address = reverse(page.name, kwargs=kwargs)
    odd = [
        reverse(page.name, kwargs=kwargs | {name: 1}).replace("1", value) for name in names
        for value in ODD_IDS if names[name].__class__.__name__ != "StringConverter"
    ]  # fmt: skip
    form = FORMS.get(page.name, {})
    asked = [("post", one, form) for one in (address, *odd)] + [("get", one, {}) for one in odd]
    asked += [("post", address, form | {field: value}) for field in form for value in SOME]
    asked += [("get", address, {field: value}) for field in QUERY for value in SOME[::4]]
    user = make_user(None)
    for method, where, fields in asked:
        client.force_login(user)
        with transaction.atomic():  # undone, so that each finds the same
            answer = getattr(client, method)(where, fields)
            status = answer.status_code, answer.get("Location", "")
            if answer.streaming:
                b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        assert status[0] < 500, (method, where[:99], {k: str(v)[:50] for k, v in fields.items()})
        assert "login" not in status[1]

"""Payouts, disputes, the ledger: what each page says of money that has moved."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from donations.books.booking import Entry, write
from donations.finance import timeline
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    Contribution,
    Dispute,
    Movement,
    Payout,
    Review,
)
from newsroom.core import clock
from newsroom.mail import outbox
from newsroom.models import TransactionalMail
from tests.factories import make_appeal, make_user

NOW = timezone.now()


@pytest.fixture
def gift(site) -> Contribution:
    """Of 50 dollars; settled in euros, paid out, booked."""
    appeal = make_appeal(title="Spring")
    gift = Contribution.objects.create(
        frequency="once", amount=5000, currency="usd", status="succeeded", appeal=appeal,
        stripe_payment_intent="pi_1", stripe_charge="ch_1", created_at=NOW, received_at=NOW,
    )  # fmt: skip
    write([Entry("balance", "txn_1", "eur", {
        Account.CLEARING: 4470, Account.FEES: 175, Account.DONATIONS: -4645,
    }, NOW)])  # fmt: skip
    booking = Booking.objects.get()
    payout = Payout.objects.create(
        id="po_1", amount=4460, currency="eur", status="paid", created_at=NOW, arrival_on=NOW,
        automatic=True, comes_to=4470,
    )  # fmt: skip
    BalanceTransaction.objects.create(
        id="txn_1", kind="charge", category="charge", amount=4645, fee=175, net=4470,
        currency="eur", exchange_rate=0.929, created_at=NOW, available_on=NOW, source="ch_1",
        charge="ch_1", given_amount=5000, given_currency="usd", payout=payout, booking=booking,
    )  # fmt: skip
    return gift


@pytest.fixture
def viewer(client, gift):
    client.force_login(make_user("Finance viewers"))
    return client


def test_a_contribution_says_what_came_of_it_and_all_that_happened(viewer, gift) -> None:
    page = viewer.get(f"/admin/contributions/inspect/{gift.pk}/").text
    for words in ("€46.45", "0.929", "€1.75", "€44.70", "/payouts/inspect/po_1/",
                  "At Stripe €44.70; Fees €1.75; Donations −€46.45"):  # fmt: skip
        assert words in page, words
    listed = [len(viewer.get(f"/admin/contributions/?payout={which}").context["object_list"])
              for which in ("po_1", "none", "po_2")]  # fmt: skip
    assert listed == [1, 0, 0]


def test_a_payout_says_what_is_in_it_and_whether_it_adds_up(viewer, gift) -> None:
    page = viewer.get("/admin/payouts/inspect/po_1/").text
    assert f"/contributions/inspect/{gift.pk}/" in page and "−€0.10 not explained" in page
    Payout.objects.update(amount=4470, added_up_at=NOW)
    assert "not explained" not in viewer.get("/admin/payouts/").text


def side(client, review: Review) -> list[str]:
    """The pages that a review leads to; each of ours is there."""
    page = client.get(f"/admin/review/{review.pk}/").text
    found = re.findall(r'side</dt><dd><a href="([^"]*)"', page)
    for one in found:
        assert not one.startswith("/") or client.get(one).status_code == 200, one
    return found


def test_what_does_not_agree_leads_to_both_sides_and_back(client, gift, settings) -> None:
    client.force_login(make_user("Auditors"))
    stripe, of_payout = settings.STRIPE_DASHBOARD, "/admin/payouts/inspect/po_1/"
    booking = f"/admin/giving/booking/{BalanceTransaction.objects.get().booking_id}/"
    about: dict[tuple[str, str], list[str]] = {
        ("payout", "po_1"): [of_payout],
        ("payout_sum", "po_1"): [of_payout],
        ("not_in_bank", "po_1"): [of_payout],
        ("payout", "po_not_read_yet"): [],
        ("balance", "eur +7"): [
            f"{stripe}/balance/overview", "/admin/giving/books/eur/clearing/",
        ],
        ("charge", "ch_1"): [f"{stripe}/payments/ch_1", booking],
        ("no_charge", "pi_1"): [f"{stripe}/payments/pi_1", booking],
        ("suspense", "txn_1"): [booking],
        ("inquiry", "dp_1"): [f"{stripe}/disputes/dp_1", "/admin/giving/disputes/"],
        ("dispute", "dp_1"): [f"{stripe}/disputes/dp_1", "/admin/giving/disputes/"],
        ("appeal", "dp_1"): [f"{stripe}/disputes/dp_1", "/admin/giving/disputes/"],
    }  # fmt: skip
    for (kind, pk), pages in about.items():
        Review.open(kind, pk, "x", contribution=gift if kind == "no_charge" else None)
        assert side(client, Review.objects.get(kind=kind, about=pk)) == pages, kind
    page = client.get(of_payout).text
    for kind in ("payout", "payout_sum"):
        assert f"/admin/review/{Review.objects.get(kind=kind, about='po_1').pk}/" in page
    of_gift = client.get(f"/admin/contributions/inspect/{gift.pk}/").text
    assert f"/admin/review/{Review.objects.get(kind='no_charge').pk}/" in of_gift


def test_what_happened_stands_in_the_order_in_which_it_did(gift) -> None:
    for kind, amount in (("received", 5000), ("dispute", -5000)):
        Movement.objects.create(contribution=gift, kind=kind, amount=amount, at=NOW, source=kind)
    outbox.post("thanks", gift.pk, str(gift.pk))
    TransactionalMail.objects.update(status="sent", created_at=clock.day_of(NOW))
    due_at = NOW + timedelta(days=9)
    Dispute.objects.create(
        contribution=gift, stripe_dispute="dp_1", amount=5000, currency="usd", created_at=NOW,
        reason="fraudulent", status="needs_response", evidence_due_at=due_at,
    )  # fmt: skip
    told = timeline.of(gift, identities=False)
    said = [one.what for one in told]
    assert said.index("Received") < said.index("Taken back by the bank")
    assert said[0] == "Begun" and said[-1] == "Thanks"
    [dispute] = [one.words for one in told if one.what == "Dispute"]
    by = date_format(timezone.localtime(due_at), "DATETIME_FORMAT")
    assert dispute == f"$50, fraudulent; now needs_response, to be answered by {by}"


def test_payout_below_zero_is_taken_from_the_bank(viewer) -> None:
    Payout.objects.update(amount=-4470, added_up_at=NOW)
    page = viewer.get("/admin/payouts/inspect/po_1/").text
    assert "Taken from the bank about" in page and "In the bank about" not in page


def test_a_payout_of_the_right_sum_says_what_else_is_odd(viewer, gift) -> None:
    Payout.objects.update(amount=4470)
    page = viewer.get("/admin/payouts/").text
    assert "of another currency" in page and "€0" not in page


def test_the_ledger_goes_from_the_trial_balance_to_a_booking(viewer, gift) -> None:
    month = f"{timezone.localtime(NOW):%Y-%m}"
    page = viewer.get(f"/admin/giving/books/?month={month}").text
    assert "Both sides are the same" in page and "€44.70" in page
    account = viewer.get(f"/admin/giving/books/eur/clearing/?month={month}").text
    assert "txn_1" in account and "€44.70" in account
    booking = viewer.get(f"/admin/giving/booking/{BalanceTransaction.objects.get().booking_id}/")
    assert f"/contributions/inspect/{gift.pk}/" in booking.text
    empty = viewer.get("/admin/giving/books/eur/clearing/?month=2001-01")
    assert "Nothing was posted" in empty.text
    assert viewer.get("/admin/giving/books/eur/nonsense/").status_code == 404
    assert "Spring" in (appeals := viewer.get("/admin/appeals/").text) and "$50" in appeals


def test_disputes_are_listed_by_their_deadline_with_what_is_noted(client, gift) -> None:
    client.force_login(make_user("Finance"))
    for days in (9, 2):
        Dispute.objects.create(
            contribution=gift, amount=5000, currency="usd", status="needs_response",
            reason=f"reason{days}", stripe_dispute=f"dp_{days}", created_at=NOW,
            evidence_due_at=NOW + timedelta(days=days),
        )  # fmt: skip
    dispute = Dispute.objects.get(stripe_dispute="dp_2")
    note = {"text": "They wrote to thank us", "dispute": dispute.pk}
    page = client.post(f"/admin/contributions/note/{gift.pk}/", note, follow=True).text
    assert page.index("reason2") < page.index("They wrote to thank us") < page.index("reason9")
    refused = client.post(f"/admin/contributions/note/{gift.pk}/", {"text": " "}, follow=True)
    assert "Please write the note first" in refused.text
    assert dispute.notes.count() == 1

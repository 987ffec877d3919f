"""Disputes: their reviews, opened again when it gets worse, left alone when a person has decided;
what is said of a gift while one lasts and when it has ended."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from donations.finance.statements import mailing
from donations.giving.links import manage_url
from donations.models import Contribution, Dispute, Movement, Review
from donations.payments import gateway
from donations.sandbox.objects import Card
from newsroom import tasks
from newsroom.models import TransactionalMail
from tests.donations.conftest import handle
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_inquiry_that_becomes_a_dispute_is_reviewed_anew(donor, told, stripe_does, finance) -> None:
    donor.gives("worse@example.org", Card.INQUIRY, frequency="once", amount="50")
    handle(told())
    review = Review.objects.waiting().get()
    assert review.kind == "inquiry"
    decision = {"do": "accept", "words": "They wrote: it was them."}
    finance.post(f"/admin/review/{review.pk}/decide/", decision)
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
    decision = {"do": "accept", "words": "We accept it."}
    client.post(f"/admin/review/{Review.objects.get().pk}/decide/", decision)
    officer.delete()
    handle(told())
    review = Review.objects.get()
    assert review.closed_at and not review.settled
    assert "a former colleague" in finance.get("/admin/review/").text


# --- A gift that is disputed before anybody has thanked for it ---


@pytest.fixture
def thanked(inbox, committing) -> Callable[[], int]:
    """How often, once all mails that are due by now have gone out."""

    def look() -> int:
        with committing():
            tasks.send_waiting_mails()
        return [mail["subject"] for mail in inbox.to("once@example.org")].count("Thank you")

    return look


def a_day_later() -> None:
    waiting = TransactionalMail.objects.filter(status="waiting")
    waiting.update(next_try_at=timezone.now() - timedelta(minutes=1))


@pytest.fixture
def disputed_at_once(donor, told, committing, thanked) -> str:
    with committing():
        donor.gives("once@example.org", Card.DISPUTED, frequency="once")
        handle(told())
    assert thanked() == 0
    a_day_later()
    assert thanked() == 0
    return str(Dispute.objects.get().stripe_dispute)


@pytest.mark.parametrize("order", ["as sent", "the other way round"])
def test_won_dispute_is_thanked_for_once(
    disputed_at_once, told, empty_stripe, committing, thanked, order: str
) -> None:
    for outcome in ("answered", "won"):
        press = {"dispute": disputed_at_once, "outcome": outcome}
        requests.post(f"{empty_stripe}/close-dispute", data=press, timeout=10)
    found = told() if order == "as sent" else told()[::-1]
    for _ in range(2):
        with committing():
            handle(found, again=True)
        assert thanked() == 1
    a_day_later()
    assert thanked() == 1
    TransactionalMail.objects.all().delete()  # a month later that it was sent is forgotten
    Contribution.objects.update(status="disputed")
    with committing():
        handle(told(), again=True)
    assert thanked() == 1


def test_lost_dispute_is_not_thanked_for_unless_its_appeal_is_won(
    disputed_at_once, stripe_does, committing, thanked
) -> None:
    with committing():
        stripe_does("close-dispute", dispute=disputed_at_once, outcome="lost")
    a_day_later()
    assert thanked() == 0
    assert TransactionalMail.objects.get().status == "dropped"
    with committing():
        stripe_does("close-dispute", dispute=disputed_at_once, outcome="appealed")
    assert thanked() == 0
    with committing():
        stripe_does("close-dispute", dispute=disputed_at_once, outcome="won")
    assert thanked() == 1


def test_dispute_that_begins_after_the_thanks_and_is_won_brings_no_second(
    donor, told, stripe_does, committing, thanked
) -> None:
    with committing():
        donor.gives("once@example.org", frequency="once")
        handle(told())
    assert thanked() == 1
    intent = Contribution.objects.get().stripe_payment_intent
    with committing():
        stripe_does("dispute", payment_intent=intent)
        assert Contribution.objects.get().status == "disputed"
        stripe_does("close-dispute", dispute=Dispute.objects.get().stripe_dispute, outcome="won")
    assert Contribution.objects.get().status == "succeeded"
    assert thanked() == 1


# --- How a contribution is called when a dispute of it has ended ---

LOST = "Taken back by the bank (lost dispute)"


def names_of(contribution: Contribution, client) -> set[str]:
    """What each page of finance that lists it says of its status, and the export."""
    urls = [
        "/admin/contributions/",
        "/admin/contributions/?export=csv",
        f"/admin/contributions/inspect/{contribution.pk}/",
        f"/admin/giving/donors/{contribution.donor_id}/",
    ]
    pages = [client.get(url) for url in urls]
    assert {page.status_code for page in pages} == {200}
    texts = [
        page.getvalue().decode() if page.streaming else page.text.split("What happened")[0]
        for page in pages
    ]
    called = re.compile(r"(?:<d[dt]>|<td[^>]*>|,)\s*(Disputed|[^<>,]*lost dispute\))")
    found = [set(called.findall(text)) or {"nothing"} for text in texts]
    return {name.strip() for names in found for name in names}


@pytest.mark.parametrize(("amount", "name"), [("", LOST), ("300", f"Partly t{LOST[1:]}")])
def test_contribution_that_was_lost_says_so_and_counts_as_nothing(
    donor, told, stripe_does, finance, amount: str, name: str
) -> None:
    donor.gives("once@example.org", frequency="once", amount="10")
    handle(told())
    contribution = Contribution.objects.get()
    stripe_does("dispute", payment_intent=contribution.stripe_payment_intent, amount=amount)
    contribution = Contribution.objects.get()
    assert names_of(contribution, finance) == {"Disputed"}
    moved = list(contribution.movements.values_list("kind", "amount", "at"))
    stripe_does("close-dispute", dispute=Dispute.objects.get().stripe_dispute, outcome="lost")
    contribution = Contribution.objects.get()
    assert list(contribution.movements.values_list("kind", "amount", "at")) == moved
    assert names_of(contribution, finance) == {name}
    whose = contribution.donor
    assert whose
    kept = 700 if amount else 0
    assert [(row["left"], row["returned"]) for row in Movement.objects.totals()] == [
        (kept, 1000 - kept)
    ]
    page = finance.get(f"/admin/giving/donors/{whose.pk}/").text
    assert ("$7" if amount else "$0") in page
    assert mailing.wanted(contribution.receipt.year).count() == bool(amount)
    own = donor.client.get(manage_url(whose).removeprefix(settings.BASE_URL)).text
    assert ("$3 returned" if amount else "taken back by the bank") in own

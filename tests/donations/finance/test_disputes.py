"""Reviews of disputes: opened again when it gets worse, left alone when a person has decided."""

from datetime import timedelta

import pytest
from django.utils import timezone

from donations.models import Contribution, Dispute, Review
from donations.payments import gateway
from donations.sandbox.objects import Card
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

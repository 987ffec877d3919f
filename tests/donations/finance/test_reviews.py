"""What waits for finance: disputes, fraud warnings, refunds by one and by two people."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import stripe
from django.db import connection
from django.test import Client
from django.utils import timezone

from donations.finance import refunds
from donations.models import Contribution, Dispute, Refund, Review, StripeEvent
from donations.payments import events, gateway, giving_back, sync
from donations.sandbox.objects import Card
from donations.tasks import carry_out_refunds
from tests.answers import led_to
from tests.donations.conftest import give_back, handle, hidden, two_people_above
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.costly]
REVIEW = "/admin/review/"


def at(contribution: Contribution) -> str:
    return f"/admin/contributions/refund/{contribution.pk}/"


def test_small_refund_is_done_at_once_and_mirrored(client, officer, contribution) -> None:
    assert "At most 50 USD" in client.get(at(contribution)).text
    page = give_back(client, contribution, "20", "typed a zero too many")
    assert "$20 given back" in page.text
    contribution.refresh_from_db()
    assert (contribution.status, contribution.returned) == ("partly_refunded", 2000)
    assert "typed a zero too many" in page.text
    give_back(client, contribution, "30", "the rest")
    contribution.refresh_from_db()
    assert (contribution.status, contribution.returned) == ("refunded", 5000)
    assert "Nothing of this contribution" in client.get(at(contribution), follow=True).text


@pytest.mark.parametrize(
    ("amount", "reason", "words"),
    [("51", "x", "At most"), ("0", "x", "At most"), ("-5", "x", "as a number"),
     ("NaN", "x", "as a number"), ("1.2345", "x", "decimals"), ("5", "", "Please say why")],
)  # fmt: skip
def test_refund_of_nonsense_is_refused(
    client, officer, contribution, amount, reason, words
) -> None:
    page = give_back(client, contribution, amount, reason)
    assert words in page.text
    assert not Refund.objects.filter(status="done").exists()


def test_large_refund_takes_two_people(client, officer, contribution) -> None:
    two_people_above(10)
    page = give_back(client, contribution, "50", "they asked").text
    assert "waits for a second person" in page
    refund = Refund.objects.get()
    review = Review.objects.get()
    client.post(f"{REVIEW}{review.pk}/answer/", {"do": "approve", "left": "5000"})
    refund.refresh_from_db()
    assert refund.status == "waiting"  # not by who asked
    client.force_login(make_user("Finance"))
    page = client.get(f"{REVIEW}{review.pk}/")
    assert "Of this contribution $50 is left" in page.text
    approve = hidden(page) | {"do": "approve"}
    for _ in range(2):  # pressed twice
        client.post(f"{REVIEW}{review.pk}/answer/", approve)
    contribution.refresh_from_db()
    refund.refresh_from_db()
    assert (contribution.returned, refund.status) == (5000, "done")
    assert not Review.objects.waiting().exists()


def test_declined_refund_reads_as_declined_by_all(client, officer, contribution) -> None:
    two_people_above(10)
    give_back(client, contribution, "50", "Ann Donor asked")
    page = f"{REVIEW}{Review.objects.get().pk}/"
    client.force_login(make_user("Finance"))
    for _ in range(2):  # pressed twice
        answer = client.post(f"{page}answer/", {"do": "decline"}, follow=True).text
        assert "Declined." in answer and "already" not in answer
    answer = client.post(f"{page}answer/", {"do": "approve", "left": 5000}, follow=True).text
    assert "has decided already" in answer and Refund.objects.get().status == "declined"
    client.force_login(make_user("Auditors"))
    for where in (page, REVIEW):
        seen = client.get(where).text
        assert "Declined" in seen and "Accept" not in seen and "Ann Donor" not in seen


def test_many_small_refunds_are_no_way_around_the_second_person(
    client, officer, contribution
) -> None:
    two_people_above(25)
    for amount in ("20", "5", "20"):
        page = give_back(client, contribution, amount, "x").text
    assert "waits for a second person" in page
    contribution.refresh_from_db()
    assert contribution.returned == 2500
    assert list(Refund.objects.order_by("pk").values_list("status", flat=True)) == [
        "done", "done", "waiting",
    ]  # fmt: skip


def test_an_officers_day_counts_over_all_contributions(
    client, officer, contribution, donor, told
) -> None:
    two_people_above(50)
    donor.gives("another@example.org", frequency="once", amount="50")
    handle(told())
    another = Contribution.objects.exclude(pk=contribution.pk).get()
    give_back(client, contribution, "50", "x")
    assert "waits" in give_back(client, another, "1", "x").text
    Refund.objects.all().delete()
    Refund.objects.create(
        contribution=contribution, amount=5000, reason="x", status="done", asked_by=officer
    )
    Refund.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert not refunds.needs_second(another, 5000, officer)
    Refund.objects.update(asked_at=timezone.now() - timedelta(hours=23))
    assert refunds.needs_second(another, 1, officer)
    assert not refunds.needs_second(another, 5000, make_user("Finance"))


def test_second_refund_waits_for_the_first(client, officer, contribution) -> None:
    two_people_above(10)
    for _ in range(2):
        page = give_back(client, contribution, "50", "x").text
    assert "under way" in page
    assert Refund.objects.count() == 1


def test_refund_whose_answer_was_lost_is_made_once(
    client, officer, contribution, monkeypatch
) -> None:
    made = giving_back.give_back

    def lost(*args):
        made(*args)
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(giving_back, "give_back", lost)
        page = give_back(client, contribution, "20", "x").text
    assert "tried again by itself" in page
    Refund.objects.update(asked_at=timezone.now() - timezone.timedelta(minutes=5))
    carry_out_refunds()
    contribution.refresh_from_db()
    assert (contribution.returned, Refund.objects.get().status) == (2000, "done")


def test_dispute_opens_a_review_with_its_deadline_and_closes_it(
    client, officer, donor, told, stripe_sandbox
) -> None:
    donor.gives("disputes@example.org", Card.DISPUTED, frequency="once", amount="50")
    handle(told())
    contribution, dispute = Contribution.objects.get(), Dispute.objects.get()
    assert contribution.status == "disputed"
    review = Review.objects.waiting().get()
    assert review.due_at == dispute.evidence_due_at
    assert "The bank asks why (fraudulent)" in client.get(REVIEW).text
    assert not refunds.most(contribution)
    form = {"dispute": dispute.stripe_dispute, "outcome": "won"}
    requests.post(f"{stripe_sandbox}/close-dispute", data=form, timeout=10)
    handle(told())
    contribution.refresh_from_db()
    assert contribution.status == "succeeded"
    review.refresh_from_db()
    assert "won" in review.decision
    assert (
        "needs_response" not in client.get(f"/admin/contributions/inspect/{contribution.pk}/").text
    )


def test_lost_dispute_stays_lost(donor, told, stripe_sandbox) -> None:
    donor.gives("lost@example.org", Card.DISPUTED, frequency="once")
    handle(told())
    form = {"dispute": Dispute.objects.get().stripe_dispute, "outcome": "lost"}
    requests.post(f"{stripe_sandbox}/close-dispute", data=form, timeout=10)
    handle(told()[::-1], again=True)  # the newest first: order does not matter
    assert Contribution.objects.get().status == "disputed"


def test_fraud_warning_is_decided_with_words(client, officer, donor, told) -> None:
    donor.gives("stolen@example.org", Card.FRAUD_WARNING, frequency="once")
    handle(told() * 2, again=True)
    review = Review.objects.get()
    assert review.kind == "fraud_warning"
    decide = f"{REVIEW}{review.pk}/decide/"
    assert "in a few words" in client.post(decide, {"do": "accept", "words": " "}, follow=True).text
    client.post(decide, {"do": "accept", "words": "Called them: it was them."})
    review.refresh_from_db()
    assert (review.closed_by, review.decision) == (officer, "Called them: it was them.")


def test_refund_that_the_bank_sends_back_is_told(client, officer, donor, told) -> None:
    donor.gives("closed@example.org", Card.REFUND_FAILS, frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    give_back(client, contribution, "50", "x")
    donor.advance(1)
    handle(told())
    contribution.refresh_from_db()
    assert (contribution.status, contribution.returned) == ("succeeded", 0)
    assert "Find another way" in Review.objects.get().why


def test_event_that_fails_three_times_is_reviewed_and_closes_by_itself(
    client, officer, monkeypatch, db
) -> None:
    row = StripeEvent.objects.create(
        id="evt_x", type="charge.refunded", object_id="ch_x", created_at=timezone.now()
    )

    def away(pk: str) -> stripe.Charge:
        raise stripe.APIConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "charge", away)
        for _ in range(4):
            events.process(row)
            row.refresh_from_db()
    assert "charge.refunded about ch_x" in client.get(REVIEW).text
    monkeypatch.setattr(
        gateway, "charge", lambda pk: stripe.Charge.construct_from({"payment_intent": None}, "k")
    )
    events.process(row)
    assert not Review.objects.waiting().exists()


def test_editor_sees_no_review_and_gives_nothing_back(client, contribution) -> None:
    client.force_login(make_user("Editors"))
    assert led_to(client.get(REVIEW)) == "/admin/"
    assert led_to(client.post(at(contribution), {"amount": "5"})) == "/admin/"
    assert not Refund.objects.exists()


def test_payout_that_came_back_is_told(donor, told, monkeypatch) -> None:
    donor.gives("payout@example.org", frequency="once", amount="50")
    donor.advance(4)
    [payout] = {event["data"]["object"]["id"] for event in told() if event["type"] == "payout.paid"}
    found = gateway.payout(payout)
    found.status, found.failure_message = "failed", "The account is closed."
    monkeypatch.setattr(gateway, "payout", lambda pk: found)
    for _ in range(2):
        sync.pull_payout(payout)
    assert "The account is closed." in Review.objects.get(kind="payout").why


# --- A press is one act -------------------------------------------------------------------------


def form_to_confirm(client, contribution, amount: str) -> dict[str, str]:
    """What the second page holds, when the first was filled in."""
    first = hidden(client.get(at(contribution)))
    page = client.post(at(contribution), first | {"amount": amount, "reason": "x"})
    assert page.status_code == 200
    return hidden(page)


def test_refund_counts_only_when_it_is_confirmed(client, officer, contribution) -> None:
    first = hidden(client.get(at(contribution)))
    page = client.post(at(contribution), first | {"amount": "20", "reason": "typed wrongly"})
    assert "<strong>$20</strong> goes back" in page.text and "$30 after" in page.text
    assert not Refund.objects.exists()
    back = client.post(at(contribution), hidden(page) | {"back": "1"})
    assert 'value="20"' in back.text and "typed wrongly" in back.text
    assert not Refund.objects.exists()
    assert "$20 given back" in client.post(at(contribution), hidden(page), follow=True).text


def test_amount_that_can_mean_two_is_asked_about(client, officer, contribution) -> None:
    first = hidden(client.get(at(contribution))) | {"reason": "they asked"}
    page = client.post(at(contribution), first | {"amount": "5.000"})
    assert page.status_code == 400 and "$5 / $5,000" in page.text and "they asked" in page.text
    choices = re.findall(r'name="amount" value="(\d+)"', page.text)
    assert choices == ["5", "5000"]
    # The button comes after the field, so it has the last word.
    page = client.post(at(contribution), first | {"amount": ["5.000", "5"]})
    assert "$5 given back" in client.post(at(contribution), hidden(page), follow=True).text
    assert Refund.objects.get().amount == 500


def test_same_form_pressed_again_answers_as_the_first_did(client, officer, contribution) -> None:
    form = form_to_confirm(client, contribution, "50")
    for _ in range(3):
        assert "$50 given back" in client.post(at(contribution), form, follow=True).text
    assert Refund.objects.get().amount == 5000


def test_form_of_one_contribution_or_officer_is_no_others(
    client, officer, contribution, donor, told
) -> None:
    donor.gives("another@example.org", frequency="once", amount="50")
    handle(told())
    another = Contribution.objects.exclude(pk=contribution.pk).get()
    form = form_to_confirm(client, contribution, "5")
    client.post(at(contribution), form)
    assert "something else" in client.post(at(another), form, follow=True).text
    client.force_login(make_user("Finance"))
    assert "something else" in client.post(at(contribution), form, follow=True).text
    assert Refund.objects.count() == 1


def test_second_tab_sees_that_something_was_given_back_meanwhile(
    client, officer, contribution
) -> None:
    """Two officers, or one in two tabs: each confirmed another state of things."""
    one, two = (form_to_confirm(client, contribution, "20") for _ in range(2))
    assert "$20 given back" in client.post(at(contribution), one, follow=True).text
    second = two | {"reason": "They rang twice."}
    refused = client.post(at(contribution), second)
    assert refused.status_code == 409 and "look once more" in refused.text
    assert 'value="They rang twice."' in refused.text
    assert two["form_id"] not in refused.text  # it is another press from here on
    assert "$20 given back" in give_back(client, contribution, "20").text
    contribution.refresh_from_db()
    assert contribution.returned == 4000
    give_back(client, contribution, "10")
    refused = client.post(at(contribution), second)
    assert "can be given back any more" in refused.text and "They rang twice." in refused.text


def test_decision_pressed_twice_answers_as_the_first_did(client, officer, contribution) -> None:
    two_people_above(10)
    give_back(client, contribution, "50")
    review = Review.objects.get()
    client.force_login(make_user("Finance"))
    approve = hidden(client.get(f"{REVIEW}{review.pk}/")) | {"do": "approve"}
    for _ in range(2):
        page = client.post(f"{REVIEW}{review.pk}/answer/", approve, follow=True).text
        assert "Given back." in page and "already" not in page
    client.force_login(make_user("Finance"))
    page = client.post(f"{REVIEW}{review.pk}/answer/", approve, follow=True).text
    assert "already" in page


def test_second_person_approves_only_what_they_saw(client, officer, contribution, told) -> None:
    """Somebody has given back at Stripe what a colleague asked for here."""
    two_people_above(10)
    give_back(client, contribution, "20")
    page_of = f"{REVIEW}{Review.objects.get().pk}/"
    address = f"{page_of}answer/"
    client.force_login(make_user("Finance"))
    approve = hidden(client.get(page_of)) | {"do": "approve"}
    giving_back.give_back(contribution.stripe_payment_intent, 2000, "dashboard")
    handle(told())
    page = client.post(address, approve, follow=True).text
    assert "look once more" in page and "Of this contribution $30 is left" in page
    assert Refund.objects.get().status == "waiting"
    approve = hidden(client.get(page_of)) | {"do": "approve"}
    assert "Given back." in client.post(address, approve, follow=True).text
    contribution.refresh_from_db()
    assert contribution.returned == 4000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False])
def test_two_presses_at_once_are_one_refund(client, officer, contribution, same: bool) -> None:
    """A double click, or two tabs at the same moment."""
    one = form_to_confirm(client, contribution, "20")
    two = one if same else form_to_confirm(client, contribution, "20")
    browsers = [Client() for _ in range(2)]
    for browser in browsers:
        browser.force_login(officer)
    ready = threading.Barrier(2)

    def press(browser: Client, form: dict[str, str]) -> str:
        ready.wait()
        try:
            return browser.post(at(contribution), form, follow=True).text
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(press, browsers, [one, two]))
    assert ["$20 given back" in page for page in pages].count(True) == (2 if same else 1)
    assert Refund.objects.get().status == "done"
    made = gateway.client().v1.refunds.list(
        params={"payment_intent": contribution.stripe_payment_intent}
    )
    assert [one.amount for one in made.data] == [2000]

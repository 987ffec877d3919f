"""Whose a review is, how it is decided by one and by two people, and that its history stays."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from donations.finance.review import deciding
from donations.giving import erasure
from donations.models import BlockedMark, Dispute, Review, ReviewStep
from donations.payments import gateway, giving_back
from donations.sandbox.objects import Card
from newsroom.core.privacy import giving_index, seal
from tests.donations.conftest import handle, hidden, two_people_above
from tests.factories import make_user

pytestmark = pytest.mark.django_db
QUEUE = "/admin/review/"


def press(client, review, what: str, **form: object) -> str:
    return client.post(f"{QUEUE}{review.pk}/{what}/", form, follow=True).text


def decide(review, by, choice: str, left: int = 0) -> str:
    return deciding.decide(review.pk, by, choice, "why", form_id=uuid4(), left=left)


# --- Whose ----------------------------------------------------------------------------------------


def test_review_is_taken_by_one_given_back_and_handed_over(client, review, two_officers) -> None:
    ann, bob = two_officers
    client.force_login(ann)
    for _ in range(2):
        assert "Done." in press(client, review, "own", do="take")
    client.force_login(bob)
    assert f"{ann} has it" in press(client, review, "own", do="take")
    assert "has it, not you" in press(client, review, "own", do="let_go")
    assert "Done." in press(client, review, "own", do="hand_over", to=bob.pk)
    assert "Done." in press(client, review, "own", do="let_go")
    for nobody in (make_user("Editors").pk, 0, "x", 10**12, ""):
        assert "They may not decide" in press(client, review, "own", do="hand_over", to=nobody)
    review.refresh_from_db()
    assert review.owner is None
    steps = review.steps.values_list("what", "who", "to")
    assert list(steps) == [
        ("taken", ann.username, ""),
        ("handed_over", bob.username, bob.username),
        ("let_go", bob.username, ""),
    ]


def test_queue_is_sorted_by_deadlines_and_says_what_is_overdue(client, review) -> None:
    Review.open("bank", "1", "x", due_at=timezone.now() - timedelta(hours=1))
    Review.open("fraud_warning", "issfr_1", "x")
    Review.open("bank", "2", "x")
    client.force_login(make_user("Finance"))
    page = client.get(QUEUE).text
    assert "1 is overdue" in page
    kinds = [one.kind for one in Review.objects.waiting()]
    assert kinds == ["bank", "fraud_warning", "large", "bank"]
    assert "fraud_warning" and "Early fraud warning" in page
    assert "Nothing waits here" in client.get(f"{QUEUE}?whose=mine").text


@pytest.mark.parametrize("kind", Review.Kind)
def test_every_kind_has_a_deadline_of_its_own(db, kind) -> None:
    assert Review.DAYS[kind] in range(1, 15)


def test_owner_sets_a_deadline_of_their_own(client, review, two_officers) -> None:
    ann, _ = two_officers
    today = timezone.localdate()
    client.force_login(ann)
    assert "Take it first" in press(client, review, "own", do="due", until=today)
    press(client, review, "own", do="take")
    odd = [today - timedelta(days=1), today + timedelta(days=366), "", "x", "2026-13-45", "٣"]
    for until in odd:
        assert "from today on" in press(client, review, "own", do="due", until=until)
    for _ in range(2):
        page = press(client, review, "own", do="due", until=today + timedelta(days=30))
        assert "Done." in page and "Deadline set" in page
    review.refresh_from_db()
    assert timezone.localdate(review.due_at) == today + timedelta(days=30)
    assert review.steps.filter(what="due").count() == 1
    Review.open("large", review.about, "Still much.", contribution=review.contribution)
    client.force_login(make_user("Auditors"))
    assert "Until " in client.get(f"{QUEUE}{review.pk}/").text.partition("Deadline set")[2]
    assert timezone.localdate(Review.objects.get().due_at) == today + timedelta(days=30)


def test_deadline_of_a_bank_can_be_made_earlier_and_not_later(client, given, two_officers) -> None:
    contribution, bank = given(), timezone.now() + timedelta(days=9)
    dispute = {"stripe_dispute": "dp_1", "amount": 5000, "currency": "usd", "created_at": bank}
    Dispute.objects.create(contribution=contribution, evidence_due_at=bank, **dispute)
    Review.open("dispute", "dp_1", "x", contribution=contribution, due_at=bank)
    review, [ann, _] = Review.objects.get(), two_officers
    deciding.take(review.pk, ann)
    with pytest.raises(deciding.NotDecided, match="The bank waits until"):
        deciding.set_deadline(review.pk, ann, timezone.localdate(bank) + timedelta(days=1))
    day = timezone.localdate() + timedelta(days=2)
    deciding.set_deadline(review.pk, ann, day)
    Review.open("dispute", "dp_1", "x", contribution=contribution, due_at=bank)  # told again
    review.refresh_from_db()
    assert timezone.localdate(review.due_at) == day
    sooner = timezone.now() + timedelta(days=1)
    Review.open("dispute", "dp_1", "x", contribution=contribution, due_at=sooner)
    review.refresh_from_db()
    assert review.due_at == sooner


def test_note_is_kept_whole_or_not_at_all(client, review, officer) -> None:
    long = "a\r\n" * 1000  # 1,999 letters as a browser counts them while they are typed
    assert "Noted." in press(client, review, "note", text=long)
    assert review.steps.get().text == ("a\n" * 1000).strip()
    for text in ("a" * 2001, "a" * 1_000_000):
        assert "Not noted" in press(client, review, "note", text=text)
    assert review.steps.count() == 1


# --- One person, two people -----------------------------------------------------------------------


def test_little_is_decided_by_one_and_what_comes_second_hears_of_it(
    client, review, two_officers
) -> None:
    ann, bob = two_officers
    client.force_login(ann)
    for _ in range(2):
        assert "Accepted." in press(client, review, "decide", do="accept", words="A known donor.")
    client.force_login(bob)
    page = press(client, review, "decide", do="block", words="x", confirmed="0")
    assert f"{ann} has decided already" in page
    assert not BlockedMark.objects.exists()
    review.refresh_from_db()
    assert (review.status, review.choice, review.closed_by) == ("decided", "accept", ann)


@pytest.mark.parametrize("choice", ["accept", "block"])
def test_much_takes_a_second_person_who_is_another(client, review, two_officers, choice) -> None:
    two_people_above(10)
    ann, bob = two_officers
    client.force_login(ann)
    page = press(client, review, "decide", do=choice, words="why", confirmed="0")
    assert "It waits for a second person." in page
    assert "Somebody else has to approve" in press(client, review, "answer", do="approve")
    assert not BlockedMark.objects.exists()
    client.force_login(bob)
    page = press(client, review, "decide", do="accept", words="x")
    assert f"{ann} has proposed already" in page
    for _ in range(2):
        page = press(client, review, "answer", do="approve")
        assert "Accepted." in page or "On the block list." in page
    review.refresh_from_db()
    assert (review.status, review.proposed_by, review.closed_by) == ("decided", ann, bob)
    assert BlockedMark.objects.count() == (3 if choice == "block" else 0)


def test_proposal_is_taken_back_or_declined_and_the_review_is_open_again(
    client, review, two_officers
) -> None:
    two_people_above(10)
    ann, bob = two_officers
    for who, step in ((ann, "taken_back"), (bob, "declined")):
        decide(review, ann, "accept")
        client.force_login(who)
        press(client, review, "answer", do="decline", words="Not so.")
        review.refresh_from_db()
        assert (review.status, review.choice, review.proposed_by) == ("open", "", None)
        assert review.steps.last().what == step
    assert "taken back or declined already" in press(client, review, "answer", do="approve")


def test_enter_in_the_words_of_who_declines_approves_nothing(client, review, two_officers) -> None:
    """A form is sent by its first button when Enter is pressed."""
    two_people_above(10)
    ann, bob = two_officers
    client.force_login(ann)
    [form] = re.findall(
        r'<form[^>]*/decide/".*?</form>', client.get(f"{QUEUE}{review.pk}/").text, re.S
    )
    assert re.search(r"<button[^>]*>", form)[0] == "<button hidden disabled>"
    decide(review, ann, "accept")
    client.force_login(bob)
    forms = re.findall(
        r'<form[^>]*/answer/".*?</form>', client.get(f"{QUEUE}{review.pk}/").text, re.S
    )
    [why_not] = [form for form in forms if 'name="words"' in form]
    assert re.findall(r'name="do" value="(\w+)"', why_not) == ["decline"]
    assert "Nothing was done" in press(client, review, "answer", do="decline", words="x" * 301)


def test_limit_is_about_as_much_in_every_currency(given, two_officers) -> None:
    two_people_above(100)
    for amount, currency, much in (
        (14_000, "jpy", False),
        (16_000, "jpy", True),
        (10_001, "eur", True),
    ):
        one = given(amount, currency=currency)
        Review.open("large", str(one.pk), "x", contribution=one)
        review = Review.objects.get(about=str(one.pk))
        assert deciding.needs_second(review, "accept", two_officers[0]) is much


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [100, 10])
def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(
    review, two_officers, limit
) -> None:
    two_people_above(limit)
    ready = threading.Barrier(2)

    def officer(by: object, choice: str) -> str:
        ready.wait()
        try:
            return decide(review, by, choice)
        except deciding.NotDecided as told:
            return f"told: {told}"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(officer, two_officers, ["accept", "block"]))
    assert said[1].startswith("told:") and "already" in said[1]
    assert review.steps.count() == 1


# --- Refunds --------------------------------------------------------------------------------------


@pytest.fixture
def warned(donor, told) -> Review:
    donor.gives("stolen@example.org", Card.FRAUD_WARNING, frequency="once", amount="50")
    handle(told())
    return Review.objects.get(kind="fraud_warning")


def refunds_of(review) -> list[tuple[int, str | None]]:
    of_it = {"payment_intent": review.contribution.stripe_payment_intent}
    return [(one.amount, one.reason) for one in gateway.client().v1.refunds.list(params=of_it).data]


@pytest.mark.costly
def test_fraud_warning_offers_its_refund_as_fraudulent(client, officer, warned, told) -> None:
    page = client.get(f"{QUEUE}{warned.pk}/")
    assert "Refund $50 as fraudulent" in page.text
    address = f"{QUEUE}{warned.pk}/decide/"
    confirm = client.post(address, {"do": "refund", "words": "The bank reports fraud."})
    assert "as fraudulent" in confirm.text and refunds_of(warned) == []
    for _ in range(2):
        assert "Given back." in client.post(address, hidden(confirm), follow=True).text
    assert refunds_of(warned) == [(5000, "fraudulent")]
    handle(told())
    warned.refresh_from_db()
    assert (warned.status, warned.choice, warned.closed_by) == ("decided", "refund", officer)


@pytest.mark.costly
def test_refund_above_the_limit_is_proposed_on_the_review_itself(client, officer, warned) -> None:
    two_people_above(10)
    address = f"{QUEUE}{warned.pk}/"
    confirm = client.post(f"{address}decide/", {"do": "refund", "words": "Fraud."})
    assert "waits for a second person" in confirm.text
    client.post(f"{address}decide/", hidden(confirm))
    assert refunds_of(warned) == [] and Review.objects.count() == 1
    client.post(f"{address}answer/", {"do": "decline"})
    confirm = client.post(f"{address}decide/", {"do": "refund", "words": "Fraud."})
    client.post(f"{address}decide/", hidden(confirm))
    client.force_login(make_user("Finance"))
    approve = hidden(client.get(address)) | {"do": "approve"}
    for _ in range(2):
        assert "Given back." in client.post(f"{address}answer/", approve, follow=True).text
    assert refunds_of(warned) == [(5000, "fraudulent")]


@pytest.mark.costly
def test_refund_that_was_made_at_stripe_meanwhile_settles_it(client, officer, warned, told) -> None:
    two_people_above(10)
    confirm = client.post(f"{QUEUE}{warned.pk}/decide/", {"do": "refund", "words": "Fraud."})
    client.post(f"{QUEUE}{warned.pk}/decide/", hidden(confirm))
    giving_back.give_back(warned.contribution.stripe_payment_intent, 5000, "dashboard")
    other = make_user("Finance")  # approves before we hear of it: Stripe refuses
    client.force_login(other)
    approve = hidden(client.get(f"{QUEUE}{warned.pk}/")) | {"do": "approve"}
    page = client.post(f"{QUEUE}{warned.pk}/answer/", approve, follow=True).text
    assert "Stripe refused" in page
    warned.refresh_from_db()
    assert (warned.status, warned.refund) == ("open", None)
    assert warned.steps.last().what == "refused"
    handle(told())
    warned.refresh_from_db()
    assert (warned.status, warned.decision) == ("settled", "All of it went back.")
    assert refunds_of(warned) == [(5000, None)]


@pytest.mark.costly
def test_proposal_whose_review_settles_itself_leaves_no_refund_behind(
    client, officer, warned, told
) -> None:
    two_people_above(10)
    confirm = client.post(f"{QUEUE}{warned.pk}/decide/", {"do": "refund", "words": "Fraud."})
    client.post(f"{QUEUE}{warned.pk}/decide/", hidden(confirm))
    giving_back.give_back(warned.contribution.stripe_payment_intent, 5000, "dashboard")
    handle(told())
    assert warned.contribution.refunds.get().status == "declined"
    client.force_login(make_user("Finance"))
    page = client.post(f"{QUEUE}{warned.pk}/answer/", {"do": "approve", "left": 0}, follow=True)
    assert "It has settled itself already" in page.text


def test_what_is_disputed_has_no_refund_to_choose(review, two_officers) -> None:
    now = timezone.now()
    Dispute.objects.create(
        contribution=review.contribution, stripe_dispute="dp_1", amount=5000, currency="usd",
        reason="fraudulent", status="needs_response", created_at=now,
    )  # fmt: skip
    assert deciding.choices(deciding.with_people().get(pk=review.pk)) == ["accept", "block"]
    with pytest.raises(deciding.NotDecided):
        decide(review, two_officers[0], "refund", left=5000)


# --- Block ----------------------------------------------------------------------------------------


def test_donor_who_was_erased_between_leaves_nothing_of_them_to_block(
    client, review, two_officers
) -> None:
    two_people_above(10)
    ann, bob = two_officers
    decide(review, ann, "block")
    deciding.note(review.pk, ann, "Ann Giver called")
    erasure.erase(review.contribution.donor)
    client.force_login(bob)
    assert "nothing to block" in press(client, review, "answer", do="approve")
    assert not BlockedMark.objects.exists()
    review.refresh_from_db()
    assert review.status == "proposed"
    page = press(client, review, "answer", do="decline")
    assert "Ann Giver" not in page and "(erased with the donor)" in page


# --- Its history ----------------------------------------------------------------------------------


def test_history_is_neither_changed_nor_deleted(review, two_officers) -> None:
    deciding.note(review.pk, two_officers[0], "She called.")
    step = review.steps.get()
    table = ReviewStep.objects.filter(pk=step.pk)
    for change in (
        lambda: table.update(who="somebody"), lambda: table.update(what="decided"),
        lambda: table.update(at=timezone.now()), lambda: table.delete(),
        lambda: step.delete(), lambda: review.contribution.delete(),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert table.get().is_intact
    table.update(text="She did not call.")
    assert not table.get().is_intact  # other words show
    with connection.cursor() as cursor:  # another key is no other word
        sealed = seal("She called.", "review step.text")
        cursor.execute("UPDATE donations_reviewstep SET text = %s", [sealed])
    assert table.get().is_intact


def test_colleague_who_leaves_takes_nothing_of_the_history_along(review, two_officers) -> None:
    ann, _ = two_officers
    deciding.take(review.pk, ann)
    name = ann.username
    ann.delete()
    review.refresh_from_db()
    assert review.owner is None and review.steps.get().who == name


# --- Who may read what ----------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Finance viewers", "Auditors"])
def test_who_may_not_know_donors_reads_no_words_that_may_name_one(
    client, given, two_officers, role
) -> None:
    one = given()
    Review.open("refund_waits", "1", "$50: Ann Giver asked", contribution=one)
    Review.open("suspense", "txn_1", "$5 moved: ANN GIVER", amount=500, currency="usd")
    review = Review.objects.get(kind="refund_waits")
    deciding.note(review.pk, two_officers[0], "Ann Giver called")
    other = Review.objects.get(kind="suspense")
    decide(other, two_officers[0], "accept")
    Review.objects.filter(pk=other.pk).update(decision="For Ann Giver")
    client.force_login(make_user(role))
    pages = [QUEUE, f"{QUEUE}{review.pk}/", f"{QUEUE}{other.pk}/", "/admin/"]
    pages += [f"/admin/contributions/inspect/{one.pk}/"]
    for page in pages:
        text = client.get(page).text
        assert "giver" not in text.lower(), page
    assert two_officers[0].username in client.get(f"{QUEUE}{review.pk}/").text
    assert client.post(f"{QUEUE}{review.pk}/note/", {"text": "x"}).status_code == 302
    assert review.steps.count() == 1
    client.force_login(make_user("Finance"))
    assert "Ann Giver called" in client.get(f"{QUEUE}{review.pk}/").text


def test_strange_input_is_no_error(client, review, officer) -> None:
    for form in (
        {}, {"do": "x"}, {"do": "refund", "words": "x"}, {"do": "accept"},
        {"do": "accept", "words": "\0"}, {"do": "block", "words": "x", "confirmed": "x"},
        {"do": "accept", "words": "x", "form_id": "x"}, {"do": "approve", "left": "9" * 400},
        {"do": "take", "to": "x"}, {"text": "\0"}, {"do": "refund", "words": "x", "confirmed": 1},
    ):  # fmt: skip
        for what in ("decide", "answer", "own", "note"):
            assert client.post(f"{QUEUE}{review.pk}/{what}/", form).status_code < 410
    for pk in (review.pk + 1, 10**12):
        assert client.get(f"{QUEUE}{pk}/").status_code == 404
        assert client.post(f"{QUEUE}{pk}/decide/", {"do": "accept"}).status_code == 404
    assert BlockedMark.objects.filter(index=giving_index("x")).count() == 0


# --- Whoever comes second loses no word -----------------------------------------------------------


def test_words_of_who_decides_second_can_become_a_note(client, review, two_officers) -> None:
    ann, bob = two_officers
    decide(review, ann, "accept")
    client.force_login(bob)
    for do in ("accept", "block"):
        page = press(client, review, "decide", do=do, words="I rang <them>: it was their card.")
        assert f"{ann} has decided already" in page
        assert "Nothing was done with what you wrote" in page
        assert "I rang &lt;them&gt;: it was their card.</textarea>" in page
    assert "Noted." in press(client, review, "note", text="I rang them: it was their card.")
    review.refresh_from_db()
    assert review.decision == "why"


def test_words_stay_in_the_form_while_there_is_something_to_decide(
    client, review, two_officers
) -> None:
    client.force_login(two_officers[0])
    typed = ' value="They wrote a letter."'
    for how in ({}, {"do": "nonsense"}, {"do": "block", "back": "1"}):
        page = press(client, review, "decide", words="They wrote a letter.", **how)
        assert typed in page and "can become a note" not in page
    assert "Nothing" not in press(client, review, "decide", words="x", do="accept")


def test_words_of_who_declines_what_is_taken_back_already_are_kept(
    client, review, two_officers
) -> None:
    client.force_login(two_officers[1])
    page = press(client, review, "answer", do="decline", words="Not before we asked.")
    assert "taken back or declined already" in page and "Not before we asked.</textarea>" in page
    page = press(client, review, "note", text="long " * 500)
    assert "Not noted" in page and page.count("long long") > 200
    assert "Nothing was done with what you wrote" not in page

"""The donor's own page: their receipts, their data, and the end of both."""

import json
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import stripe
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from donations.asking import may_ask
from donations.giving import emails
from donations.giving.data import held, in_words
from donations.giving.links import manage_url, update_payment_url
from donations.models import (
    Contribution,
    Deferral,
    Donor,
    Erasure,
    OfflineGift,
    Receipt,
    RecurringChange,
    RecurringContribution,
)
from donations.payments import gateway, sync
from donations.payments.mirror.contributions import Payment, mirror_payment
from donations.payments.mirror.recurring import mirror_subscription
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from newsroom.tasks import forget_what_is_over
from subscriptions.readers import signup
from tests.donations.conftest import handle, hidden
from tests.factories import make_deferral, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.costly]


@pytest.fixture
def page(donor, told, client):
    """The address of their own page, with a monthly contribution and one given once."""
    donor.gives("own@example.org", frequency="monthly")
    donor.gives("own@example.org", frequency="once", amount="25")
    handle(told())
    return path_of(Donor.objects.get())


def path_of(donor: Donor) -> str:
    return manage_url(donor).removeprefix(settings.BASE_URL)


def test_receipts_and_statement_are_there_to_download(page, client) -> None:
    shown = client.get(page).text
    for receipt in Receipt.objects.all():
        path = f"{page}receipts/{receipt.pk}/"
        assert path in shown
        answer = client.get(path)
        assert answer["Content-Type"] == "application/pdf" and answer.content[:4] == b"%PDF"
        assert "no-store" in answer["Cache-Control"]
    year = Receipt.objects.first().year
    assert client.get(f"{page}statements/{year}/").content[:4] == b"%PDF"
    for other in ("1999", "99999999999999999999"):
        assert client.get(f"{page}statements/{other}/").status_code == 404


def test_nobody_reads_somebody_elses_receipt(page, client, donor, told) -> None:
    donor.gives("other@example.org", frequency="once")
    handle(told())
    foreign = Receipt.objects.exclude(contribution__donor__pk=Donor.objects.first().pk).get()
    assert client.get(f"{page}receipts/{foreign.pk}/").status_code == 404
    assert client.get(f"{page}receipts/{10**25}/").status_code == 404


@pytest.mark.parametrize("rest", ["", "data/", "erase/", "receipts/1/", "statements/2026/"])
def test_forged_link_opens_nothing(page, client, rest: str) -> None:
    forged = page[:-3] + "x/" + rest
    assert client.get(forged).status_code == 404
    assert client.post(forged).status_code == 404


def test_link_of_the_day_before_says_where_to_get_a_new_one(page, client) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        answer = client.get(page)
    assert answer.status_code == 403 and "/support/manage/" in answer.text


def test_data_holds_everything_and_only_theirs(page, client, donor, told) -> None:
    donor.gives("other@example.org", frequency="once", amount="77")
    handle(told())
    answer = client.post(f"{page}data/")
    assert "attachment" in answer["Content-Disposition"]
    data = json.loads(answer.content)
    assert data["email"] == "own@example.org" and data["name"] == "Ann Donor"
    assert {contribution["amount"] for contribution in data["contributions"]} == {"10.00", "25.00"}
    assert len(data["recurring_contributions"]) == 1
    assert "77" not in [contribution["amount"] for contribution in data["contributions"]]


def test_every_fact_of_the_file_stands_on_their_page_in_their_words(page, client, site) -> None:
    """One of everything; whoever adds a fact without words meets a KeyError here."""
    ann = Donor.objects.get()
    reader = make_subscription(site.newsletter, ann.email)
    signup.record(reader, "confirmed", "mailed link")
    may_ask.not_any_more([ann.pk], timezone.now())
    make_deferral(ann.email, yearly=True)
    regular = RecurringContribution.objects.get()
    for what, detail in (
        ("amount", "$5 to $10"),
        ("cancel", "not safe"),
        ("pause", "until 2027-01-02"),
    ):
        RecurringChange.objects.create(
            recurring=regular, what=what, detail=detail, form_id=uuid.uuid4()
        )
    everything = held.everything_about(Donor.objects.get())
    assert all(everything.values())
    shown = client.get(f"/de{page}data/").text.partition("<main")[2]
    for words in (
        "Ann Donor", "10,00", "25,00", "USD", "angekommen", "läuft weiter", "$5 → $10",
        "Es ist für mich nicht sicher", "2. Januar 2027", "Einmalig", "wartet",
        "mit dem Link in einer Mail", "Sie stehen auf der Liste.",
    ):  # fmt: skip
        assert words in shown, words
    assert not re.search(r"\b(succeeded|mailed link|waiting|once|None)\b", shown)
    assert "See everything we hold about you" in client.get(page).text


@pytest.mark.parametrize("name", OfflineGift.PERSONAL)
def test_what_is_written_down_of_a_gift_without_stripe_has_words(name: str) -> None:
    gift = dict.fromkeys(("amount", "currency", "kept", "returned"), "x") | {
        name: "a thing of theirs"
    }
    [gifts] = in_words.OF_DONOR.of({"contributions": [gift]}).sections
    assert gifts.sections[0].facts[-1].value == "a thing of theirs"


def test_erasure_forgets_the_person_and_keeps_the_accounts(page, client, told) -> None:
    customers = set(Contribution.objects.values_list("stripe_customer", flat=True))
    assert "monthly" in client.get(f"{page}erase/").text
    assert Donor.objects.exists()  # a GET erases nothing
    assert "no longer know who you are" in client.post(f"{page}erase/").text
    assert not Donor.objects.exists() and not Deferral.objects.exists()
    assert Contribution.objects.count() == Receipt.objects.count() == 2
    recurring = RecurringContribution.objects.get()
    assert recurring.status == "canceled" and recurring.ended_at and not recurring.card
    for customer in customers:
        assert gateway.client().v1.customers.retrieve(customer).deleted
    handle(told())  # whatever Stripe tells later brings nobody back
    assert not Donor.objects.exists()
    assert client.get(page).status_code == 404


def test_erasure_pressed_twice_answers_as_the_first_did(page, client) -> None:
    form = hidden(client.get(f"{page}erase/"))
    for _ in range(2):
        assert "no longer know who you are" in client.post(f"{page}erase/", form).text
    assert not Donor.objects.exists()
    other = form | {"form_id": "00000000-0000-4000-8000-000000000000"}
    assert client.post(f"{page}erase/", other).status_code == 404
    assert client.get(f"{page}erase/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_erasure_pressed_twice_at_once_answers_twice(page, client) -> None:
    form = hidden(client.get(f"{page}erase/"))
    ready = threading.Barrier(2)

    def press(_: int) -> str:
        ready.wait()
        try:
            return Client().post(f"{page}erase/", form).text
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert all("no longer know" in text for text in pool.map(press, range(2)))
    assert not Donor.objects.exists()
    assert set(Contribution.objects.values_list("donor", flat=True)) == {None}


def test_what_was_on_its_way_during_an_erasure_brings_nobody_back(page, client) -> None:
    recurring = RecurringContribution.objects.get()
    assert recurring.card == "visa 4242"
    found = gateway.subscription(recurring.stripe_subscription)  # as a puller has it in its hands
    intents = [
        gateway.payment_intent(pk)
        for pk in Contribution.objects.values_list("stripe_payment_intent", flat=True)
    ]
    client.post(f"{page}erase/")
    mirror_subscription(found, recurring.checkout)
    for intent in intents:
        before = Contribution.objects.get(stripe_payment_intent=intent.id)
        payment = Payment(before, intent, timezone.now(), [], [])
        mirror_payment(payment, recurring.checkout, None, "")
    recurring.refresh_from_db()
    assert not recurring.card and recurring.card_expires_on is None and recurring.donor is None
    assert not Donor.objects.exists()
    assert set(Contribution.objects.values_list("payment_method", "donor")) == {("visa", None)}


def test_contribution_that_is_over_keeps_no_card_and_leads_to_none(page, client, donor) -> None:
    recurring = RecurringContribution.objects.get()
    link = update_payment_url(recurring).removeprefix(settings.BASE_URL)
    assert client.get(link).status_code == 200
    gateway.client().v1.subscriptions.cancel(recurring.stripe_subscription)
    recurring = sync.pull_subscription(recurring.stripe_subscription)
    assert recurring.ended_at and not recurring.card and recurring.donor
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 410 and "has ended" in answer.text


def test_erasure_that_stripe_does_not_answer_erases_nothing_and_can_be_pressed_again(
    page, client, monkeypatch
) -> None:
    def away(pk: str) -> None:
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "delete_customer", away)
        answer = client.post(f"{page}erase/")
    assert answer.status_code == 503 and "not everything is erased yet" in answer.text
    assert Donor.objects.exists()
    assert client.post(f"{page}erase/").status_code == 200


def test_card_page_survives_stripe_being_away(page, client, monkeypatch) -> None:
    def away(*args: str) -> str:
        raise stripe.APIConnectionError("away")

    monkeypatch.setattr(gateway, "stripe_portal_url", away)
    recurring = RecurringContribution.objects.get()
    assert client.post(page, {"recurring": recurring.pk, "card": "1"}).status_code == 503


@pytest.mark.parametrize(("chosen", "asked"), [("de", "de"), ("fa", "auto")])
def test_card_page_speaks_the_chosen_language_if_stripe_does(
    page, client, chosen: str, asked: str
) -> None:
    recurring = RecurringContribution.objects.get()
    answer = client.post(f"/{chosen}{page}", {"recurring": recurring.pk, "card": "1"})
    assert f"Language: {asked}" in requests.get(answer["Location"], timeout=10).text


def test_donor_opens_their_own_page_by_a_mailed_link(donor, committing, inbox) -> None:
    donor.gives("mine@example.org")
    for address in ("mine@example.org", "stranger@example.org"):
        with committing():
            answer = donor.client.post("/support/manage/", {"email": address}, follow=True)
        assert "a mail with your link is on its way" in answer.text
    assert inbox.to("stranger@example.org") == []
    mail = inbox.to("mine@example.org")[0]
    [link] = [word for word in mail["text"].split() if "/support/manage/" in word]
    path = link.removeprefix(settings.BASE_URL)
    page = donor.client.get(path).text
    assert "$10" in page and "Next on" in page
    recurring = RecurringContribution.objects.get()
    portal = donor.client.post(path, {"recurring": recurring.pk, "card": "1"})
    assert portal.status_code == 303
    assert "Cancel plan" in requests.get(portal["Location"], timeout=10).text
    assert donor.client.get("/support/manage/forged:x/").status_code == 404


@pytest.mark.parametrize(("reason", "mails"), [("request", 0), ("erasure", 0), ("complaint", 1)])
def test_no_link_is_mailed_to_who_wants_no_mail_ever_and_the_page_says_the_same(
    donor, told, committing, inbox, reason, mails
) -> None:
    Suppression.add(list_index("no@example.org"), reason)
    donor.gives("no@example.org")
    handle(told())
    assert emails.thanks(Contribution.objects.get().pk)  # whoever gives has caused it
    with committing():
        answer = donor.client.post("/support/manage/", {"email": "no@example.org"}, follow=True)
        other = donor.client.post("/support/manage/", {"email": "who@example.org"}, follow=True)
    assert answer.text == other.text
    assert len(inbox.to("no@example.org")) == mails
    assert bool(emails.manage_link(Donor.objects.get().pk)) == bool(mails)  # asked before


def test_page_behind_a_link_speaks_as_its_mail_unless_the_address_chooses(page, client) -> None:
    Donor.objects.update(language="ru")
    for path, language in ((page, "ru"), (f"{page}data/", "ru"), (f"/de{page}", "de")):
        assert f'<html lang="{language}"' in client.get(path).text


def test_press_that_has_erased_somebody_is_forgotten_after_two_months(db) -> None:
    today = timezone.localdate()
    for days in (61, 59):
        Erasure.objects.create(form_id=uuid.uuid4(), on=today - timedelta(days=days))
    forget_what_is_over()
    assert Erasure.objects.get().on == today - timedelta(days=59)

"""A donor's own page: what they change there happens at Stripe, once, and is mirrored."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import stripe
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from donations.giving import recurring_changes
from donations.giving.links import manage_url
from donations.models import (
    Contribution,
    Deferral,
    GivingWords,
    RecurringChange,
    RecurringContribution,
)
from donations.payments import gateway
from donations.sandbox.objects import Card, Iban
from donations.tasks import tell_ahead
from newsroom.core import clock
from tests.donations.conftest import handle, hidden, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.costly]


@pytest.fixture
def recurring(donor, told) -> RecurringContribution:
    """Ten dollars a month."""
    donor.gives("steady@example.org", frequency="monthly", amount="10")
    handle(told())
    return RecurringContribution.objects.get()


@pytest.fixture
def portal(client, recurring):
    return page_of(client, recurring)


def test_another_amount_is_charged_from_the_next_payment_on(portal, recurring, donor, told) -> None:
    assert "From the next payment on it is $15" in portal("amount", amount="15").text
    assert recurring.amount == 1500
    assert Contribution.objects.count() == 1  # nothing was charged now
    donor.advance(32)
    handle(told())
    assert set(Contribution.objects.values_list("amount", flat=True)) == {1000, 1500}


@pytest.mark.parametrize("typed", ["", "0", "-5", "1e9", "NaN", "12.345", "many", "99999999"])
def test_nonsense_for_an_amount_changes_nothing(portal, recurring, typed) -> None:
    assert portal("amount", amount=typed).status_code == 400
    assert recurring.amount == 1000


def test_another_frequency_begins_when_what_is_paid_is_over(portal, recurring, donor, told) -> None:
    renews_at = recurring.renews_at
    page = portal("frequency", frequency="annual", amount="100").text
    assert "From" in page and "$100 annual" in page
    assert (recurring.frequency, recurring.amount) == ("annual", 10000)
    assert recurring.renews_at == renews_at
    assert Contribution.objects.count() == 1
    donor.advance(32)
    handle(told())
    given = dict(Contribution.objects.values_list("amount", "frequency"))
    assert given == {1000: "monthly", 10000: "annual"}  # what was given monthly stays so
    recurring.refresh_from_db()
    assert recurring.renews_at > renews_at + timedelta(days=360)


def test_pause_charges_nothing_and_ends_by_itself(portal, recurring, donor, told) -> None:
    assert "Paused" in portal("pause", months="1").text
    assert recurring.paused and recurring.resumes_at
    donor.advance(31)
    handle(told())
    assert Contribution.objects.count() == 1
    donor.advance(62)
    handle(told())
    recurring.refresh_from_db()
    assert not recurring.paused
    assert Contribution.objects.count() == 3


def test_cancellation_says_that_a_debit_under_way_is_still_taken(
    donor, told, client, committing, inbox
) -> None:
    donor.gives("debit@example.org", Iban.PAYS, frequency="monthly", currency="eur")
    handle(told())
    recurring = RecurringContribution.objects.get()
    url = "/" + manage_url(recurring.donor).split("/", 3)[3]
    still = "Only your payment of €10, which has begun already, is still taken."
    assert still not in plain(client.get(url).text)
    form = {"recurring": recurring.pk, "do": "cancel", "form_id": str(uuid.uuid4())}
    page = plain(client.post(url, form).text)
    assert page.count(still) == 2  # said now, and whenever they look
    with committing():
        gateway.end_subscription(recurring.stripe_subscription, "key")
        handle(told())
    [mail] = inbox.to("debit@example.org")
    assert still in " ".join(plain(mail["text"]).split())
    donor.advance(4)
    handle(told())
    assert Contribution.objects.get().status == "succeeded"
    assert still not in plain(client.get(url).text)


def plain(text: str) -> str:
    """Without the marks that keep an amount's direction."""
    return text.replace("\u2068", "").replace("\u2069", "")


def test_pause_is_ended_early(portal, recurring) -> None:
    portal("pause", months="6")
    assert "It goes on" in portal("resume").text
    assert not recurring.paused


def test_cancelling_offers_less_first_and_can_be_taken_back(portal, recurring, donor, told) -> None:
    page = portal().text
    assert "Would $5 be easier?" in page
    assert "Nothing more is charged" in portal("cancel", reason="too much").text
    assert recurring.cancels_at and not recurring.ended_at
    assert RecurringChange.objects.get().detail == "too much"
    assert "Let it go on" in portal().text
    portal("keep")
    assert recurring.cancels_at is None
    portal("cancel")
    donor.advance(32)
    handle(told())
    recurring.refresh_from_db()
    assert recurring.ended_at
    assert Contribution.objects.count() == 1


def test_press_that_arrives_twice_is_one_change(portal, recurring, monkeypatch) -> None:
    made = []
    change = gateway.change_subscription
    monkeypatch.setattr(
        gateway, "change_subscription", lambda *a, **k: made.append(a) or change(*a, **k)
    )
    form_id = str(uuid.uuid4())
    for _ in range(2):
        portal("amount", amount="20", form_id=form_id)
    assert len(made) == RecurringChange.objects.count() == 1
    portal("pause", form_id=form_id)  # an old page, pressed for something else
    assert recurring.paused


def test_press_that_was_undone_since_does_not_say_that_it_is_so(portal, recurring) -> None:
    """“Back” to an older page in another tab, and its button once more."""
    form_id = str(uuid.uuid4())
    assert "Nothing more is charged" in portal("cancel", form_id=form_id).text
    portal("keep")
    again = portal("cancel", form_id=form_id)
    assert again.status_code == 409 and "has changed since" in again.text
    assert "Nothing more is charged" not in again.text
    assert recurring.cancels_at is None
    assert portal("cancel").status_code == 200  # by the page that they see now
    assert recurring.cancels_at


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # A whole year would be left out in place of three months.
        ({"do": "frequency", "frequency": "annual", "amount": "100"}, {"do": "pause"}),
        ({"do": "cancel"}, {"do": "pause"}),
        ({"do": "cancel"}, {"do": "resume"}),
        ({"do": "cancel"}, {"do": "amount", "amount": "20"}),
        ({"do": "cancel"}, {"do": "day", "day": "7"}),
        ({"do": "pause"}, {"do": "pause", "months": "3"}),
    ],
)
def test_older_page_does_only_what_the_page_offers_now(portal, recurring, first, second) -> None:
    assert portal(**first).status_code == 200
    state = [recurring.amount, recurring.renews_at, recurring.paused, recurring.resumes_at]
    answer = portal(**second)
    assert answer.status_code == 400 and "has changed since" in answer.text
    assert [
        recurring.amount, recurring.renews_at, recurring.paused, recurring.resumes_at,
    ] == state  # fmt: skip
    assert RecurringChange.objects.count() == 1


@pytest.mark.parametrize("do", ["cancel", "keep", "resume"])
def test_what_is_so_already_is_said_again(portal, do) -> None:
    first = portal(do)
    assert first.status_code == portal(do).status_code == 200


def test_amount_counts_only_when_it_is_confirmed(portal, recurring, client) -> None:
    url = manage_url(recurring.donor).removeprefix(settings.BASE_URL)
    form = {"recurring": recurring.pk, "do": "amount", "form_id": str(uuid.uuid4())}
    page = client.post(url, form | {"amount": "15"})
    for words in ("$10 monthly", "$15 monthly", "From ", "Nothing is charged now", "Back"):
        assert words in page.text
    recurring.refresh_from_db()
    assert recurring.amount == 1000 and not RecurringChange.objects.exists()
    confirm = hidden(page)
    assert portal("frequency", frequency="annual", amount="100").status_code == 200
    again = client.post(url, confirm)  # what was shown is no longer so: look once more
    assert "$100 annual" in again.text and "$15 annual" in again.text
    assert "From the next payment on it is $15" in client.post(url, hidden(again)).text
    recurring.refresh_from_db()
    assert (recurring.amount, recurring.frequency) == (1500, "annual")


@pytest.mark.parametrize("do", ["amount", "frequency"])
def test_amount_that_can_mean_two_is_asked_about(portal, recurring, client, do) -> None:
    fields = {"frequency": "annual"} if do == "frequency" else {}
    page = portal(do, amount="5.000", **fields)
    assert page.status_code == 400 and "Which amount do you mean?" in page.text
    assert re.findall(r'name="amount" value="(\d+)"', page.text) == ["5", "5000"]
    url = manage_url(recurring.donor).removeprefix(settings.BASE_URL)
    page = client.post(url, hidden(page) | {"amount": "5000"})
    assert "$5,000" in client.post(url, hidden(page)).text
    recurring.refresh_from_db()
    assert recurring.amount == 500_000


def test_frequency_pressed_again_answers_as_the_first_did(portal, recurring) -> None:
    form_id = str(uuid.uuid4())
    for _ in range(2):
        page = portal("frequency", frequency="annual", amount="100", form_id=form_id)
        assert page.status_code == 200 and "$100 annual" in page.text
    assert RecurringChange.objects.count() == 1


def test_old_form_with_another_amount_is_another_change(portal, recurring) -> None:
    """By the browser's “back”: the form has the id of before."""
    form_id = str(uuid.uuid4())
    portal("amount", amount="20", form_id=form_id)
    portal("amount", amount="30", form_id=form_id)
    assert recurring.amount == 3000


def test_german_is_spoken_and_taken_back(portal, recurring, client) -> None:
    RecurringContribution.objects.update(amount=123_450)
    url = "/de" + manage_url(recurring.donor).removeprefix(settings.BASE_URL)
    shown = client.get(url).text
    assert "1.234,50\u00a0$" in shown and 'value="1234,50"' in shown
    form = {"recurring": recurring.pk, "do": "amount", "form_id": str(uuid.uuid4())}
    page = client.post(url, form | {"amount": "1.234,60 $"})
    assert "1.234,60\u00a0$" in client.post(url, hidden(page)).text
    assert RecurringChange.objects.get().detail == "$1,234.50 to $1,234.60"  # for staff


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_change(portal, recurring) -> None:
    url = manage_url(recurring.donor).removeprefix(settings.BASE_URL)
    form = {"recurring": recurring.pk, "do": "amount", "form_id": str(uuid.uuid4()),
            "amount": "20", "confirmed": "1000 usd monthly"}  # fmt: skip
    ready = threading.Barrier(2)

    def press(_: int) -> str:
        ready.wait()
        try:
            return Client().post(url, form).text
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(press, range(2)))
    assert all("From the next payment on it is $20" in page for page in pages)
    assert RecurringChange.objects.get().done_at


def test_change_that_stripe_did_not_answer_is_made_by_the_next_press(
    portal, recurring, monkeypatch
) -> None:
    """It acted, and the answer was lost: the key is the same, so it acts once."""
    form_id = str(uuid.uuid4())
    change = gateway.change_subscription

    def lost(*args, **kwargs):
        change(*args, **kwargs)
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "change_subscription", lost)
        answer = portal("amount", amount="20", form_id=form_id)
        assert answer.status_code == 503 and "try again" in answer.text
    assert portal("amount", amount="20", form_id=form_id).status_code == 200
    assert recurring.amount == 2000
    assert RecurringChange.objects.get().done_at


def test_nobody_changes_somebody_elses_recurring_contribution(
    portal, recurring, donor, told
) -> None:
    donor.gives("other@example.org", frequency="monthly", amount="30")
    handle(told())
    other = RecurringContribution.objects.exclude(pk=recurring.pk).get()
    assert portal("amount", amount="5", recurring=str(other.pk)).status_code == 302
    other.refresh_from_db()
    assert other.amount == 3000


def test_refusal_by_stripe_is_said(portal, recurring, monkeypatch) -> None:
    def refuse(*args, **kwargs):
        raise stripe.InvalidRequestError("no", "items")

    monkeypatch.setattr(gateway, "change_subscription", refuse)
    assert portal("amount", amount="20").status_code == 409
    assert recurring.amount == 1000


@pytest.mark.parametrize("day", [1, 10, 28])
def test_another_day_is_never_earlier_than_what_is_paid_for(
    portal, recurring, donor, told, day
) -> None:
    paid_until = recurring.renews_at
    page = portal("day", day=str(day)).text
    assert "The next payment is on" in page
    moved = timezone.localtime(recurring.renews_at)
    assert moved.day == day
    assert paid_until <= recurring.renews_at <= paid_until + timedelta(days=31)
    donor.advance(63)
    handle(told())
    recurring.refresh_from_db()
    renewed = timezone.localtime(recurring.renews_at)
    months = 12 * (renewed.year - moved.year) + renewed.month - moved.month
    assert Contribution.objects.count() == 1 + months > 1
    assert renewed.day == day


@pytest.mark.parametrize("day", ["0", "29", "x", ""])
def test_day_that_some_months_lack_is_refused(portal, recurring, day) -> None:
    assert portal("day", day=day).status_code == 400


def test_who_cancels_may_be_asked_again_when_they_say(portal, recurring) -> None:
    portal("cancel", later="182")
    wish = Deferral.objects.get()
    assert wish.email == "steady@example.org"
    assert (wish.amount, wish.frequency) == (1000, "monthly")
    assert 180 < (wish.due_at - timezone.now()).days < 184


def test_smallest_recurring_contribution_is_not_offered_less() -> None:
    assert recurring_changes.lower(RecurringContribution(amount=300, currency="usd")) == 0
    assert recurring_changes.lower(RecurringContribution(amount=500, currency="jpy")) == 0
    assert recurring_changes.lower(RecurringContribution(amount=1001, currency="usd")) == 500


# --- When a renewal fails -----------------------------------------------------------------------


def subjects(inbox, address: str) -> list[str]:
    return [mail["subject"] for mail in inbox.to(address)][::-1]


@pytest.fixture
def gives_and_renews(donor, told, committing):
    """Ten dollars a month with a card, and the first renewal of it."""

    def play(address: str, card: str) -> None:
        with committing():
            donor.gives(address, card, frequency="monthly", amount="10")
            handle(told())
        donor.advance(32)
        with committing():
            handle(told())

    return play


def update_link(mail: dict) -> str:
    """The path in a mail about a payment that did not go through."""
    link = next(word for word in mail["text"].split() if "/support/update-payment/" in word)
    return "/" + link.split("/", 3)[3]


def test_failing_card_is_told_three_times_and_then_it_ends(
    donor, told, inbox, committing, client
) -> None:
    with committing():
        donor.gives("fails@example.org", Card.FAILS_LATER, frequency="monthly", amount="10")
        handle(told())
    for days in (32, 4, 6, 8):  # the renewal, and Stripe's three more attempts
        donor.advance(days)
        with committing():
            handle(told())
    recurring = RecurringContribution.objects.get()
    assert recurring.ended_at and recurring.status == "canceled"
    assert subjects(inbox, "fails@example.org")[1:] == [
        "A payment did not go through",
        "A payment still does not go through",
        "It has ended",
    ]


def test_mail_about_a_failed_payment_leads_to_the_card_and_nothing_else(
    gives_and_renews, donor, told, inbox, committing, client
) -> None:
    gives_and_renews("update@example.org", Card.FAILS_LATER)
    [mail, _] = inbox.to("update@example.org")
    assert "visa 0341" in mail["text"]
    path = update_link(mail)
    page = client.get(path).text
    assert "Pay it now" in page and "Contributions so far" not in page
    stripes_page = client.post(path)["Location"]
    assert "/invoice/" in stripes_page
    donor.pays(stripes_page, "update@example.org", Card.VISA)
    with committing():
        handle(told())
    recurring = RecurringContribution.objects.get()
    assert (recurring.status, recurring.card) == ("active", "visa 4242")
    assert "/p/session/" in client.post(path)["Location"]  # nothing is open: to the card
    assert client.get(path[:-3] + "x/").status_code == 404


def test_card_that_expires_soon_is_told_once(recurring, inbox, committing) -> None:
    assert recurring.card == "visa 4242"
    soon = timezone.localdate() + timedelta(days=20)
    RecurringContribution.objects.update(card_expires_on=soon)
    for _ in range(2):
        with committing():
            tell_ahead()
    assert subjects(inbox, "steady@example.org").count("Your card will expire soon") == 1


def test_bank_that_wants_to_ask_at_a_renewal_is_answered_by_one_press(
    gives_and_renews, donor, told, inbox, committing, client
) -> None:
    gives_and_renews("asks@example.org", Card.ALWAYS_AUTHENTICATE)
    assert subjects(inbox, "asks@example.org")[1:] == ["Your bank has a question"]
    [mail, _] = inbox.to("asks@example.org")
    page = client.post(update_link(mail))["Location"]
    donor.pays(page, "asks@example.org", Card.ALWAYS_AUTHENTICATE)
    with committing():
        handle(told())
    recurring = RecurringContribution.objects.get()
    assert recurring.status == "active"
    assert [contribution.status for contribution in recurring.contributions.all()] == [
        "succeeded"
    ] * 2


def test_account_that_was_closed_fails_days_after_the_renewal(
    donor, told, inbox, committing
) -> None:
    with committing():
        donor.gives("no-account@example.org", Iban.CLOSED_LATER, currency="eur", amount="10")
        donor.advance(4)
        handle(told())
    assert RecurringContribution.objects.get().card == "sepa 3003"
    donor.advance(27)
    with committing():
        handle(told())
    assert Contribution.objects.first().status == "processing"
    donor.advance(4)
    with committing():
        handle(told())
    newest = Contribution.objects.first()
    assert (newest.status, newest.failure_code) == ("failed", "account_closed")
    assert RecurringContribution.objects.get().status == "past_due"
    assert subjects(inbox, "no-account@example.org") == [
        "Thank you",
        "A payment did not go through",
    ]


def test_annual_gift_that_renews_soon_is_told_once_with_the_way_to_stop_it(
    recurring, inbox, committing, client
) -> None:
    soon = timezone.now() + timedelta(days=10)
    others = {"frequency": "monthly"}, {"paused": True}, {"cancels_at": soon}
    for fields in ({"renews_at": soon + timedelta(days=9)}, *others):
        usual = {"frequency": "annual", "renews_at": soon, "paused": False, "cancels_at": None}
        RecurringContribution.objects.update(**usual | fields)
        with committing():
            tell_ahead()
    assert "Before it renews" not in subjects(inbox, "steady@example.org")
    RecurringContribution.objects.update(**usual)
    for _ in range(2):
        with committing():
            tell_ahead()
    mails = [one for one in inbox.to("steady@example.org") if one["subject"] == "Before it renews"]
    assert len(mails) == 1 and f"{soon:%Y}" in mails[0]["text"]
    link = next(word for word in mails[0]["text"].split() if "/support/manage/" in word)
    assert client.get("/" + link.split("/", 3)[3], follow=True).status_code == 200


def test_no_notice_where_the_newsroom_wants_none(recurring, inbox, committing) -> None:
    soon = timezone.now() + timedelta(days=10)
    RecurringContribution.objects.update(frequency="annual", renews_at=soon)
    GivingWords.objects.update_or_create(defaults={"days_before_renewal": 0})
    with committing():
        tell_ahead()
    assert "Before it renews" not in subjects(inbox, "steady@example.org")


def test_card_that_was_replaced_meanwhile_is_not_warned_of(recurring, inbox, committing) -> None:
    soon = timezone.localdate() + timedelta(days=20)
    RecurringContribution.objects.update(card_expires_on=soon)
    with committing():
        tell_ahead()
        RecurringContribution.objects.update(card_expires_on=soon + timedelta(days=900))
    assert "Your card will expire soon" not in subjects(inbox, "steady@example.org")


@pytest.mark.parametrize("by", [1, 11])
def test_annual_gift_moves_to_a_later_month_for_good(client, donor, told, by) -> None:
    donor.gives("yearly@example.org", frequency="annual", amount="50")
    handle(told())
    recurring = RecurringContribution.objects.get()
    portal = page_of(client, recurring)
    paid_until = recurring.renews_at
    page = portal().text
    assert "Another day of the year" in page and "Another day of the month" not in page
    wanted = clock.months_later(paid_until, by)
    assert f'<option value="{by}">{date_format(wanted)}</option>' in page
    assert f"The next payment is on {date_format(wanted)}" in portal("day", by=str(by)).text
    assert recurring.renews_at == wanted and recurring.amount == 5000
    donor.advance(366 + 31 * by)
    handle(told())
    recurring.refresh_from_db()
    assert Contribution.objects.count() == 2
    next_year = clock.months_later(wanted, 12)  # the hour is Stripe's, which knows no summer time
    assert timezone.localdate(recurring.renews_at) == timezone.localdate(next_year)
    own = client.get(f"{manage_url(recurring.donor).removeprefix(settings.BASE_URL)}data/").text
    assert f"{date_format(timezone.localtime(paid_until))} → {date_format(wanted)}" in own


@pytest.mark.parametrize("asked", [{"day": "7"}, {"by": "12"}, {"by": "0"}, {"by": "x"}])
def test_annual_gift_has_no_day_of_the_month(client, donor, told, asked) -> None:
    donor.gives("yearly@example.org", frequency="annual", amount="50")
    handle(told())
    recurring = RecurringContribution.objects.get()
    paid_until = recurring.renews_at
    assert page_of(client, recurring)("day", **asked).status_code == 400
    assert recurring.renews_at == paid_until and not RecurringChange.objects.exists()

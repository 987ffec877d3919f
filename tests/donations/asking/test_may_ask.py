"""Whoever says no, in whatever way, gets no mail that asks; and their newest word counts.

EXAMPLES sets how many stories are played (`make chaos` plays more).
"""

import os
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donations.asking import emails as asking_emails
from donations.asking import may_ask, reminders, reminding
from donations.asking.may_ask import Asking, Why
from donations.giving import emails, recurring_changes
from donations.giving.links import manage_token
from donations.models import (
    Checkout,
    Contribution,
    Deferral,
    Donor,
    RecurringChange,
    RecurringContribution,
)
from donations.payments.mirror.donors import merge
from newsroom.core.privacy import giving_index, list_index
from newsroom.models import Suppression
from tests.factories import make_appeal, make_deferral

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
ANN, OLD = "ann@example.org", "ann@old.example.org"  # one person's addresses
STRANGER = "eve@example.org"


def somebody(address: str = ANN, *others: str) -> Donor:
    donor = Donor.objects.create(email=address, email_index=giving_index(address))
    for one in (address, *others):
        donor.addresses.create(email_index=giving_index(one))
    return donor


def ended(donor: Donor, **fields: Any) -> RecurringContribution:
    now = timezone.now()
    number = RecurringContribution.objects.count()
    made: RecurringContribution = RecurringContribution.objects.create(
        **{
            "donor": donor,
            "frequency": "monthly",
            "amount": 500,
            "currency": "usd",
            "status": "canceled",
            "stripe_subscription": f"sub_{number}",
            "stripe_customer": f"cus_{number}",
            "started_at": now - timedelta(days=400),
            "ended_at": now - timedelta(days=60),
        }
        | fields
    )
    return made


@pytest.fixture
def abandoned(monkeypatch) -> Callable[[str], Any]:
    """Who left Stripe's page just now, and agreed there to be asked once: the mail to them."""

    def letter(email: str) -> Any:
        after = SimpleNamespace(recovery=SimpleNamespace(url="https://stripe.example/again"))
        details = SimpleNamespace(email=email)
        session = SimpleNamespace(customer_details=details, after_expiration=after)
        monkeypatch.setattr(emails.gateway, "session", lambda pk: session)
        checkout = Checkout.objects.create(
            key=uuid4(),
            form_id=uuid4(),
            expires_at=timezone.now(),
            session_id="cs_1",
            frequency="once",
            amount=500,
            currency="usd",
        )
        return lambda: emails.recovery(checkout.pk)

    return letter


# --- Each path by which somebody says so -------------------------------------------------------


def never(donor: Donor) -> None:
    reminders.never(make_deferral(donor.email), timezone.now())


def never_at_once(donor: Donor) -> None:
    """In the mail that asks whether they agree."""
    reminders.never(make_deferral(donor.email, status="asked"), timezone.now())


def never_by_their_old_address(donor: Donor) -> None:
    reminders.never(make_deferral(OLD), timezone.now())


def on_their_page(donor: Donor) -> None:
    url = f"/support/manage/{manage_token(donor)}/"
    answer = Client().post(url, {"asking": "no"}, headers={"sec-fetch-site": "same-origin"})
    assert "no mail asks you" in answer.text


def suppressed(donor: Donor) -> None:
    Suppression.add(list_index(donor.email), "complaint")


def later(donor: Donor) -> None:
    make_deferral(donor.email)


def later_not_confirmed(donor: Donor) -> None:
    make_deferral(OLD, status="asked")


def gives(donor: Donor) -> None:
    gave(donor, "succeeded")


def debit_on_its_way(donor: Donor) -> None:
    gave(donor, "processing")


def cancelled_something_else(donor: Donor) -> None:
    """“May we ask you again?” “No.”"""
    press(ended(donor, status="active", ended_at=None), "cancel")
    donor.recurring.filter(status="active").update(status="canceled", ended_at=timezone.now())


def gave(donor: Donor, status: str) -> None:
    Contribution.objects.create(
        donor=donor,
        frequency="once",
        amount=500,
        currency="usd",
        status=status,
        stripe_payment_intent=f"pi_{Contribution.objects.count()}",
        created_at=timezone.now(),
    )


def press(recurring: RecurringContribution, do: str, when: str = "") -> None:
    """On their own page, as far as it is done here."""
    assert recurring.donor
    change = RecurringChange.objects.create(recurring=recurring, what=do, form_id=uuid4())
    form: Any = SimpleNamespace(recurring=recurring, cleaned_data={"do": do, "later": when})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurring_changes, "with_products", lambda make, key: None)
        recurring_changes._make(change, form, {}, timezone.now())


PATHS = [
    never,
    never_at_once,
    never_by_their_old_address,
    on_their_page,
    suppressed,
    later,
    later_not_confirmed,
    gives,
    debit_on_its_way,
    cancelled_something_else,
]


@pytest.mark.parametrize("say", PATHS)
def test_whoever_said_so_is_not_won_back_nor_asked_by_what_tells_them_that_it_ended(
    site, say: Any
) -> None:
    recurring = ended(somebody(ANN, OLD))
    assert asking_emails.win_back(recurring.pk) is not None
    assert emails.recurring_ended(recurring.pk).url  # type: ignore[union-attr]
    say(recurring.donor)
    recurring.refresh_from_db()
    assert asking_emails.win_back(recurring.pk) is None
    told = emails.recurring_ended(recurring.pk)
    assert told is not None
    assert (told.url == "" and not told.about["again"]) == (say is not gives)


@pytest.mark.parametrize("say", PATHS)
def test_whoever_said_so_since_is_not_asked_to_go_on_where_they_left_off(
    site, say: Any, abandoned
) -> None:
    donor = somebody(ANN, OLD)
    letter = abandoned(ANN)
    assert letter() is not None
    say(donor)
    assert letter() is None


def test_who_gave_nothing_yet_can_say_so_too(site, abandoned) -> None:
    letter = abandoned(STRANGER)
    never(SimpleNamespace(email=STRANGER))  # type: ignore[arg-type]
    assert letter() is None


def test_who_agrees_at_stripe_after_a_no_is_asked_that_once(site, abandoned) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        never(somebody(ANN, OLD))
    assert abandoned(ANN)() is not None


def test_no_ends_what_they_wait_for_by_any_address_and_every_year(site, committing, inbox) -> None:
    donor = somebody(ANN, OLD)
    rows = [make_deferral(ANN), make_deferral(OLD), make_deferral(ANN, yearly=True)]
    other = make_deferral(STRANGER)
    press(ended(donor, status="active", ended_at=None), "cancel")
    for row in (*rows, other):
        row.refresh_from_db()
    assert [row.status for row in (*rows, other)] == ["cancelled"] * 3 + ["waiting"]


@pytest.mark.parametrize("when", ["", "91"])
def test_who_cancelled_on_their_page_was_asked_there_and_is_not_again(site, when: str) -> None:
    recurring = ended(somebody(), status="active", ended_at=None)
    press(recurring, "cancel", when)
    RecurringContribution.objects.update(status="canceled", ended_at=timezone.now())
    Deferral.objects.all().delete()  # as it is, a month after its mail brought nothing
    assert asking_emails.win_back(recurring.pk) is None


def test_who_took_that_back_and_whose_card_failed_then_is_asked(site) -> None:
    recurring = ended(somebody(), status="active", ended_at=None)
    press(recurring, "cancel", "91")
    press(recurring, "keep")
    RecurringContribution.objects.update(status="canceled", ended_at=timezone.now())
    assert asking_emails.win_back(recurring.pk) is not None


def test_no_stays_when_two_become_one(site) -> None:
    one, other = somebody(), somebody(STRANGER)
    may_ask.not_any_more([one.pk], timezone.now())
    assert merge(one.pk, other.pk)
    other.refresh_from_db()
    assert other.not_asked_since


@pytest.mark.parametrize(("days", "still"), [(-40, True), (0, True), (1, False)])
def test_gift_that_they_begin_later_takes_a_no_back_and_a_renewal_does_not(
    site, days: int, still: bool
) -> None:
    donor = somebody()
    may_ask.not_any_more([donor.pk], timezone.now())
    donor.began_a_gift(timezone.now() + timedelta(days=days))
    donor.refresh_from_db()
    assert bool(donor.not_asked_since) == still


def test_their_page_says_since_when_and_takes_it_back(site, client) -> None:
    donor = somebody()
    url = f"/support/manage/{manage_token(donor)}/"
    ours = {"sec-fetch-site": "same-origin"}
    assert "Do not ask me" in client.get(url).text
    assert "You may ask me again" in client.post(url, {"asking": "no"}, headers=ours).text
    assert "You may ask me again" in client.get(url).text
    assert "Do not ask me" in client.post(url, {"asking": "yes"}, headers=ours).text
    donor.refresh_from_db()
    assert donor.not_asked_since is None


def test_many_are_asked_for_with_few_queries(site, django_assert_max_num_queries) -> None:
    for number in range(20):
        somebody(f"a{number}@example.org")
    mails = {n: Asking(f"a{n}@example.org", timezone.now()) for n in range(25)}
    make_deferral("a3@example.org")
    Donor.objects.filter(pk=somebody("a20@example.org").pk).update(not_asked_since="2026-01-01")
    with django_assert_max_num_queries(7):
        assert may_ask.refused(mails) == {20: Why.SAID_NO}
    assert may_ask.why_not(mails[3]) == Why.LATER


# --- Whatever they do, in whatever order -------------------------------------------------------


class Person:
    """Beside the database stands what they have said last: "no", "later", "gives" or ""."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._donor = somebody(ANN, OLD)
        self._ended = [ended(self._donor)]
        self._no = self._suppressed = False
        self._gave_at = timezone.now() - timedelta(days=400)

    def _has(self, states: list[Any]) -> bool:
        return Deferral.objects.of_donor(self._donor).filter(status__in=states).exists()

    def never(self, address: str, number: int) -> None:
        theirs = Deferral.objects.filter(email_index=giving_index(address)).order_by("-pk")
        if (one := theirs.first()) and reminders.never(one, timezone.now()):
            self._no = True

    def wish(self, address: str, number: int) -> None:
        Deferral.wish(address, timezone.localdate() + timedelta(days=number), zone="UTC",
                      yearly=number == 40)  # fmt: skip

    def confirm(self, address: str, number: int) -> None:
        for one in Deferral.objects.filter(email_index=giving_index(address), status="asked"):
            if reminders.confirm(one, timezone.now()):
                self._no = False

    def another_month(self, address: str, number: int) -> None:
        for one in Deferral.objects.filter(email_index=giving_index(address)):
            if reminders.another_month(one, timezone.now()):
                self._no = False

    def on_their_page(self, address: str, number: int) -> None:
        self._no = number % 2 == 0
        (may_ask.again([self._donor.pk]) if number % 2 else on_their_page(self._donor))

    def cancel(self, address: str, number: int) -> None:
        one = ended(self._donor, status="active", ended_at=None, started_at=timezone.now())
        press(one, "cancel", "91" if number % 2 else "")
        RecurringContribution.objects.filter(pk=one.pk).update(
            status="canceled", ended_at=timezone.now()
        )
        self._no = number % 2 == 0

    def another_ends_by_itself(self, address: str, number: int) -> None:
        self._ended.append(ended(self._donor, ended_at=timezone.now()))

    def give(self, address: str, number: int) -> None:
        donor = self._donor
        gave(donor, "succeeded")
        gift: Any = Contribution.objects.last()
        Deferral.objects.of_donor(donor).not_after(gift.created_at).give(gift, timezone.now())
        donor.refresh_from_db()
        if donor.not_asked_since and donor.not_asked_since < timezone.localdate():
            self._no = False
        donor.began_a_gift(timezone.now())
        self._gave_at = timezone.now()

    def bounce(self, address: str, number: int) -> None:
        Suppression.add(list_index(ANN), "bounce")
        self._suppressed = True

    def sign_up_again(self, address: str, number: int) -> None:
        Suppression.objects.all().delete()
        self._suppressed = False

    def clock_goes_on(self, address: str, number: int) -> None:
        self._clock.move_to(timezone.now() + timedelta(days=number, hours=1))
        reminding.send_due(timezone.now())

    def _look(self) -> None:
        now = timezone.now()
        not_now = self._no or self._suppressed or self._has(Deferral.OPEN)
        for one in self._ended:
            one.refresh_from_db()
            assert one.ended_at
            wanted = not not_now and self._gave_at < one.ended_at
            assert (asking_emails.win_back(one.pk) is not None) == wanted
            told = emails.recurring_ended(one.pk)
            assert told is not None and bool(told.url) == (not not_now and self._gave_at < now)
        if self._no:
            assert not self._has(Deferral.RUNNING), "a reminder waits for who said no"
            assert list_index(ANN) in may_ask.not_asked_on_the_list()


STEPS = [name for name in vars(Person) if not name.startswith("_")]
step = st.tuples(
    st.sampled_from(STEPS), st.sampled_from([ANN, OLD]), st.sampled_from([1, 2, 7, 8, 31, 40])
)


@settings(
    max_examples=EXAMPLES,
    derandomize="EXAMPLES" not in os.environ,  # the same stories in every CI run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(step, min_size=5, max_size=20))
def test_newest_word_counts_for_every_mail_that_asks(site: Any, steps: list[Any]) -> None:
    with transaction.atomic(), time_machine.travel("2027-03-20T12:00Z", tick=False) as clock:
        make_appeal(starts_at=timezone.now())
        person = Person(clock)
        for name, address, number in steps:
            getattr(person, name)(address, number)
            person._look()
        transaction.set_rollback(True)

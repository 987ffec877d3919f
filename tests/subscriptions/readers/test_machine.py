"""Whatever readers, their mailboxes and staff do, in whatever order: an audience is who has agreed,
and is neither suppressed nor paused; who is erased is in no table.

EXAMPLES sets how many stories are played (`make chaos` plays more).
"""

import os
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsroom.core.privacy import BlindIndexField, EncryptedField, list_index
from newsroom.mail.diagnosis import Verdict
from newsroom.models import Suppression, TransactionalMail
from newsroom.tasks import forget_what_is_over
from subscriptions.models import AddressChange, Mailing, Newsletter, Subscriber, Subscription
from subscriptions.readers import address_change, erasure, signup, wishes
from subscriptions.readers.audience import audience_of
from subscriptions.readers.due import sunset
from subscriptions.tasks import end_pauses
from subscriptions.tracking import feedback
from tests.factories import make_article, make_frozen, make_issue
from tests.subscriptions.models.readers.test_reader_count import another, counted, kept

EXAMPLES = int(os.environ.get("EXAMPLES", "5"))
PEOPLE = ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
REASONS = Suppression.Reason.values
HARD = {"complaint", "erasure"}
SIDES = (address_change.OLD, address_change.NEW)


class Readers:
    """The same twice: in the database, by the product's own functions; and in these few sets, as
    the words on the pages promise it. A step has a person, another, a newsletter, a number."""

    def __init__(self, site: Any, clock: Any) -> None:
        self._clock = clock
        self._newsletters = [site.newsletter, another(site)]
        Newsletter.objects.filter(pk=site.newsletter.pk).update(ask_after=12)
        self._mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
        self._on: set[tuple[str, int]] = set()  # has agreed, and not taken it back
        self._paused: dict[tuple[str, int], date] = {}
        self._suppressed: dict[str, str] = {}
        self._erased: set[str] = set()
        self._heard: dict[str, date] = {}  # when they last pressed something
        self._asked: dict[str, date] = {}  # whether they still read the first newsletter
        self._wishes: dict[str, tuple[str, int, set[str]]] = {}  # old: new, row, who has pressed

    def _row(self, who: str, where: int) -> Subscription | None:
        found = Subscription.objects.filter(subscriber__email_index=list_index(who))
        return found.filter(newsletter=self._newsletters[where]).first()

    def _reader(self, who: str) -> Subscriber | None:
        return Subscriber.objects.with_email(who).first()

    def _spoke(self, who: str) -> None:
        self._suppressed.pop(who, None)

    def _pressed(self, who: str) -> None:
        self._heard[who] = timezone.localdate()
        if reader := self._reader(who):
            reader.press()  # as the page does, whatever was pressed there

    # --- What readers do

    def sign_up(self, who: str, other: str, where: int, number: int) -> None:
        signup.sign_up(self._newsletters[where], who, "form")
        if self._suppressed.get(who) not in HARD:
            self._erased.discard(who)

    def confirm(self, who: str, other: str, where: int, number: int) -> None:
        row = self._row(who, where)
        if row is None or row.status == "unsubscribed":
            return
        with suppress(signup.Unwanted):
            signup.confirm(signup.confirm_token(row))
        if self._suppressed.get(who) not in HARD:
            self._pressed(who)
            self._spoke(who)
            self._on.add((who, where))
            self._paused.pop((who, where), None)  # “Yes, subscribe me” ends it

    def join(self, who: str, other: str, where: int, number: int) -> None:
        reader = self._reader(who)
        if reader is None:
            return
        self._pressed(who)
        with suppress(signup.Unwanted, signup.Forgotten):
            wishes.join(reader, self._newsletters[where])
        if self._suppressed.get(who) not in HARD and not reader.forgotten_on:
            self._spoke(who)
            self._on.add((who, where))

    def leave(self, who: str, other: str, where: int, number: int) -> None:
        if row := self._row(who, where):
            signup.unsubscribe(row, "one-click")
            self._on.discard((who, where))
            self._paused.pop((who, where), None)

    def come_back(self, who: str, other: str, where: int, number: int) -> None:
        row = self._row(who, where)
        if row is None:
            return
        self._pressed(who)
        with suppress(signup.Unwanted, signup.Forgotten):
            signup.resubscribe(row)
        if self._suppressed.get(who) not in HARD and not row.subscriber.forgotten_on:
            self._spoke(who)
            if row.unsubscribed_on:
                self._on.add((who, where))

    def pause(self, who: str, other: str, where: int, number: int) -> None:
        if row := self._row(who, where):
            self._pressed(who)
            weeks = wishes.PAUSES[number % len(wishes.PAUSES)]
            wishes.pause(row, weeks)
            if (who, where) in self._on:
                self._paused[who, where] = timezone.localdate() + timedelta(weeks=weeks)

    def go_on(self, who: str, other: str, where: int, number: int) -> None:
        if row := self._row(who, where):
            self._pressed(who)
            wishes.go_on(row)
            self._paused.pop((who, where), None)

    def say_yes(self, who: str, other: str, where: int, number: int) -> None:
        """Behind the link of a mail that asked about the first newsletter."""
        row = self._row(who, 0)
        if row is None or who not in self._asked:
            return
        theirs = Subscription.objects.filter(pk=row.pk)
        with suppress(signup.Unwanted, signup.Forgotten):
            sunset.answer_yes(row.subscriber, theirs)
        if self._suppressed.get(who) not in HARD and not row.subscriber.forgotten_on:
            self._pressed(who)
            self._spoke(who)
            if row.unsubscribed_on:
                self._on.add((who, 0))

    def ask_for_change(self, who: str, other: str, where: int, number: int) -> None:
        reader = self._reader(who)
        if reader and address_change.asked(other, reader.pk):
            change = AddressChange.objects.get(subscriber=reader, done_on=None)
            self._wishes[who] = (other, change.pk, set())
            self._erased.discard(other)  # somebody has typed it again

    def press(self, who: str, other: str, where: int, number: int) -> None:
        new, pk, pressed = self._wishes.get(who, ("", 0, set()))
        change = AddressChange.objects.filter(pk=pk, done_on=None).first()
        if change is None:
            return
        side = SIDES[number % 2]
        with suppress(signup.Unwanted):
            address_change.agree(address_change.token_of(change, side))
        if {self._suppressed.get(who), self._suppressed.get(new)} & HARD:
            return
        pressed.add(side)
        if len(pressed) < 2:
            return
        self._pressed(new)
        self._spoke(new)
        self._erased.discard(new)
        for place in range(2):
            until = self._paused.pop((who, place), None)
            if (who, place) in self._on:
                self._on.remove((who, place))
                if until and (new, place) not in self._on:
                    self._paused[new, place] = until
                self._on.add((new, place))

    def erase(self, who: str, other: str, where: int, number: int) -> None:
        reader = self._reader(who)
        if reader is None or reader.forgotten_on:
            return
        never_again = bool(number % 2)
        erasure.erase(reader, never_again)
        for place in range(2):
            self._on.discard((who, place))
            self._paused.pop((who, place), None)
        if self._suppressed.get(who) not in HARD:
            self._spoke(who)
        if never_again:
            self._suppressed[who] = "erasure"
        self._erased.add(who)

    # --- What mailboxes, staff and time do

    def bounce(self, who: str, other: str, where: int, number: int) -> None:
        reason = REASONS[number % len(REASONS)]
        Suppression.add(list_index(who), reason)
        before = self._suppressed.get(who, reason)
        self._suppressed[who] = max(before, reason, key=REASONS.index)

    def complain(self, who: str, other: str, where: int, number: int) -> None:
        feedback.act(Verdict.COMPLAINT, list_index(who), None)
        before = self._suppressed.get(who, "complaint")
        self._suppressed[who] = max(before, "complaint", key=REASONS.index)
        for place in range(2):
            self._on.discard((who, place))
            self._paused.pop((who, place), None)

    def lift(self, who: str, other: str, where: int, number: int) -> None:
        if found := Suppression.of(list_index(who)):
            found.lift("a mistake")
            self._erased.discard(who)  # there is a record of it
        self._spoke(who)

    def days_go_by(self, who: str, other: str, where: int, number: int) -> None:
        self._clock.move_to(timezone.now() + timedelta(days=number))
        end_pauses()
        self._night()
        forget_what_is_over()

    def _night(self) -> None:
        """Who is silent is asked, and falls silent at last: as the mail says, not earlier, and
        nobody who has pressed something since."""
        today = timezone.localdate()
        Mailing.objects.filter(pk=self._mailing.pk).update(frozen_at=timezone.now())
        sunset.keep(timezone.now())
        TransactionalMail.objects.filter(purpose=sunset.MAIL).update(status="sent", object_id=None)
        for who in PEOPLE:
            row = self._row(who, 0)
            if row is None or (who, 0) not in self._on:
                continue
            asked, heard = self._asked.get(who, date.min), self._heard.get(who, date.min)
            if row.status == "unsubscribed":
                assert timedelta(days=30) <= today - asked and heard < asked
                assert who not in self._suppressed and (who, 0) not in self._paused
                self._on.discard((who, 0))
            elif row.asked_on == today:
                assert today - heard >= sunset.quiet(12) < today - asked
                self._asked[who] = today

    # --- What has to be true

    def _check(self) -> None:
        today = timezone.localdate()
        for where, newsletter in enumerate(self._newsletters):
            found = audience_of(newsletter).select_related("subscriber")
            assert {one.subscriber.email for one in found} == {
                who
                for who in PEOPLE
                if (who, where) in self._on
                and who not in self._suppressed
                and self._paused.get((who, where), today) <= today
            }
        assert kept() == counted()
        for who in self._erased:
            assert places_of(who) <= {"newsroom.Suppression"}, who


def places_of(who: str) -> set[str]:
    """Every table of readers' that has the address, sealed or as an index."""
    found = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            values = model._base_manager.values_list(field.name, flat=True)
            if isinstance(field, EncryptedField) and who in set(values):
                found.add(model._meta.label)
            if isinstance(field, BlindIndexField) and list_index(who) in map(bytes, values):
                found.add(model._meta.label)
    return found


STEPS = [name for name in vars(Readers) if not name.startswith("_")]
step = st.tuples(
    st.sampled_from(STEPS),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
    st.integers(0, 1),
    st.sampled_from([1, 2, 3, 4, 15, 40, 1200]),
)
# Most are somewhere already when it begins; else little would happen.
begin = st.sets(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 1)), min_size=2)


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    derandomize="EXAMPLES" not in os.environ,  # the same stories in every CI run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(members=begin, steps=st.lists(step, max_size=20))
@example(  # chance seldom lets somebody be silent for so long
    members={(ANN, 0), (BOB, 0), (BOB, 1)},
    steps=[
        ("days_go_by", ANN, ANN, 0, 1200),
        ("say_yes", ANN, ANN, 0, 1),
        ("days_go_by", ANN, ANN, 0, 40),
        ("days_go_by", ANN, ANN, 0, 1),
        ("say_yes", BOB, BOB, 0, 1),
        ("days_go_by", ANN, ANN, 0, 1200),
        ("ask_for_change", ANN, EVE, 0, 1),
        ("days_go_by", ANN, ANN, 0, 40),
    ],
)
def test_only_who_agreed_and_may_be_written_to_is_in_an_audience(
    site: Any, members: set[tuple[str, int]], steps: list[Any]
) -> None:
    with transaction.atomic(), time_machine.travel(timezone.now(), tick=False) as clock:
        readers = Readers(site, clock)
        for who, where in sorted(members):
            readers.sign_up(who, "", where, 0)
            readers.confirm(who, "", where, 0)
        for name, *rest in steps:
            getattr(readers, name)(*rest)
            readers._check()
        transaction.set_rollback(True)

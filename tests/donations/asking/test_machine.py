"""Whatever visitors do, in whatever order, and whatever the clock does: one reminder for each date
that was agreed, none after giving or “never”, and to who has not confirmed none but the first mail.

EXAMPLES sets how many stories are played (`make chaos` plays more).
"""

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from donations.asking import reminders, reminding
from donations.models import Contribution, Deferral, Donor
from donations.models.asking import days
from newsroom.core.privacy import giving_index, list_index
from newsroom.mail.catalogue import mails
from newsroom.models import Suppression, TransactionalMail
from tests.factories import make_appeal

EXAMPLES = int(os.environ.get("EXAMPLES", "8"))
PEOPLE = ANN, BOB = "ann@example.org", "bob@example.org"
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London"]
CHOICES = [one.value for one in days.BY_VALUE.values() if one.value != days.ARTICLES]
ASKS = (reminding.FIRST, reminding.SECOND)


class Visitors:
    """They press what pages and mails offer. Beside the database stand what they have agreed to,
    and every mail that was written. A step has a person, a choice, a zone, a number."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._first: Counter[str] = Counter()
        self._got: dict[str, list[tuple[str, datetime]]] = {who: [] for who in PEOPLE}
        self._agreed: dict[str, set[datetime]] = {who: set() for who in PEOPLE}
        self._silent: dict[str, datetime] = {}  # since they gave or said never; until they agree

    def _rows(self, who: str, *status: str) -> list[Deferral]:
        found = Deferral.objects.of_address(giving_index(who)).order_by("-pk")
        return list(found.filter(status__in=status))

    def _note(self, who: str) -> None:
        for one in self._rows(who, "waiting"):
            self._agreed[who].add(one.due_at)
            self._silent.pop(who, None)

    # --- What they do

    def defer(self, who: str, choice: str, zone: str, number: int) -> None:
        """In whatever browser: it has told us nothing of who it is."""
        form = reminders.LaterForm(
            {"when": choice, "email": who, "zone": zone, "yearly": number == 400}
            | ({"once_more": "on"} if number % 2 else {})
            | ({"when": "other", "other": choice} if choice.startswith("month-") else {})
        )
        assert form.is_valid(), form.errors
        asked: dict[str, Any] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reminders, "ask", lambda what, email, **detail: asked.update(detail))
            reminders.defer(form, timezone.now())
        reminders.asked(who, **asked)

    def confirm(self, who: str, choice: str, zone: str, number: int) -> None:
        for one in self._rows(who, *Deferral.Status.values):
            was = one.status
            assert reminders.confirm(one, timezone.now()) == (was == "asked")
        self._note(who)

    def another_month(self, who: str, choice: str, zone: str, number: int) -> None:
        for one in self._rows(who, *Deferral.Status.values)[:1]:
            if reminders.another_month(one, timezone.now()):
                self._note(who)

    def never(self, who: str, choice: str, zone: str, number: int) -> None:
        for one in self._rows(who, *Deferral.Status.values)[:1]:
            reminders.never(one, timezone.now())
            assert not self._rows(who, *Deferral.OPEN)
            self._silent[who] = timezone.now()

    def give(self, who: str, choice: str, zone: str, number: int) -> None:
        """On any device: Stripe tells us. Every other one is a debit that is on its way."""
        donor, new = Donor.objects.get_or_create(
            email_index=giving_index(who), defaults={"email": who}
        )
        if new:
            donor.addresses.create(email_index=giving_index(who))
        arrived = number % 2 == 0
        gift = Contribution.objects.create(
            donor=donor,
            frequency="once",
            amount=500,
            currency="usd",
            status="succeeded" if arrived else "processing",
            stripe_payment_intent=f"pi_{Contribution.objects.count()}",
            created_at=timezone.now(),
        )
        if arrived:
            Deferral.objects.of_donor(donor).not_after(gift.created_at).give(gift, timezone.now())
        if arrived or all(not one.yearly for one in self._rows(who, "waiting", "reminded")):
            self._silent[who] = timezone.now()

    def debits_end(self, who: str, choice: str, zone: str, number: int) -> None:
        Contribution.objects.filter(status="processing").update(status="failed")

    def bounce(self, who: str, choice: str, zone: str, number: int) -> None:
        Suppression.add(list_index(who), "bounce")

    def sign_up_again(self, who: str, choice: str, zone: str, number: int) -> None:
        Suppression.objects.all().delete()

    def clock_goes_on(self, who: str, choice: str, zone: str, number: int) -> None:
        self._clock.move_to(timezone.now() + timedelta(days=number, hours=number % 24))

    def clock_jumps_back(self, who: str, choice: str, zone: str, number: int) -> None:
        self._clock.move_to(timezone.now() - timedelta(minutes=number))

    # --- What has to be true

    def _run(self) -> None:
        """The minutely job, twice, and the outbox: each mail is written once."""
        waiting = {one.pk: one for one in Deferral.objects.filter(status="waiting")}
        for _ in range(2):
            reminding.send_due(timezone.now())
        for mail in TransactionalMail.objects.filter(status="waiting").order_by("pk"):
            letter = mails()[mail.purpose][1](*mail.about)
            to = letter.to if letter else []
            for address in [to] if isinstance(to, str) else to:
                self._wrote(mail.purpose, address, waiting)
            TransactionalMail.objects.filter(pk=mail.pk).update(status="sent")
        for who in PEOPLE:  # what is every year agrees to the next year by itself
            if any(one.yearly for one in self._rows(who, "waiting")):
                silent = self._silent.get(who)
                self._note(who)
                if silent:
                    self._silent[who] = silent

    def _wrote(self, purpose: str, who: str, waiting: dict[int, Deferral]) -> None:
        now = timezone.now()
        assert not Suppression.of(list_index(who))
        if purpose == "confirm_reminder":
            self._first[who] += 1
            return
        assert purpose in ASKS and self._agreed[who], (purpose, who)
        if purpose == reminding.FIRST:
            had = {at for kind, at in self._got[who] if kind == purpose}
            theirs = [one for one in waiting.values() if one.email == who and one.due_at <= now]
            new = [one for one in theirs if one.due_at in self._agreed[who] - had]
            assert new, "twice for one date"
            for one in new:
                assert one.due_at.astimezone(ZoneInfo(one.zone)).hour == 10
                self._got[who].append((purpose, one.due_at))
        else:
            firsts = [at for kind, at in self._got[who] if kind == reminding.FIRST]
            seconds = [at for kind, at in self._got[who] if kind == reminding.SECOND]
            assert len(seconds) < len(firsts), "a second without a first"
            self._got[who].append((purpose, now))
        gifts = Contribution.objects.filter(donor__email_index=giving_index(who))
        assert not gifts.filter(status="processing").exists()
        if who in self._silent:
            yearly = [one for one in self._rows(who, "reminded") if one.yearly]
            assert yearly, "after giving or never"
            assert self._silent[who].year < now.year


STEPS = [name for name in vars(Visitors) if not name.startswith("_")]
step = st.tuples(
    st.sampled_from(STEPS),
    st.sampled_from(PEOPLE),
    st.sampled_from(CHOICES),
    st.sampled_from(ZONES),
    st.sampled_from([1, 2, 6, 7, 8, 15, 32, 93, 363, 400]),
)
# Somebody has agreed to something when it begins; else little would happen.
agreed = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(CHOICES), st.sampled_from(ZONES), st.integers(0, 1)
).map(lambda wish: [("defer", *wish), ("confirm", *wish)])
walk = st.lists(step, min_size=5, max_size=25)
BEGINS = [  # before clocks change, before the 29th of February, at the end of a month and a year
    "2027-03-27T23:30Z", "2028-02-28T23:59Z", "2027-10-30T12:00Z", "2026-12-31T22:00Z",
]  # fmt: skip


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    derandomize="EXAMPLES" not in os.environ,  # the same stories in every CI run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(begin=st.sampled_from(BEGINS), steps=st.builds(lambda a, b: a + b, agreed, walk))
@example(
    begin=BEGINS[1],
    steps=[
        ("defer", ANN, "tomorrow", "Europe/Berlin", 1),
        ("defer", BOB, "tomorrow", "Europe/London", 400),  # every 29th of February
        *[("confirm", who, "", "", 1) for who in PEOPLE],
        *[("clock_goes_on", "", "", "", days) for days in (2, 8, 8)],
        ("another_month", ANN, "", "", 1),
        ("give", ANN, "", "", 1),  # a debit that is on its way on that day
        *[("clock_goes_on", "", "", "", days) for days in (32, 316, 320)],
        ("give", BOB, "", "", 2),
        *[("clock_goes_on", "", "", "", days) for days in (44, 363)],
    ],
)
def test_one_reminder_for_each_agreed_date_and_none_to_who_gave_or_never_agreed(
    site: Any, begin: str, steps: list[Any]
) -> None:
    with transaction.atomic(), time_machine.travel(begin, tick=False) as clock:
        make_appeal(starts_at=timezone.now())
        visitors = Visitors(clock)
        for name, *rest in steps:
            getattr(visitors, name)(*rest)
            visitors._run()
        for who in PEOPLE:
            assert visitors._agreed[who] or not visitors._got[who]
        transaction.set_rollback(True)

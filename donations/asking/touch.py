"""Mails to supporters that nobody asked for, where the newsroom has turned them on: thanks on the
day on which they began, and once the question whether they would like to go on.

Posted each morning for the last days, too, in case one was missed: a key makes each of them once.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from donations.asking import may_ask
from donations.asking.may_ask import Asking
from donations.models import KeepInTouch, RecurringChange, RecurringContribution
from newsroom.core.database import keyset
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.models import Suppression

MISSED_AT_MOST = 3  # days
AT_ONCE = 500


def keep(now: datetime) -> None:
    """What is due today. Safe to run again: a mail is remembered for longer than it is looked for
    (newsroom/retention.py)."""
    chosen = KeepInTouch.load()
    if chosen.anniversaries:
        keys = {pk: f"{donor} {now.year}" for pk, donor in _began_on(timezone.localdate(now))}
        outbox.post_all("anniversary", keys, now)
    if chosen.win_back_after:
        keys = {pk: str(donor) for pk, donor in _ended(now, chosen.win_back_after)}
        outbox.post_all("win_back", keys, now)


def _began_on(today: date) -> Iterator[tuple[int, int]]:
    """Who gives regularly and began on this day of another year; on the 29th of February, on the
    28th."""
    days = [today - timedelta(days=ago) for ago in range(MISSED_AT_MOST)]
    on = Q(pk__in=[])
    for day in days:
        on |= Q(started_at__month=day.month, started_at__day=day.day)
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1:
            on |= Q(started_at__month=2, started_at__day=29)
    long_ago = timezone.now() - timedelta(days=360)
    going = RecurringContribution.objects.going()
    return _with_donor(going.filter(on, started_at__lt=long_ago))


def _ended(now: datetime, weeks: int) -> Iterator[tuple[int, int]]:
    until = now - timedelta(weeks=weeks)
    since = until - timedelta(days=MISSED_AT_MOST)
    return _with_donor(RecurringContribution.objects.filter(ended_at__range=(since, until)))


def _with_donor(found: "QuerySet[RecurringContribution]") -> Iterator[tuple[int, int]]:
    """Who was erased has none any more."""
    for one in keyset(found.exclude(donor=None).only("donor_id"), AT_ONCE):
        assert one.donor_id
        yield one.pk, one.donor_id


def is_still_anniversary(recurring: RecurringContribution) -> bool:
    donor = recurring.donor
    going = recurring.going and recurring.cancels_at is None
    return bool(donor and going and not Suppression.of(list_index(donor.email)))


def may_win_back(recurring: RecurringContribution) -> bool:
    """Not whom no mail may ask (may_ask.py); nor who cancelled on their own page, which asks when
    we may: their answer is what counts. So it is for what ended by itself, or at Stripe."""
    donor = recurring.donor
    if donor is None or recurring.ended_at is None:
        return False
    What = RecurringChange.What
    pressed = recurring.asked_changes.filter(what__in=[What.CANCEL, What.KEEP])
    last = pressed.exclude(done_at=None).order_by("-done_at").first()
    if last and last.what == What.CANCEL:
        return False
    return not may_ask.why_not(Asking(donor.email, recurring.ended_at))

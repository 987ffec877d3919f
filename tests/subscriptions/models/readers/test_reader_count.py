"""The kept count of a newsletter's readers is what counting would say, whatever changes it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsroom.models import Suppression
from subscriptions.models import Newsletter, ReaderCount, ReaderMove, Subscriber, Subscription
from subscriptions.readers import signup
from subscriptions.readers.audience import audience_of, size_of
from subscriptions.tasks import check_reader_counts, fold_reader_counts
from tests.factories import make_site, make_subscriber, make_subscription

TODAY = timezone.localdate()
DAYS = [None, TODAY, TODAY - timedelta(days=5)]
STATUSES = Subscription.Status.values


def another(site: Any, **fields: Any) -> Newsletter:
    fields = {"title": "Other", "slug": "other", "sender_name": "O"} | fields
    sender = {"sender_address": "o@mail.example.org"}
    return site.newsletter.get_parent().add_child(instance=Newsletter(**fields, **sender))


def kept() -> dict[tuple[int, date | None], int]:
    sums: dict[tuple[int, date | None], int] = {}
    for row in ReaderCount.objects.all():
        key = row.newsletter_id, row.confirmed_on
        sums[key] = sums.get(key, 0) + row.readers
    return {key: readers for key, readers in sums.items() if readers}


def counted() -> dict[tuple[int, date | None], int]:
    sums: dict[tuple[int, date | None], int] = {}
    for key in Subscription.objects.mailable().values_list("newsletter_id", "confirmed_on"):
        sums[key] = sums.get(key, 0) + 1
    return sums


def by_newsletter(counted: dict[tuple[int, date | None], int]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for (newsletter, _), readers in counted.items():
        sums[newsletter] = sums.get(newsletter, 0) + readers
    return sums


def came_less_gone() -> dict[int, int]:
    """What ReaderMove makes of the same."""
    kinds = {"confirmed": 1, "left": -1, "silent": -1, "bounced": -1, "new": 0}
    sums: dict[int, int] = {}
    for row in ReaderMove.objects.filter(newsletter__in=Newsletter.objects.all()):
        sums[row.newsletter_id] = sums.get(row.newsletter_id, 0) + kinds[row.kind] * row.readers
    return {key: readers for key, readers in sums.items() if readers}


# --- Whatever is done ------------------------------------------------------------------------
# A step has four small numbers, for whom and for what it is done.


class Lists:
    def __init__(self, site: Any) -> None:
        self.newsletters = [site.newsletter, another(site)]
        self.subscribers = [make_subscriber() for _ in range(4)]

    def add(self, who: int, where: int, what: int, day: int) -> None:
        Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=subscriber,
                    newsletter=self.newsletters[where % len(self.newsletters)],
                    status=STATUSES[what],
                    confirmed_on=DAYS[day],
                )
                for subscriber in self.subscribers[: who + 1]
            ],
            update_conflicts=True,
            unique_fields=["newsletter", "subscriber"],
            update_fields=["status", "confirmed_on"],
        )

    def change(self, who: int, where: int, what: int, day: int) -> None:
        few = Subscription.objects.filter(subscriber__in=self.subscribers[: who + 1])
        few.update(status=STATUSES[what], confirmed_on=DAYS[day])

    def move(self, who: int, where: int, what: int, day: int) -> None:
        """To another newsletter, by SQL."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE subscriptions_subscription s SET newsletter_id = %s, seed = NOT seed "
                "WHERE subscriber_id = %s AND NOT EXISTS (SELECT FROM subscriptions_subscription "
                "WHERE subscriber_id = s.subscriber_id AND newsletter_id = %s)",
                [self.newsletters[0].pk, self.subscribers[who].pk, self.newsletters[0].pk],
            )

    def delete(self, who: int, where: int, what: int, day: int) -> None:
        Subscription.objects.filter(status=STATUSES[what], confirmed_on=DAYS[day]).delete()

    def forget(self, who: int, where: int, what: int, day: int) -> None:
        Subscriber.objects.filter(pk=self.subscribers[who].pk).delete()
        self.subscribers[who] = make_subscriber()

    def copy(self, who: int, where: int, what: int, day: int) -> None:
        columns = "subscriber_id, newsletter_id, status, created_on, confirmed_on, seed"
        news, new = self.newsletters[0].pk, [make_subscriber().pk for _ in range(who)]
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY subscriptions_subscription ({columns}) FROM STDIN") as rows,
        ):
            for subscriber in new:
                rows.write_row((subscriber, news, STATUSES[what], TODAY, DAYS[day], False))

    def suppress(self, who: int, where: int, what: int, day: int) -> None:
        reason = Suppression.Reason.values[what]
        Suppression.add(self.subscribers[who].email_index, reason)

    def lift(self, who: int, where: int, what: int, day: int) -> None:
        Suppression.objects.filter(
            email_index__in=[one.email_index for one in self.subscribers[who:]]
        ).delete()

    def roll_back(self, who: int, where: int, what: int, day: int) -> None:
        with transaction.atomic():
            self.add(who, where, what, day)
            self.suppress(who, where, what, day)
            transaction.set_rollback(True)

    def end(self, who: int, where: int, what: int, day: int) -> None:
        """A newsletter is deleted, with its subscriptions."""
        if len(self.newsletters) > 1:
            self.newsletters.pop().delete()

    def fold(self, *numbers: int) -> None:
        fold_reader_counts()
        assert ReaderCount.objects.count() == len(kept())
        rows = ReaderMove.objects.values_list("newsletter", "source", "on", "kind")
        assert len(rows) == len(set(rows))


STEPS = [name for name in vars(Lists) if not name.startswith("_")]
step = st.tuples(
    st.sampled_from(STEPS), st.integers(0, 3), st.integers(0, 1), st.integers(0, 2),
    st.integers(0, 2),
)  # fmt: skip


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(step, max_size=12))
def test_what_is_kept_is_what_counting_says(site: Any, steps: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        lists = Lists(site)
        for name, *numbers in steps:
            getattr(lists, name)(*numbers)
            assert kept() == counted(), name
            assert came_less_gone() == by_newsletter(counted()), name
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_emptied_table_has_nobody(site: Any) -> None:
    make_subscription(site.newsletter)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE subscriptions_subscription CASCADE")
    assert ReaderCount.objects.of(site.newsletter) == 0


# --- Two at once -----------------------------------------------------------------------------


def at_once(call: Callable[[], object]) -> "Future[object]":
    """On a connection of its own, in a thread."""

    def run() -> object:
        try:
            return call()
        finally:
            connections.close_all()

    return ThreadPoolExecutor(1).submit(run)


def by_two(call: Callable[[], object]) -> None:
    """The second waits for the first to commit."""
    with transaction.atomic():
        call()
        other = at_once(call)
        with pytest.raises(TimeoutError):
            other.result(0.5)
    other.result(10)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_long_transaction() -> None:
    site = make_site()
    ours, theirs, other = (make_subscription(site.newsletter) for _ in range(3))
    with transaction.atomic():  # an import that is not over
        Subscription.objects.filter(pk=ours.pk).update(status="unsubscribed")
        for _ in range(3):
            make_subscription(site.newsletter)
        at_once(lambda: signup.unsubscribe(theirs, "one-click")).result(10)
        at_once(lambda: make_subscription(site.newsletter)).result(10)
        at_once(lambda: Suppression.add(other.subscriber.email_index, "bounce")).result(10)
        at_once(fold_reader_counts).result(10)
        at_once(check_reader_counts).result(10)
    assert kept() == counted() != {}
    assert ReaderCount.objects.of(site.newsletter) == 4


@pytest.mark.django_db(transaction=True)
def test_who_complains_and_leaves_at_once_is_counted_once() -> None:
    site = make_site()
    make_subscription(site.newsletter)
    gone = make_subscription(site.newsletter)
    with transaction.atomic():
        signup.unsubscribe(gone, "one-click")
        complaint = at_once(lambda: Suppression.add(gone.subscriber.email_index, "complaint"))
        with pytest.raises(TimeoutError):
            complaint.result(0.5)
    complaint.result(10)
    assert kept() == counted() == {(site.newsletter.pk, None): 1}


@pytest.mark.django_db
@pytest.mark.parametrize("day", DAYS)
def test_fold_leaves_rows_alone_that_stand_alone(site: Any, day: date | None) -> None:
    def join(newsletter: Newsletter) -> Subscription:
        fields = {"status": "confirmed", "confirmed_on": day}
        return Subscription.objects.create(
            subscriber=make_subscriber(), newsletter=newsletter, **fields
        )

    join(site.newsletter)
    alone = ReaderCount.objects.get()
    join(another(site)).delete()
    fold_reader_counts()
    assert ReaderCount.objects.get().pk == alone.pk
    join(site.newsletter)
    fold_reader_counts()
    assert ReaderCount.objects.get().readers == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_fold_at_once_lose_nothing() -> None:
    site = make_site()
    make_subscription(site.newsletter)
    make_subscription(site.newsletter)
    by_two(fold_reader_counts)
    assert [row.readers for row in ReaderCount.objects.all()] == [2]


@pytest.mark.django_db(transaction=True)
def test_two_who_mend_at_once_mend_it_once() -> None:
    site = make_site()
    make_subscription(site.newsletter)
    ReaderCount.objects.create(newsletter=site.newsletter, readers=7)
    by_two(check_reader_counts)
    assert ReaderCount.objects.of(site.newsletter) == 1


# --- Checked, and asked ----------------------------------------------------------------------


@pytest.mark.django_db
def test_spoiled_count_is_put_right_at_night_and_told_of(site: Any, caplog: Any) -> None:
    make_subscription(site.newsletter)
    check_reader_counts()
    assert caplog.messages == []
    ReaderCount.objects.create(newsletter=site.newsletter, readers=7, confirmed_on=TODAY)
    ReaderCount.objects.filter(confirmed_on=None).delete()
    check_reader_counts()
    assert kept() == counted() == {(site.newsletter.pk, None): 1}
    assert caplog.messages == [f"newsletter {site.newsletter.pk}: its kept count was wrong by 8"]


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["", "settle_days", "leave_out"])
def test_size_of_an_audience_is_how_many_are_in_it(site: Any, rule: str) -> None:
    other = another(site)
    for day in (*DAYS, TODAY - timedelta(days=7), TODAY - timedelta(days=8)):
        reader = make_subscription(site.newsletter)
        Subscription.objects.filter(pk=reader.pk).update(confirmed_on=day)
    make_subscription(site.newsletter, status="pending")
    Suppression.add(make_subscription(site.newsletter).subscriber.email_index, "bounce")
    Subscription.objects.create(subscriber=reader.subscriber, newsletter=other, status="confirmed")
    if rule == "settle_days":
        site.newsletter.settle_days = 7
    elif rule == "leave_out":
        site.newsletter.leave_out.add(other)
    site.newsletter.save()
    found = {"": 5, "settle_days": 3, "leave_out": 4}[rule]
    assert size_of(site.newsletter) == audience_of(site.newsletter).count() == found

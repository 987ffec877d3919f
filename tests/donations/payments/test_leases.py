"""One at a time about one object, whoever is slow, dies or comes too late."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from donations.finance import refunds
from donations.giving.links import manage_url
from donations.models import (
    Contribution,
    Donor,
    Lease,
    Receipt,
    RecurringContribution,
    Refund,
    Review,
    StripeEvent,
)
from donations.payments import events, gateway, leases, sync
from donations.payments.leases import Busy, lease
from donations.tasks import carry_out_refunds, process_event
from newsroom.tasks import forget_what_is_over
from tests.donations.conftest import API, page_of
from tests.factories import make_user

AT_ONCE = 24


def in_thread(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connection.close()


def give_back_at_stripe(url: str, intent: str) -> None:
    data = {"payment_intent": intent}
    assert requests.post(f"{url}/v1/refunds", data=data, headers=API, timeout=10).ok


@pytest.fixture
def given(donor) -> Contribution:
    donor.gives("ann@example.org", frequency="once")
    return Contribution.objects.get()


@pytest.fixture
def impatient(monkeypatch: Any) -> None:
    monkeypatch.setattr(leases, "PATIENCE", 0.2)


def taken(about: str) -> None:
    """By a process that dies at once."""
    leases._take(about)


@pytest.mark.django_db(transaction=True)
def test_many_pulls_of_one_payment_take_turns_and_all_finish(given, monkeypatch) -> None:
    inside, most = 0, 0
    ask, write = gateway.payment_intent, sync.mirror_payment

    def entering(pk: str) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        return ask(pk)

    def leaving(*args: Any) -> Any:
        nonlocal inside
        contribution = write(*args)
        inside -= 1
        return contribution

    monkeypatch.setattr(gateway, "payment_intent", entering)
    monkeypatch.setattr(sync, "mirror_payment", leaving)

    def pull(_: int) -> Any:
        return in_thread(lambda: sync.pull_payment(given.stripe_payment_intent))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(pull, range(AT_ONCE)))
    assert found == [given] * AT_ONCE
    assert most == 1
    assert not Lease.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_waited_sees_what_changed_meanwhile(given, empty_stripe, monkeypatch) -> None:
    intent = given.stripe_payment_intent
    asked, go_on = threading.Event(), threading.Event()
    ask = gateway.payment_intent

    def slowly(pk: str) -> Any:
        answer = ask(pk)
        asked.set()
        assert go_on.wait(20)
        return answer

    monkeypatch.setattr(gateway, "payment_intent", slowly)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(in_thread, lambda: sync.pull_payment(intent))
        assert asked.wait(20)
        give_back_at_stripe(empty_stripe, intent)
        second = threads.submit(in_thread, lambda: sync.pull_payment(intent))
        time.sleep(0.3)
        assert not second.done()
        go_on.set()
        assert first.result(20).status == "succeeded"
        assert second.result(20).status == "refunded"
    assert Contribution.objects.get().status == "refunded"


def test_who_was_too_slow_writes_nothing(given, empty_stripe, monkeypatch) -> None:
    """Stripe takes longer than the lease lasts; another has asked anew and written."""
    intent, ask = given.stripe_payment_intent, gateway.payment_intent

    def slowly(pk: str) -> Any:
        old = ask(pk)
        monkeypatch.setattr(gateway, "payment_intent", ask)
        give_back_at_stripe(empty_stripe, intent)
        Lease.objects.update(held_until=timezone.now() - timedelta(seconds=1))
        assert sync.pull_payment(intent).status == "refunded"
        return old

    monkeypatch.setattr(gateway, "payment_intent", slowly)
    with pytest.raises(Busy):
        sync.pull_payment(intent)
    assert Contribution.objects.get().status == "refunded"
    assert not Lease.objects.exists()


def test_subscription_that_another_took_over_is_not_written(donor, monkeypatch) -> None:
    donor.gives("ann@example.org")
    recurring = RecurringContribution.objects.get()
    ask = gateway.subscription

    def slowly(pk: str) -> Any:
        found = ask(pk)
        found.status = "past_due"
        Lease.objects.update(held_until=timezone.now() - timedelta(seconds=1))
        taken(pk)
        return found

    monkeypatch.setattr(gateway, "subscription", slowly)
    with pytest.raises(Busy):
        sync.pull_subscription(recurring.stripe_subscription)
    recurring.refresh_from_db()
    assert recurring.status == "active"
    assert Lease.objects.count() == 1  # the other's


def test_lease_that_was_given_back_and_taken_anew_is_another(db) -> None:
    with lease("pi_1") as mine:
        Lease.objects.all().delete()  # by the nightly job, say
        with pytest.raises(Busy), mine.writing():
            pass
        taken("pi_1")
        with pytest.raises(Busy), mine.writing():
            pass
    assert Lease.objects.get().token > mine.token


def test_lease_is_given_back_when_stripe_fails(db) -> None:
    with pytest.raises(ZeroDivisionError), lease("pi_1"):
        raise ZeroDivisionError
    assert not Lease.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_it_over_between_the_check_and_the_commit(impatient, monkeypatch) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(0))
    with ThreadPoolExecutor(1) as threads:
        with lease("pi_1") as mine, mine.writing():
            other = threads.submit(in_thread, lambda: leases._take("pi_1"))
            time.sleep(0.5)
            assert not other.done()
        assert other.result(10) > mine.token


def test_who_died_is_waited_for_until_the_lease_is_over(db, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(leases, "LASTS", timedelta(seconds=1))
        began = time.monotonic()
        taken("pi_1")
    with lease("pi_1"):
        assert time.monotonic() - began >= 1


def test_event_about_what_another_holds_stays_open_and_is_done_later(given, impatient) -> None:
    intent = given.stripe_payment_intent
    event = StripeEvent.objects.create(
        id="evt_1", type="payment_intent.succeeded", object_id=intent, created_at=timezone.now()
    )
    Receipt.objects.all().delete()
    Contribution.objects.all().delete()
    taken(intent)
    for _ in range(events.TRIES_BEFORE_REVIEW):
        events.process(event)
        event.refresh_from_db()
        assert (event.handled_at, event.tries) == (None, 0)
        assert timezone.now() < event.next_try_at <= timezone.now() + timedelta(seconds=10)
    assert not Review.objects.exists()
    assert not Contribution.objects.exists()
    Lease.objects.all().delete()
    events.process(event)
    event.refresh_from_db()
    assert event.handled_at and Contribution.objects.get().status == "succeeded"


def test_job_does_not_sleep_where_others_wait_for_a_worker(given, monkeypatch) -> None:
    monkeypatch.setattr(leases, "JOBS_PATIENCE", 0)
    event = StripeEvent.objects.create(
        id="evt_1",
        type="payment_intent.succeeded",
        object_id=given.stripe_payment_intent,
        created_at=timezone.now(),
    )
    taken(event.object_id)
    began = time.monotonic()
    process_event.apply([event.pk])
    assert time.monotonic() - began < leases.PATIENCE / 2
    event.refresh_from_db()
    assert event.handled_at is None


def test_renewed_lease_lasts_as_long_again_unless_another_has_it(db) -> None:
    with lease("pi_1") as mine:
        Lease.objects.update(held_until=timezone.now())
        mine.renew()
        assert Lease.objects.get().held_until > timezone.now() + leases.LASTS * 0.9
        Lease.objects.update(held_until=timezone.now() - timedelta(seconds=1))
        taken("pi_1")
        with pytest.raises(Busy):
            mine.renew()


def test_pull_renews_after_it_has_waited_for_other_leases(given, monkeypatch) -> None:
    left: list[timedelta] = []

    def slowly(customer: Any) -> None:
        Lease.objects.update(held_until=timezone.now())

    def write(*args: Any) -> Contribution:
        left.append(Lease.objects.get().held_until - timezone.now())
        return given

    monkeypatch.setattr(sync, "_follow", slowly)
    monkeypatch.setattr(sync, "mirror_payment", write)
    sync.pull_payment(given.stripe_payment_intent)
    assert left[0] > leases.LASTS * 0.9


def test_lease_outlasts_the_slowest_call_with_its_retries() -> None:
    one_try = gateway.CONNECT_SECONDS + gateway.ANSWER_SECONDS
    tries = gateway.client()._requestor._options.max_network_retries or 0
    assert timedelta(seconds=(tries + 1) * one_try + tries * 5) < leases.LASTS


# --- What people are told while somebody else is at it -------------------------------------------


@contextmanager
def all_taken() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "_try_to_take", lambda about: None)
        yield


def test_thanks_page_thanks_all_the_same(donor, client, impatient) -> None:
    page = donor.continues(frequency="once")["Location"]
    path = donor.pays(page, "ann@example.org").headers["Location"]
    with all_taken():
        assert client.get(path.removeprefix(settings.BASE_URL)).status_code == 200


def test_giving_form_comes_back_with_what_was_typed(donor, impatient) -> None:
    with all_taken():
        answer = donor.continues(own_amount="17")
    assert answer.status_code == 503
    assert "does not answer just now" in answer.text and "17" in answer.text


def test_donors_change_can_be_asked_for_again(donor, client, impatient) -> None:
    donor.gives("ann@example.org")
    press = page_of(client, RecurringContribution.objects.get())
    with all_taken():
        answer = press("pause", months="1")
        assert answer.status_code == 503 and "Please try again" in answer.text
    assert press("pause", months="1").status_code == 200


def test_change_that_stripe_has_taken_is_made_though_its_mirror_waits(
    donor, client, monkeypatch
) -> None:
    donor.gives("ann@example.org")
    recurring = RecurringContribution.objects.get()

    def held(pk: str) -> None:
        raise Busy

    with monkeypatch.context() as patch:
        patch.setattr(sync, "pull_subscription", held)
        answer = page_of(client, recurring)("pause", months="1")
    assert answer.status_code == 200 and "Paused." in answer.text
    sync.pull_subscription(recurring.stripe_subscription)
    recurring.refresh_from_db()
    assert recurring.paused


def test_erasure_can_be_asked_for_again(donor, client, impatient) -> None:
    donor.gives("ann@example.org")
    path = manage_url(Donor.objects.get()).removeprefix(settings.BASE_URL)
    with all_taken():
        assert client.post(f"{path}erase/").status_code == 503
    assert client.post(f"{path}erase/").status_code == 200
    assert not Donor.objects.exists()


def test_refund_waits_for_its_turn_and_is_carried_out_later(given, impatient) -> None:
    by = make_user("Finance")
    refund = Refund.objects.create(
        contribution=given, amount=100, reason="x", status="approved", asked_by=by
    )
    with all_taken(), pytest.raises(refunds.NotRefunded, match="tried again by itself"):
        refunds.carry_out(refund)
    Refund.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    carry_out_refunds()
    refund.refresh_from_db()
    assert refund.status == "done"


def test_refund_that_another_has_finished_is_done(given, monkeypatch) -> None:
    refund = Refund.objects.create(
        contribution=given, amount=100, reason="x", status="approved", asked_by=make_user("Finance")
    )
    monkeypatch.setattr(sync, "pull_refund", lambda pk: Refund.objects.update(status="done"))
    refunds.carry_out(refund)
    assert refund.status == "done"


def test_leases_of_who_died_are_forgotten_at_night(db) -> None:
    taken("pi_1")
    taken("pi_2")
    Lease.objects.filter(about="pi_1").update(held_until=timezone.now() - timedelta(days=2))
    forget_what_is_over()
    assert Lease.objects.get().about == "pi_2"

"""Stripe does not answer for a day and a half, and goes on by itself: whoever presses is told, and
afterwards all is there once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
import stripe
import time_machine
from django.utils import timezone

from donations import tasks
from donations.finance import refunds
from donations.models import Checkout, Contribution, RecurringContribution, Refund, StripeEvent
from donations.payments import balance, gateway, giving_back
from tests.donations.conftest import all_of, events, handle, page_of
from tests.factories import make_user

HOURS = 36
EACH_HOUR = [
    tasks.retry_events, tasks.catch_up_with_stripe, tasks.follow_stripes_balance,
    tasks.put_products, tasks.learn_payment_methods, tasks.carry_out_refunds, tasks.check_books,
    tasks.watch_for_card_testing, tasks.look_over_what_came, tasks.tell_ahead, tasks.keep_in_touch,
]  # fmt: skip


@contextmanager
def away(monkeypatch: Any) -> Iterator[None]:
    """Nothing listens there."""
    nobody = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": "http://127.0.0.1:9"}, max_network_retries=0
    )
    with monkeypatch.context() as patch:
        for module in (gateway, balance, giving_back):
            patch.setattr(module, "client", lambda: nobody)
        yield


@contextmanager
def answers_get_lost(url: str, path: str) -> Iterator[None]:
    fault = {"mode": "answer-lost", "path": path}
    requests.post(f"{url}/faults", data=fault | {"times": "9"}, timeout=10)
    yield
    requests.post(f"{url}/faults", data=fault | {"times": "0"}, timeout=10)


def an_hour_of_beat(now: Any) -> None:
    """What has no answer is tried again an hour later, by itself."""
    with time_machine.travel(now):
        for job in EACH_HOUR:
            with suppress(*gateway.FAILURES):
                job()
        for pk in StripeEvent.objects.filter(handled_at=None).values_list("pk", flat=True):
            tasks.process_event(pk)


@pytest.fixture
def recurring(donor: Any, empty_stripe: str) -> RecurringContribution:
    donor.gives("ann@example.org", amount="20")
    handle(events(empty_stripe))
    return RecurringContribution.objects.get()


def test_all_is_there_once_when_it_is_back(
    donor: Any, empty_stripe: str, recurring: Any, monkeypatch: Any
) -> None:
    given = Contribution.objects.get()
    with answers_get_lost(empty_stripe, "/v1/refunds"):
        form = {"form_id": uuid4(), "left": given.left}
        with suppress(refunds.NotRefunded):
            refunds.ask(given, 500, "They asked.", make_user("Finance"), **form)
    assert len(all_of(empty_stripe, "refunds")) == 1
    began = timezone.now()
    with away(monkeypatch):
        donor.advance(31)  # it renews, and Stripe forgets the keys of the day
        for hour in range(1, HOURS, 7):
            an_hour_of_beat(began + timedelta(hours=hour))
        pressed = Checkout.objects.count()
        answer = donor.continues()
        assert answer.status_code == 503 and "Nothing was charged" in answer.text
        page = page_of(donor.client, recurring)
        assert page().status_code == 200
        assert page("cancel").status_code == 503
    assert Contribution.objects.count() == 1 and Refund.objects.get().status == "approved"

    an_hour_of_beat(began + timedelta(hours=HOURS))
    an_hour_of_beat(began + timedelta(hours=HOURS + 1))
    assert Refund.objects.get().status == "done"
    [made] = all_of(empty_stripe, "refunds")
    given.refresh_from_db()
    assert made["amount"] == given.returned == 500
    renewed = Contribution.objects.exclude(pk=given.pk).get()
    assert (renewed.status, renewed.recurring) == ("succeeded", recurring)
    assert not StripeEvent.objects.filter(handled_at=None).exists()
    assert Checkout.objects.count() == pressed + 1
    recurring.refresh_from_db()
    assert recurring.status == "active"

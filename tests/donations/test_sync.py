"""The newest object wins, whatever order events come in."""

import inspect
import itertools
import random

import pytest
import requests
import stripe
from django.utils import timezone

from donations import events, gateway, sync
from donations.models import (
    Contribution,
    ContributionChange,
    Deferral,
    RecurringContribution,
    StripeEvent,
)
from donations.sandbox.objects import Card
from newsroom.privacy import email_index
from tests.donations.conftest import API, handle


def state() -> tuple:
    return (
        list(Contribution.objects.order_by("stripe_payment_intent").values_list(
            "stripe_payment_intent", "status", "refunded", "recurring__stripe_subscription")),
        list(RecurringContribution.objects.order_by("pk").values_list(
            "stripe_subscription", "status", "renews_at")),
    )  # fmt: skip


def pay_without_returning(donor, email: str, card: str = Card.VISA, **form: str) -> None:
    """The reader closes the tab on Stripe's page: only events tell."""
    donor.pays(donor.continues(**form)["Location"], email, card)


def test_events_alone_make_the_same_rows_as_the_thanks_page(donor, told, inbox, committing) -> None:
    with committing():
        pay_without_returning(donor, "closed@example.org")
        handle(told())
    assert Contribution.objects.get().status == "succeeded"
    assert RecurringContribution.objects.get().status == "active"
    assert [mail["subject"] for mail in inbox.to("closed@example.org")] == [
        "Thank you from The Meridian"
    ]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_events_doubled_ends_in_the_same_rows(donor, told, seed: int) -> None:
    pay_without_returning(donor, "order@example.org")
    found = told()
    shuffled = [*found, *found]
    random.Random(seed).shuffle(shuffled)
    handle(shuffled)
    after = state()
    handle(found)
    assert state() == after
    assert ContributionChange.objects.count() == 1
    assert len(after[0]) == len(after[1]) == 1


def test_each_event_alone_is_enough_to_find_the_gift(donor, told) -> None:
    pay_without_returning(donor, "alone@example.org", frequency="once")
    for event in told():
        if event["type"].startswith(("customer.", "payment_method.")) or (
            event["type"] == "payment_intent.created"  # no money has moved yet
        ):
            continue
        Contribution.objects.all().delete()
        StripeEvent.objects.all().delete()
        handle([event])
        assert Contribution.objects.get().status == "succeeded", event["type"]


def test_renewal_becomes_a_second_contribution(donor, told) -> None:
    donor.gives("renew@example.org")
    donor.advance(32)
    handle(told())
    promise = RecurringContribution.objects.get()
    assert [gift.status for gift in promise.contributions.all()] == ["succeeded"] * 2
    assert promise.status == "active"


def test_failed_renewal_is_a_failed_contribution_and_the_promise_ends(donor, told) -> None:
    pay_without_returning(donor, "fails@example.org", Card.FAILS_LATER)
    donor.advance(32)
    handle(told())
    promise = RecurringContribution.objects.get()
    assert sorted(gift.status for gift in promise.contributions.all()) == ["failed", "succeeded"]
    assert promise.status == "past_due"
    donor.advance(20)
    handle(told())
    promise.refresh_from_db()
    assert promise.status == "canceled" and promise.ended_at


def test_refund_is_mirrored_in_part_and_in_full(donor, told, stripe_sandbox) -> None:
    donor.gives("refund@example.org", frequency="once")
    gift = Contribution.objects.get()
    for amount, status in (("400", "partly_refunded"), ("600", "refunded")):
        data = {"payment_intent": gift.stripe_payment_intent, "amount": amount}
        requests.post(f"{stripe_sandbox}/v1/refunds", data=data, headers=API, timeout=10)
        handle(told())
        gift.refresh_from_db()
        assert gift.status == status
    assert gift.refunded == gift.amount
    assert [change.refunded for change in gift.changes.all()] == [0, 400, 1000]


def test_gift_ends_the_reminder_of_its_giver(donor, told) -> None:
    index = email_index("waiting@example.org")
    deferral = Deferral.objects.create(
        email="waiting@example.org", email_index=index, remind_at="2030-01-01T00:00Z"
    )
    donor.gives("Waiting@example.org")
    deferral.refresh_from_db()
    assert deferral.status == "given"


def test_later_events_of_a_gift_end_no_newer_reminder(donor, told, stripe_sandbox) -> None:
    donor.gives("again@example.org", frequency="once")
    deferral = Deferral.objects.create(
        email="again@example.org",
        email_index=email_index("again@example.org"),
        remind_at="2030-01-01T00:00Z",
    )
    data = {"payment_intent": Contribution.objects.get().stripe_payment_intent, "amount": "100"}
    requests.post(f"{stripe_sandbox}/v1/refunds", data=data, headers=API, timeout=10)
    handle(told())
    deferral.refresh_from_db()
    assert deferral.status == "waiting"


def test_event_whose_processing_fails_stays_open_and_is_tried_again(
    donor, told, monkeypatch
) -> None:
    pay_without_returning(donor, "later@example.org", frequency="once")
    [event] = [event for event in told() if event["type"] == "charge.succeeded"]

    def away(pk: str) -> stripe.Charge:
        raise stripe.APIConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "charge", away)
        handle([event])
    row = StripeEvent.objects.get()
    assert row.handled_at is None and "APIConnectionError" in row.error and row.tries == 1
    events.process(row)
    row.refresh_from_db()
    assert row.handled_at
    assert Contribution.objects.get().status == "succeeded"


def test_objects_that_we_did_not_make_are_left_alone(stripe_sandbox, db) -> None:
    """Stored, so that nobody asks again, and ignored."""
    for number, kind in enumerate(("account.updated", "invoice.upcoming", "nonsense")):
        row = StripeEvent.objects.create(
            id=f"evt_{number}", type=kind, object_id="x", created_at=timezone.now()
        )
        events.process(row)
        row.refresh_from_db()
        assert row.handled_at and not row.error


def test_every_event_of_the_table_has_a_reason_and_exists_at_stripe() -> None:
    """The package knows every type that an endpoint may ask for."""
    from stripe.params import _webhook_endpoint_create_params as params

    source = inspect.getsource(params)
    for kind, (_, reason) in events.EVENTS.items():
        assert f'"{kind}"' in source, kind
        assert reason


def test_locks_of_two_objects_do_not_wait_for_each_other(db) -> None:
    with sync.lock("pi_1"), sync.lock("pi_2"), sync.lock("pi_1"):
        pass


def test_first_events_of_a_subscription_in_many_orders(donor, told) -> None:
    """A sample of the orders in which a subscription's first nine events can come."""
    pay_without_returning(donor, "nine@example.org")
    found = told()[:9]
    ends = set()
    for order in itertools.islice(itertools.permutations(found), 0, 362880, 30011):
        Contribution.objects.all().delete()
        RecurringContribution.objects.all().delete()
        StripeEvent.objects.all().delete()
        handle(list(order))
        ends.add(str(state()))
    assert len(ends) == 1

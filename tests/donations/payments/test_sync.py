"""The newest object wins, whatever order events come in."""

import inspect
import itertools
import random
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import requests
import stripe
from django.db import transaction
from django.utils import timezone

from donations.finance.review import deciding
from donations.models import (
    Checkout,
    Contribution,
    ContributionChange,
    Receipt,
    RecurringContribution,
    Review,
    StripeEvent,
)
from donations.payments import events, gateway, sync
from donations.payments.leases import lease
from donations.payments.mirror.recurring import mirror_subscription
from donations.sandbox.objects import Card, Iban
from newsroom.models import TransactionalMail
from subscriptions.models import Subscription
from tests.donations.conftest import API, all_of, handle
from tests.factories import make_deferral, make_user


def state() -> tuple:
    return (
        list(Contribution.objects.order_by("stripe_payment_intent").values_list(
            "stripe_payment_intent", "status", "returned", "recurring__stripe_subscription")),
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
    assert [mail["subject"] for mail in inbox.to("closed@example.org")] == ["Thank you"]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_events_doubled_ends_in_the_same_rows(donor, told, seed: int) -> None:
    pay_without_returning(donor, "order@example.org")
    found = told()
    shuffled = [*found, *found]
    random.Random(seed).shuffle(shuffled)
    handle(shuffled, again=True)
    after = state()
    handle(found, again=True)
    assert state() == after
    assert ContributionChange.objects.count() == 1
    assert len(after[0]) == len(after[1]) == 1


def test_each_event_alone_is_enough_to_find_the_contribution(donor, told) -> None:
    pay_without_returning(donor, "alone@example.org", frequency="once")
    for event in told():
        if event["type"].startswith(("customer.", "payment_method.")) or (
            event["type"] == "payment_intent.created"  # no money has moved yet
        ):
            continue
        forget()
        handle([event], again=True)
        assert Contribution.objects.get().status == "succeeded", event["type"]


def test_renewal_becomes_a_second_contribution(donor, told) -> None:
    donor.gives("renew@example.org")
    donor.advance(32)
    handle(told())
    recurring = RecurringContribution.objects.get()
    assert [contribution.status for contribution in recurring.contributions.all()] == [
        "succeeded"
    ] * 2
    assert recurring.status == "active"


def test_failed_renewal_is_a_failed_contribution_and_the_recurring_one_ends(donor, told) -> None:
    pay_without_returning(donor, "fails@example.org", Card.FAILS_LATER)
    donor.advance(32)
    handle(told())
    recurring = RecurringContribution.objects.get()
    assert sorted(contribution.status for contribution in recurring.contributions.all()) == [
        "failed",
        "succeeded",
    ]
    assert recurring.status == "past_due"
    donor.advance(20)
    handle(told())
    recurring.refresh_from_db()
    assert recurring.status == "canceled" and recurring.ended_at


def test_refund_is_mirrored_in_part_and_in_full(donor, told, stripe_sandbox) -> None:
    donor.gives("refund@example.org", frequency="once")
    contribution = Contribution.objects.get()
    for amount, status in (("400", "partly_refunded"), ("600", "refunded")):
        data = {"payment_intent": contribution.stripe_payment_intent, "amount": amount}
        requests.post(f"{stripe_sandbox}/v1/refunds", data=data, headers=API, timeout=10)
        handle(told())
        contribution.refresh_from_db()
        assert contribution.status == status
    assert contribution.returned == contribution.amount
    assert [change.returned for change in contribution.changes.all()] == [0, 400, 1000]


def test_contribution_ends_the_reminder_of_its_giver(donor, told) -> None:
    deferral = make_deferral("waiting@example.org")
    donor.gives("Waiting@example.org")
    deferral.refresh_from_db()
    assert deferral.status == "given"


def test_later_events_of_a_contribution_end_no_newer_reminder(donor, told, stripe_sandbox) -> None:
    donor.gives("again@example.org", frequency="once")
    deferral = make_deferral("again@example.org")
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
        handle([event], again=True)
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
    with lease("pi_1"), lease("pi_2"):
        pass


def test_every_order_of_a_subscriptions_first_nine_events_ends_in_the_same_rows(
    donor, told
) -> None:
    """All 362,880. What an event does depends on the rows alone, as Stripe stands still: so each
    event is played once on each state that can be reached, and the orders then follow from that
    table."""
    pay_without_returning(donor, "nine@example.org", newsletter="on")
    found = told()[:9]
    after: dict[tuple[str, str], str] = {}

    def explore(here: str) -> None:
        for event in found:
            if (here, event["id"]) in after:
                continue
            with suppress(Rollback), transaction.atomic():
                StripeEvent.objects.all().delete()
                handle([event], again=True)
                there = after[here, event["id"]] = everything()
                if there != here:
                    explore(there)
                raise Rollback

    start = everything()
    explore(start)
    ids = [event["id"] for event in found]
    ends = set()
    for order in itertools.permutations(ids):
        here = start
        for pk in order:
            here = after[here, pk]
        ends.add(here)
    assert len(ends) == 1
    assert "succeeded" in ends.pop()


class Rollback(Exception):
    pass


def everything() -> str:
    """All rows that giving makes, without what differs from run to run."""
    rows = [
        Contribution.objects.values_list(
            "stripe_payment_intent", "status", "amount", "donor__email"
        ),
        RecurringContribution.objects.values_list("stripe_subscription", "status", "card"),
        ContributionChange.objects.values_list("status"),
        Receipt.objects.values_list("year", "number"),
        TransactionalMail.objects.order_by("purpose").values_list("purpose"),
        Subscription.objects.values_list("status"),
        Checkout.objects.filter(closed_at=None).values_list("amount"),
        Review.objects.values_list("kind", "about"),
    ]
    return str([list(found) for found in rows])


def forget() -> None:
    Receipt.objects.all().delete()
    Contribution.objects.all().delete()
    StripeEvent.objects.all().delete()


# --- Bank accounts answer later -----------------------------------------------------------------


def test_debit_is_on_its_way_for_days_and_thanked_for_once(donor, told, inbox, committing) -> None:
    with committing():
        page = donor.gives("sepa@example.org", Iban.PAYS, frequency="once", currency="eur")
        handle(told())
    assert "Your bank is still at work" in page.text
    assert Contribution.objects.get().status == "processing"
    assert inbox.to("sepa@example.org") == []
    donor.advance(4)
    for _ in range(2):
        with committing():
            handle(told())
    contribution = Contribution.objects.get()
    assert (contribution.status, contribution.payment_method) == ("succeeded", "sepa 3000")
    assert [mail["subject"] for mail in inbox.to("sepa@example.org")] == ["Thank you"]
    assert Receipt.objects.count() == 1


def test_debit_that_fails_days_later_is_told(donor, told, inbox, committing) -> None:
    with committing():
        donor.gives("sepa-no@example.org", Iban.FAILS, frequency="once", currency="eur")
        handle(told())
        donor.advance(4)
        handle(told())
    assert Contribution.objects.get().status == "failed"
    assert [mail["subject"] for mail in inbox.to("sepa-no@example.org")] == [
        "A payment did not go through"
    ]
    assert not Receipt.objects.exists()


def test_debit_that_the_bank_returns_is_disputed_for_good(donor, told) -> None:
    donor.gives("sepa-back@example.org", Iban.DISPUTED, frequency="once", currency="eur")
    donor.advance(4)
    handle(told())
    assert Contribution.objects.get().status == "disputed"
    assert not Review.objects.exists()  # there is nothing to answer


# --- What nobody expected -----------------------------------------------------------------------


def test_customer_deleted_at_stripe_leaves_the_donor_known(donor, told) -> None:
    donor.gives("deleted@example.org")
    handle(told())
    customer = RecurringContribution.objects.get().stripe_customer
    gateway.delete_customer(customer)
    gateway.delete_customer(customer)  # gone already: no harm
    handle(told())
    handle([event for event in told() if event["type"].startswith(("charge", "payment_intent"))])
    recurring = RecurringContribution.objects.get()
    assert (recurring.status, recurring.donor.email) == ("canceled", "deleted@example.org")
    assert Contribution.objects.get().donor == recurring.donor


def test_status_that_stripe_invents_opens_a_review_and_breaks_nothing(donor, told) -> None:
    donor.gives("new@example.org")
    handle(told())
    found = gateway.subscription(RecurringContribution.objects.get().stripe_subscription)
    found.status = "hibernating"
    mirror_subscription(found, None)
    assert RecurringContribution.objects.get().status == "hibernating"
    review = Review.objects.get(kind="unknown")
    assert "hibernating" in review.why
    officer = make_user("Finance")
    deciding.decide(review.pk, officer, "accept", "It sleeps.", form_id=uuid4(), left=0)
    mirror_subscription(found, None)
    assert not Review.objects.waiting().exists()
    found.status = "thawing"  # nobody has looked at that
    mirror_subscription(found, None)
    assert "thawing" in Review.objects.waiting().get().why


def test_newer_payment_is_not_written_over_by_the_older_one(
    donor, told, empty_stripe, monkeypatch
) -> None:
    """The recurring contribution is unknown and past due, so pulling its payment pulls it, and it
    its payments; and just then the donor pays."""
    donor.gives("race@example.org", Card.FAILS_LATER)
    donor.advance(32)
    [unpaid] = [one for one in all_of(empty_stripe, "invoices") if one["status"] == "open"]
    Receipt.objects.all().delete()
    Contribution.objects.all().delete()
    RecurringContribution.objects.all().delete()
    bills_of = gateway.bills_of

    def paid_meanwhile(invoice: Any) -> list[Any]:
        requests.post(unpaid["hosted_invoice_url"], data={"card": Card.VISA}, timeout=10)
        return bills_of(invoice)

    monkeypatch.setattr(gateway, "bills_of", paid_meanwhile)
    [bill] = bills_of(gateway.invoice(unpaid["id"]))
    sync.pull_payment(bill.payment.payment_intent)
    assert Contribution.objects.get().status == "succeeded"

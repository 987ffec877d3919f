"""Webhooks that never came: found again in Stripe's own lists."""

import io
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from donations.models import (
    CatchUp,
    Checkout,
    Contribution,
    ContributionChange,
    Receipt,
    RecurringContribution,
    StripeEvent,
)
from donations.payments import catch_up, sync
from donations.payments.leases import Busy
from newsroom.tasks import forget_what_is_over
from tests.donations.conftest import handle
from tests.donations.payments.test_sync import pay_without_returning

pytestmark = pytest.mark.django_db


def command(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_contribution_whose_webhooks_were_all_lost_is_found(donor) -> None:
    pay_without_returning(donor, "lost@example.org", frequency="monthly")
    assert not Contribution.objects.exists()
    assert "new events" in command("stripe_catch_up")
    assert Contribution.objects.get().status == "succeeded"
    assert RecurringContribution.objects.get().status == "active"
    assert not StripeEvent.objects.filter(handled_at=None).exists()


def test_second_catch_up_finds_nothing_new(donor) -> None:
    pay_without_returning(donor, "twice@example.org", frequency="once")
    command("stripe_catch_up")
    found = catch_up.run(timezone.now())
    assert found == {"new events": 0}
    assert CatchUp.objects.count() == 1
    assert ContributionChange.objects.filter(contribution=Contribution.objects.get()).count() == 1


def test_after_weeks_of_outage_the_objects_themselves_are_read(donor, monkeypatch) -> None:
    """Events are kept for 30 days: what they would have told is gone."""
    pay_without_returning(donor, "weeks@example.org", frequency="annual")
    CatchUp.objects.create(until=timezone.now() - timedelta(days=40))
    monkeypatch.setattr(catch_up, "_store_events", lambda since: 0)
    found = catch_up.run(timezone.now())
    none = dict.fromkeys(["new events", *catch_up.PULLERS], 0)
    assert found == none | {"subscriptions": 1, "payment_intents": 1}
    assert Contribution.objects.get().frequency == "annual"


def test_object_that_another_holds_is_tried_again_after_all_others(donor, monkeypatch) -> None:
    for address in ("one@example.org", "two@example.org"):
        pay_without_returning(donor, address, frequency="once")
    asked: list[str] = []

    def held_at_first(pk: str) -> None:
        asked.append(pk)
        if len(asked) == 1:
            raise Busy
        sync.pull_payment(pk)

    monkeypatch.setitem(catch_up.PULLERS, "payment_intents", held_at_first)
    found = catch_up.run(timezone.now(), objects=True)
    assert found["payment_intents"] == 2 and Contribution.objects.count() == 2
    assert len(asked) == 3 and asked[0] == asked[2]


def test_inbox_is_processed_though_an_object_stays_held(donor, monkeypatch) -> None:
    pay_without_returning(donor, "held@example.org", frequency="once")

    def held(pk: str) -> None:
        raise Busy

    monkeypatch.setitem(catch_up.PULLERS, "payment_intents", held)
    with pytest.raises(CommandError, match="run it again"):
        command("stripe_catch_up", "--objects")
    assert Contribution.objects.get().status == "succeeded"
    assert not CatchUp.objects.exists()  # the next one looks at it again


def test_what_is_over_is_forgotten_and_what_counts_is_kept(donor, told) -> None:
    donor.gives("kept@example.org", frequency="monthly")
    donor.continues(frequency="once")  # and nothing came of it
    handle(told())
    StripeEvent.objects.create(id="evt_open", type="x", object_id="x", created_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=61)):
        forget_what_is_over()
    assert StripeEvent.objects.get().pk == "evt_open"
    assert Checkout.objects.get() == Contribution.objects.get().checkout


def test_recurring_contributions_made_elsewhere_are_taken_over(donor) -> None:
    pay_without_returning(donor, "elsewhere@example.org", frequency="monthly", amount="7")
    Checkout.objects.all().delete()  # as if another system had made it
    shown = command("stripe_import", "--dry-run")
    assert "$7 monthly" in shown and not RecurringContribution.objects.filter(amount=700).exists()
    command("stripe_import")
    recurring = RecurringContribution.objects.get(amount=700)
    assert recurring.donor and recurring.donor.email == "elsewhere@example.org"
    count = RecurringContribution.objects.count()
    assert command("stripe_import").startswith("0 taken over")
    assert RecurringContribution.objects.count() == count


def test_what_came_before_the_take_over_is_not_thanked_for_again(
    donor, told, committing, inbox
) -> None:
    """The other system has done that. From the next payment on it is us."""
    pay_without_returning(donor, "taken@example.org", frequency="monthly", amount="7")
    Checkout.objects.all().delete()
    time.sleep(1.1)  # Stripe's times are whole seconds
    command("stripe_import")
    with committing():
        handle(told())
    assert Contribution.objects.get().arrived and not Receipt.objects.exists()
    assert inbox.to("taken@example.org") == []
    donor.advance(32)
    with committing():
        handle(told())
    assert [mail["subject"] for mail in inbox.to("taken@example.org")] == ["Thank you"]
    assert Receipt.objects.count() == 1

"""What the table of retention says is what happens at night: each of its rows is aged, and looked
at."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from wagtail import hooks

from donations.models import BankFile, BankLine, BlockedMark, Checkout, Deferral, StripeEvent
from donations.models.reviews.block_list import NETWORK_DAYS
from newsroom.core.kept import retention
from newsroom.core.kept.retention import Kept
from newsroom.core.privacy import keyed_hash, list_index
from newsroom.models import Asked, DailyReads, SuppressionLift, TransactionalMail
from newsroom.tasks import forget_what_is_over
from subscriptions.models import (
    AddressChange,
    Batch,
    Consent,
    DeliveryFailure,
    Mailing,
    Newsletter,
    ProviderEvent,
    ProviderEventKey,
    Subscriber,
    Subscription,
)
from subscriptions.models.provider_event import Told
from subscriptions.readers import signup
from subscriptions.readers.audience import audience_of
from tests.factories import (
    make_article,
    make_deferral,
    make_frozen,
    make_issue,
    make_site,
    make_subscriber,
    make_subscription,
)

pytestmark = pytest.mark.django_db


def moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def asked(day: date) -> Any:
    row = Asked.objects.create(what="signup", mailbox=keyed_hash(str(day), "x"), answered=True)
    return Asked.objects.filter(pk=row.pk).update(created_at=moment(day))


def mail(day: date) -> Any:
    key = keyed_hash(str(day), "mail")
    row = TransactionalMail.objects.create(purpose="welcome", key=key, status="failed", object_id=1)
    return TransactionalMail.objects.filter(pk=row.pk).update(created_at=moment(day))


def read(day: date) -> Any:
    DailyReads.objects.create(article=make_article(make_site().section), on=day, count=1)


def lifted(day: date) -> Any:
    SuppressionLift.objects.create(
        email_index=list_index(str(day)), reason="bounce", why="", on=day
    )


def typed(day: date) -> Any:
    row = make_subscription(make_site().newsletter, status="pending")
    Subscriber.objects.filter(pk=row.subscriber_id).update(created_on=day)
    Subscription.objects.filter(pk=row.pk).update(created_on=day)


def changing(day: date) -> Any:
    index = list_index(str(day))
    make_subscriber().address_changes.create(email="x@y.example", email_index=index, asked_on=day)


def left(day: date) -> Subscription:
    row = make_subscription(make_site().newsletter, status="unsubscribed")
    Subscription.objects.filter(pk=row.pk).update(unsubscribed_on=day, created_on=day)
    Consent.objects.create(subscription=row, action="withdrawn", how="page", on=day)
    return row


def forgotten(day: date) -> Any:
    reader = left(day).subscriber
    Subscriber.objects.filter(pk=reader.pk).update(email="", forgotten_on=day)


def pressed(day: date) -> Any:
    Newsletter.objects.update(ask_after=12)
    row = make_subscription(make_site().newsletter)
    Subscriber.objects.filter(pk=row.subscriber_id).update(pressed_on=day)
    Subscription.objects.filter(pk=row.pk).update(asked_on=day)


def known_presses() -> int:
    pressed = Subscriber.objects.exclude(pressed_on=None).count()
    assert pressed == Subscription.objects.exclude(asked_on=None).count()
    return pressed


def sent(day: date) -> Mailing:
    site = make_site()
    reader = make_subscription(site.newsletter).subscriber
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    settled = {"status": "accepted", "excluded_ids": [reader.pk], "left_out_ids": [reader.pk]}
    mailing.batches.update(**settled)
    DeliveryFailure.objects.create(mailing=mailing, subscriber=reader, kind="bounced")
    Mailing.objects.filter(pk=mailing.pk).update(frozen_at=moment(day))
    return mailing


def told(day: date) -> Any:
    index = list_index(str(day))
    ProviderEvent.objects.take_in([Told(index, "dead", index, None, "", day)])
    ProviderEvent.objects.filter(email_index=index).update(received_on=day, set_aside_on=day)
    ProviderEventKey.objects.filter(key=index).update(received_on=day)


def known_events() -> int:
    assert ProviderEvent.objects.count() == ProviderEventKey.objects.count()
    return ProviderEvent.objects.count()


def reminded(day: date) -> Any:
    make_deferral(f"{day}@example.org", status="lapsed", ended_on=day)


def wished(day: date) -> Any:
    make_deferral(f"{day}@example.org", status="asked", created_on=day)


def chosen(day: date) -> Any:
    ids = {"key": uuid.uuid4(), "form_id": uuid.uuid4(), "session_id": str(uuid.uuid4())}
    fields = {"frequency": "once", "amount": 1, "currency": "usd", "choices": "{}"}
    Checkout.objects.create(expires_at=moment(day) + timedelta(days=1), **ids, **fields)


def began(day: date) -> Any:
    chosen(day)
    newest = Checkout.objects.latest("pk")
    index = keyed_hash(str(day), "x")
    Checkout.objects.filter(pk=newest.pk).update(created_at=moment(day), network_index=index)


def blocked(day: date) -> Any:
    BlockedMark.objects.put([("network", keyed_hash(str(day), "x"))], "x", "x")
    until = day + timedelta(days=NETWORK_DAYS)
    BlockedMark.objects.filter(index=keyed_hash(str(day), "x")).update(until=until)


def brought(day: date) -> Any:
    file = BankFile.objects.create(name="x", kind="CSV", who="x", first_on=day, last_on=day)
    fields = {"key": str(day), "booked_on": day, "amount": 1, "currency": "usd", "text": "Ann"}
    BankLine.objects.create(file=file, not_ours=True, **fields)


def handled(day: date) -> Any:
    when = {"created_at": moment(day), "handled_at": moment(day)}
    event = StripeEvent.objects.create(id=f"evt_{day}", type="x", object_id="x", **when)
    StripeEvent.objects.filter(pk=event.pk).update(received_at=moment(day))


# For what forgets a row of the table: how to make one of a day, and how many are left.
AGED: dict[str, tuple[Callable[[date], Any], Callable[[], int]]] = {
    "forget_asked": (asked, Asked.objects.count),
    "forget_mails": (mail, TransactionalMail.objects.count),
    "forget_reads": (read, DailyReads.objects.count),
    "forget_lifts": (lifted, SuppressionLift.objects.count),
    "forget_unconfirmed": (typed, Subscriber.objects.count),
    "forget_changes": (changing, AddressChange.objects.count),
    "forget_addresses": (left, lambda: Subscriber.objects.filter(forgotten_on=None).count()),
    "forget_presses": (pressed, known_presses),
    "forget_consents": (forgotten, Consent.objects.count),
    "forget_recipients": (sent, lambda: Batch.objects.exclude(subscriber_ids=[]).count()),
    "forget_who_failed": (
        sent, lambda: DeliveryFailure.objects.exclude(subscriber=None).count(),
    ),
    "forget_events": (told, known_events),
    "forget_reminders": (reminded, Deferral.objects.count),
    "forget_texts": (brought, lambda: BankLine.objects.filter(forgotten=False).count()),
    "forget_unconfirmed_reminders": (wished, Deferral.objects.count),
    "forget_choices": (chosen, lambda: Checkout.objects.filter(choices__isnull=False).count()),
    "forget_networks": (
        began, lambda: Checkout.objects.filter(network_index__isnull=False).count(),
    ),
    "forget_blocked_networks": (blocked, BlockedMark.objects.count),
    "forget_what_is_over": (handled, StripeEvent.objects.count),
}  # fmt: skip


def enforced() -> list[Kept]:
    return [kept for kept in retention.table() if kept.days is not None]


def test_every_row_either_ends_in_days_at_night_or_says_when() -> None:
    assert sorted(kept.forget.__name__ for kept in enforced() if kept.forget) == sorted(AGED)
    for kept in retention.table():
        assert (kept.days is None) == (kept.forget is None) == bool(kept.until)


@pytest.mark.parametrize("name", AGED)
def test_what_was_kept_long_enough_is_forgotten_and_nothing_younger(site, name: str) -> None:
    [kept] = [one for one in enforced() if one.forget and one.forget.__name__ == name]
    make, how_many = AGED[name]
    today = timezone.localdate()
    make(today - timedelta(days=(kept.days or 0) + 1))
    make(today - timedelta(days=(kept.days or 0) - 1))
    assert how_many() == 2
    for _ in range(2):
        forget_what_is_over()
        assert how_many() == 1


def test_presses_are_forgotten_once_no_newsletter_asks_who_is_silent(site) -> None:
    pressed(timezone.localdate())
    Newsletter.objects.update(ask_after=None)
    forget_what_is_over()
    assert known_presses() == 0


def test_numbers_of_an_old_issue_stay(site) -> None:
    mailing = sent(timezone.localdate() - timedelta(days=400))
    before = mailing.progress()
    assert before["excluded"] == 1
    forget_what_is_over()
    assert mailing.progress() == before
    batch = mailing.batches.get()
    assert (batch.excluded_ids, batch.left_out_ids, batch.size) == ([0], [], 1)
    assert mailing.failures.count() == 1


def test_call_that_nobody_has_decided_keeps_its_readers(site) -> None:
    mailing = sent(timezone.localdate() - timedelta(days=400))
    mailing.batches.update(status="needs_review")
    forget_what_is_over()
    assert mailing.batches.get().subscriber_ids


def test_who_comes_back_after_long_brings_the_address(site, client) -> None:
    row = left(timezone.localdate() - timedelta(days=40))
    email = row.subscriber.email
    forget_what_is_over()
    reader = Subscriber.objects.get()
    assert reader.email == "" and reader.email_index == list_index(email)
    with pytest.raises(signup.Forgotten):
        signup.resubscribe(row)
    assert not audience_of(site.newsletter).exists()
    signup.sign_up(site.newsletter, email, "form")
    reader.refresh_from_db()
    assert (reader.email, reader.forgotten_on) == (email, None)
    assert row.consents.count() == 2  # what was agreed to before is there


@pytest.mark.parametrize("there", ["confirmed", "pending", "asked again"])
def test_address_of_who_is_somewhere_or_asks_again_stays(site, there: str) -> None:
    row = left(timezone.localdate() - timedelta(days=40))
    if there == "asked again":
        Subscription.objects.update(status="pending")
        Consent.objects.create(subscription=row, action="asked", how="form")
    else:
        Subscription.objects.update(status=there, unsubscribed_on=None)
        Consent.objects.create(subscription=row, action="asked", how="form")
    forget_what_is_over()
    assert Subscriber.objects.get().forgotten_on is None


def test_long_table_is_forgotten_in_small_transactions_and_a_failure_stops_no_other(
    site, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for day in range(5):
        asked(timezone.localdate() - timedelta(days=20 + day))

    def fails(before: date) -> None:
        raise ValueError("ann@example.org")

    broken = Kept("what", "why", days=1, forget=fails)
    with hooks.register_temporarily("retention", lambda: [broken], order=-1):
        forget_what_is_over()
    assert not Asked.objects.exists()
    assert "ValueError" in caplog.text and "ann@" not in caplog.text


def test_readers_can_read_the_table(client, site) -> None:
    page = client.get("/what-we-keep/").text
    assert (
        "7 days" in page
        and "3 years" in page
        and page.count("<tr>") == 1 + len(list(retention.table()))
    )
    assert "/what-we-keep/" in client.get("/privacy/").text
    assert "7 Tage" in client.get("/de/what-we-keep/").text

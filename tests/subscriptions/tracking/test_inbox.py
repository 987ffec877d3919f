"""The inbox of providers' events: what comes is kept once, followed in bulk, and gone."""

import copy
import random
import time
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsroom.core.privacy import keyed_hash, list_index
from newsroom.models import Suppression
from subscriptions.models import (
    Consent,
    DeliveryFailure,
    Mailing,
    ProviderEvent,
    ProviderEventKey,
    Subscription,
)
from subscriptions.models.provider_event import DELIVERED, Told
from subscriptions.readers import erasure
from subscriptions.sending import thresholds
from subscriptions.tasks import follow_events
from subscriptions.tracking import following
from tests.factories import make_article, make_frozen, make_issue, make_subscription
from tests.newsroom.mail.test_webhooks import ADDRESS, COMPLAINTS, SECRETS, post_signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing(site: Any) -> Mailing:
    """To three readers, its one call taken."""
    for name in ("ann", "bob", "eve"):
        make_subscription(site.newsletter, f"{name}@example.org")
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    mailing.batches.update(status="accepted", tries=1)
    return mailing


def told(
    what: str, email: str, batch_id: uuid.UUID | None = None, on: date | None = None, key: str = ""
) -> Told:
    key = key or f"{what} {email} {batch_id}"
    day = on or timezone.localdate()
    return Told(keyed_hash(key, "provider event"), what, list_index(email), batch_id, "", day)


def take_in(*events: Told) -> int:
    return ProviderEvent.objects.take_in(events)


# --- Taken in


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_a_provider_repeats_is_taken_once(client, settings, site, name: str) -> None:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    settings.MAIL_PROVIDER = name
    body = copy.deepcopy(COMPLAINTS[name])
    for _ in range(3):
        assert post_signed(client, name, body) == 200
        cache.clear()  # and with a new signature
    assert ProviderEvent.objects.count() == 1
    follow_events()
    Suppression.objects.all().delete()
    assert post_signed(client, name, body) == 200
    follow_events()
    assert not ProviderEvent.objects.exists() and not Suppression.objects.exists()


def test_one_request_with_thousands_is_stored_in_one_statement(client, settings, site) -> None:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    settings.MAIL_PROVIDER = "sparkpost"
    [one] = COMPLAINTS["sparkpost"]
    events = []
    for number in range(500):
        event = one["msys"]["message_event"] | {
            "event_id": str(number // 2),  # each of them twice
            "rcpt_to": f"{number // 2}@example.org",
            "raw_rcpt_to": f"{number // 2}@example.org",
        }
        events.append({"msys": {"message_event": event}})
    with CaptureQueriesContext(connection) as queries:
        assert post_signed(client, "sparkpost", events) == 200
    written = [one["sql"] for one in queries if "providerevent" in one["sql"]]
    assert len(written) == 1
    assert ProviderEvent.objects.count() == ProviderEventKey.objects.count() == 250


def test_no_address_and_no_words_of_a_server_come_into_the_database(client, settings, site) -> None:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    settings.MAIL_PROVIDER = "brevo"
    bounce = {"event": "hard_bounce", "reason": f"550 5.1.1 <{ADDRESS}> No such user"}
    assert post_signed(client, "brevo", COMPLAINTS["brevo"] | bounce) == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT one::text FROM subscriptions_providerevent one")
        [(row,)] = cursor.fetchall()
    # Besides its number and the index, which may have any digits.
    words = row.partition(",")[2].replace(list_index(ADDRESS).hex(), "")
    assert "dead" in words and "reader" not in words and "550" not in words
    assert ADDRESS.encode().hex() not in row and f"{time.localtime().tm_hour:02}:" not in row


def test_without_redis_events_are_taken_in(client, settings, site) -> None:
    """A beat finds them; nothing is queued by the request."""
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    away = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = settings.CACHES | {"default": away}
    for name in ("mailgun", "mailjet"):
        settings.MAIL_PROVIDER = name
        assert post_signed(client, name, COMPLAINTS[name]) == 200
    assert ProviderEvent.objects.count() == 2


# --- Followed


def outcome() -> Any:
    """All that events can change."""
    subscriptions = Subscription.objects.order_by("pk").values_list("pk", "status")
    failures = DeliveryFailure.objects.values_list("subscriber", "kind", "outlived")
    return (
        sorted((bytes(i), r) for i, r in Suppression.objects.values_list("email_index", "reason")),
        list(subscriptions),
        sorted(failures),
        Consent.objects.filter(action="withdrawn").count(),
    )


PEOPLE = ("ann@example.org", "bob@example.org", "nobody@example.org")
WHAT = (DELIVERED, "dead", "us", "complaint", "unsubscribe", "listed", "listed after a complaint")


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.sampled_from(WHAT), st.sampled_from(PEOPLE)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.integers(1, 5),
)
def test_any_order_and_any_repeats_end_in_the_same(
    mailing: Mailing, found: list[tuple[str, str]], chance: random.Random, at_once: int
) -> None:
    batch = mailing.batches.get().pk
    events = [told(what, email, batch) for what, email in found]
    ends = []
    for shuffled in (events, chance.sample(events * 2, len(events) * 2)):
        before = transaction.savepoint()
        while shuffled:
            take_in(*shuffled[:at_once])
            shuffled = shuffled[at_once:]
            following.follow_some()
        ends.append(outcome()[:3])
        transaction.savepoint_rollback(before)
    assert ends[0] == ends[1]


def test_a_worker_that_dies_in_the_middle_loses_nothing_and_does_nothing_twice(
    mailing, monkeypatch
) -> None:
    batch = mailing.batches.get().pk
    take_in(*(told(what, "ann@example.org", batch) for what in ("complaint", "dead", DELIVERED)))
    before = outcome()

    def dies(*args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(thresholds, "record", dies)  # the last step
        with pytest.raises(SystemExit):
            follow_events()
    assert outcome() == before and ProviderEvent.objects.waiting().count() == 3
    for _ in range(2):
        follow_events()
    assert outcome()[3] == 1 and DeliveryFailure.objects.count() == 2
    assert not ProviderEvent.objects.exists()


def test_one_that_can_not_be_followed_is_set_aside_and_stops_no_other(mailing, caplog) -> None:
    good = [told("dead", f"{number}@example.org") for number in range(9)]
    take_in(*good[:4], told("a verdict of tomorrow", "ann@example.org"), *good[4:])
    follow_events()
    assert Suppression.objects.count() == 9
    event = ProviderEvent.objects.get()
    assert event.set_aside_on == timezone.localdate()
    assert str(event.pk) in caplog.text and "ValueError" in caplog.text
    assert "tomorrow" not in caplog.text and "ann" not in caplog.text
    follow_events()  # it does not keep the loop busy
    assert ProviderEvent.objects.filter(set_aside_on=None).count() == 0


def test_thousand_events_take_as_many_queries_as_a_few(mailing, site) -> None:
    Mailing.objects.update(status="sent")  # nothing to stop
    batch = mailing.batches.get().pk

    def queries(people: int) -> int:
        readers = [make_subscription(site.newsletter).subscriber.email for _ in range(people)]
        whats = ("dead", "us", "complaint", DELIVERED)
        take_in(*(told(what, email, batch) for what in whats for email in readers))
        with CaptureQueriesContext(connection) as captured:
            following.follow_some()
        assert not ProviderEvent.objects.exists()
        return len(captured)

    assert queries(40) <= queries(2) < 40


@pytest.mark.parametrize("what", ["dead", "complaint", "unsubscribe"])
def test_what_is_told_late_decides_nothing_for_whom_has_confirmed_since(mailing, what) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Subscription.objects.update(confirmed_on=timezone.localdate())
    take_in(told(what, "ann@example.org", on=yesterday))
    follow_events()
    assert not Suppression.objects.exists()
    assert Subscription.objects.filter(status="confirmed").count() == 3
    take_in(told(what, "ann@example.org", key="once more"))
    follow_events()
    assert Suppression.objects.exists() or Subscription.objects.mailable().count() == 2


def test_what_is_told_late_does_not_undo_what_staff_lifted(mailing) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Suppression.add(list_index("ann@example.org"), "bounce")
    Subscription.objects.update(confirmed_on=yesterday)
    found = Suppression.of(list_index("ann@example.org"))
    assert found and found.lift("They told us.")
    take_in(told("dead", "ann@example.org", on=yesterday))
    follow_events()
    assert not Suppression.objects.exists()


def test_erased_while_their_event_waits_leaves_none(mailing) -> None:
    take_in(told("dead", "ann@example.org"), told("dead", "bob@example.org"))
    ann = Subscription.objects.get(subscriber__email_index=list_index("ann@example.org"))
    erasure.erase(ann.subscriber, never_again=False)
    follow_events()
    assert [bytes(one.email_index) for one in Suppression.objects.all()] == [
        list_index("bob@example.org")
    ]

"""The canary goes first; bounces and complaints stop what follows."""

from datetime import timedelta

import pytest
from anymail.signals import AnymailTrackingEvent
from django.utils import timezone

from newsroom.mail import providers
from subscriptions.models import IssuePage, Mailing, Newsletter
from subscriptions.sending import engine, transports
from subscriptions.tasks import follow_events
from subscriptions.tracking import inbox
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user
from tests.sending import send_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_canary(monkeypatch) -> None:
    monkeypatch.setattr(Newsletter, "CANARY", 4)


@pytest.fixture
def issue(site) -> IssuePage:
    for _ in range(24):
        make_subscription(site.newsletter)
    return make_issue(site.newsletter, [make_article(site.section)])


@pytest.fixture
def mailing(site, issue) -> Mailing:
    """To 24 readers and one on the seed list, the canary sent."""
    site.newsletter.canary_minutes = 10
    site.newsletter.save()
    seed = make_subscription(site.newsletter)
    seed.seed = True
    seed.save()
    return sent(issue)


def sent(issue: IssuePage) -> Mailing:
    mailing = make_frozen(issue)
    send_all()
    mailing.refresh_from_db()
    return mailing


def tell(mailing: Mailing, kind: str, count: int, first: int = 0) -> None:
    """Mailgun's events as the webhook hands them over, each of them twice."""
    raw = {"event": kind}
    if kind == "bounced":
        raw = {"event": "failed", "severity": "permanent", "reason": "bounce"}
        raw |= {"delivery-status": {"code": 550, "message": "5.1.1 No such user"}}
    batch = mailing.batches.earliest("seq")
    readers = list(mailing.newsletter.subscriptions.order_by("pk"))[first : first + count]
    for number, reader in enumerate(readers * 2):
        event = AnymailTrackingEvent(
            event_type=kind,
            event_id=f"{kind} {number}",
            recipient=reader.subscriber.email,
            metadata={"batch": str(batch.pk)},
            mta_response="5.1.1 No such user",
            esp_event={"event-data": raw},
        )
        inbox.take_in(providers.get("mailgun"), [event])
    follow_events()
    mailing.refresh_from_db()


def test_seed_list_and_a_sample_go_first_and_the_rest_waits(inbox, mailing, site) -> None:
    assert mailing.progress()["accepted"] == 5
    seed = site.newsletter.subscriptions.get(seed=True)
    assert inbox.to(seed.subscriber.email)
    assert mailing.rest_at == mailing.frozen_at + timedelta(minutes=10)
    assert mailing.status == "sending"
    assert mailing.release_rest(timezone.now())
    send_all()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.progress()["accepted"]) == ("sent", 25)


def test_pages_of_the_desk_say_how_many_readers_are_the_canary(client, mailing) -> None:
    client.force_login(make_user())
    desk = client.get(f"/admin/newsletters/issue/{mailing.issue_id}/").text
    seeds = client.get(f"/admin/newsletters/{mailing.newsletter_id}/seeds/").text
    assert "seed list and 4 readers" in desk and "with 4 readers" in seeds


def test_everyone_is_in_exactly_one_batch(mailing) -> None:
    ids = [pk for batch in mailing.batches.all() for pk in batch.subscriber_ids]
    assert len(ids) == len(set(ids)) == mailing.audience == 25


def test_small_issue_or_no_minutes_need_no_canary(issue, site, inbox, monkeypatch) -> None:
    site.newsletter.canary_minutes = 10
    site.newsletter.save()
    monkeypatch.setattr(Newsletter, "CANARY", 200)
    mailing = sent(issue)
    assert (mailing.status, mailing.rest_at) == ("sent", None)


def test_bounces_of_the_canary_stop_the_rest(mailing, monkeypatch) -> None:
    tell(mailing, "bounced", 9)
    assert mailing.status == "sending"
    tell(mailing, "bounced", 1, first=9)
    assert mailing.status == "paused"
    assert "10 of the first" in mailing.problem and "bounced" in mailing.problem
    assert mailing.release_rest(timezone.now())  # which starts nothing that is paused
    assert not engine.send_next(transports.open_transport())


def test_three_complaints_stop_a_small_mailing_and_resuming_turns_the_thresholds_off(
    mailing,
) -> None:
    tell(mailing, "complained", 2)
    assert mailing.status == "sending"
    tell(mailing, "complained", 1, first=2)
    assert mailing.status == "paused" and "complained" in mailing.problem
    assert engine.resume(mailing, timezone.now())
    tell(mailing, "complained", 5, first=3)
    assert mailing.status == "sending"


def test_few_failures_of_many_stop_nothing(mailing, monkeypatch) -> None:
    progress = Mailing.progress
    monkeypatch.setattr(
        Mailing, "progress", lambda self: progress(self) | {"accepted": 100_000, "rejected": 0}
    )
    tell(mailing, "bounced", 20)
    tell(mailing, "complained", 20)
    assert mailing.status == "sending"

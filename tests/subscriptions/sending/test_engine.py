"""The send engine against the mail sandbox, over real HTTP."""

import io
import math
import time
from collections import Counter
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from newsroom.core.privacy import list_index
from newsroom.mail import providers
from newsroom.models import Suppression
from subscriptions import tasks
from subscriptions.models import Batch, Edition, Mailing, Newsletter, Throttle
from subscriptions.readers import signup
from subscriptions.sending import claiming, engine, freezing, reconcile, transports
from tests.factories import make_frozen, make_subscription
from tests.sending import received, send_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch) -> None:
    per_call(monkeypatch, 2)


def per_call(monkeypatch, readers: int) -> None:
    provider = replace(providers.current(), per_call=readers)
    monkeypatch.setattr(providers, "current", lambda: provider)
    monkeypatch.setattr(providers, "get", lambda key: provider)


def settle(mailing: Mailing) -> None:
    """Let the probes' time pass, and send what they set free, until nothing moves."""
    for hours in range(1, 9):
        reconcile.run_due(timezone.now() + timedelta(hours=hours))
        Batch.objects.filter(status="pending").update(next_try_at=timezone.now())
        Throttle.objects.all().delete()
        send_all()


def test_everyone_gets_it_once_with_their_own_links(issue, audience, inbox, site) -> None:
    mailing = make_frozen(issue)
    assert (mailing.audience, mailing.batches.count()) == (5, 3)
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))
    links = set()
    for address in audience:
        [mail] = inbox.to(address)
        assert mail["subject"] == "On bread"
        assert "%recipient" not in mail["html"] + mail["text"] + str(mail["headers"])
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        list_id = f"newsletter-{site.newsletter.pk}.mail.example.org"
        assert mail["headers"]["List-Id"] == f"The Weekly <{list_id}>"
        link = mail["headers"]["List-Unsubscribe"].strip("<>")
        assert link in mail["text"]
        links.add(link)
    assert len(links) == 5


def test_header_link_unsubscribes_the_one_who_got_it(issue, audience, inbox, client, site) -> None:
    make_frozen(issue)
    send_all()
    [mail] = inbox.to(audience[2])
    path = "/" + mail["headers"]["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    client.post(path, {"List-Unsubscribe": "One-Click"})
    left = site.newsletter.subscriptions.filter(status="unsubscribed")
    assert [subscription.subscriber.email for subscription in left] == [audience[2]]


def test_sending_publishes_the_web_version(issue, audience, mail_sandbox) -> None:
    make_frozen(issue)
    issue.refresh_from_db()
    assert issue.live


def test_edit_after_approval_does_not_slip_into_the_mail(issue, audience, inbox) -> None:
    mailing = freezing.approve(issue, None, timezone.now())
    issue.subject = "Changed at the last minute"
    issue.save_revision()
    freezing.freeze(mailing, timezone.now())
    send_all()
    assert inbox.to(audience[0])[0]["subject"] == "On bread"


def test_reader_who_unsubscribes_mid_send_gets_no_mail(issue, audience, inbox, site) -> None:
    mailing = make_frozen(issue)
    last = site.newsletter.subscriptions.order_by("-subscriber").first()
    signup.unsubscribe(last, how="page")
    send_all()
    mailing.refresh_from_db()
    assert inbox.to(last.subscriber.email) == []
    assert mailing.progress()["excluded"] == 1
    assert mailing.progress()["accepted"] == 4
    assert mailing.status == "sent"


def test_suppressed_reader_is_not_in_the_audience(issue, audience, inbox) -> None:
    Suppression.objects.create(email_index=list_index(audience[0]), reason="bounce")
    assert make_frozen(issue).audience == 4


def test_issue_is_frozen_once_however_often_asked(issue, audience) -> None:
    mailing = freezing.approve(issue, None, timezone.now())
    assert [freezing.freeze(mailing, timezone.now()) for _ in range(3)] == [True, False, False]
    assert mailing.batches.count() == 3


def test_nothing_is_frozen_before_its_hour(issue, audience) -> None:
    later = timezone.now() + timedelta(minutes=1)
    mailing = freezing.approve(issue, None, later)
    assert not freezing.freeze(mailing, timezone.now())


def test_issue_can_be_approved_once(issue) -> None:
    freezing.approve(issue, None, timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        freezing.approve(issue, None, timezone.now())


def test_issue_for_nobody_is_sent_at_once(issue) -> None:
    mailing = freezing.approve(issue, None, timezone.now())
    tasks.start_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.status, mailing.audience) == ("sent", 0)


# --- When it goes wrong ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "500 before", "500 after", "nonsense"])
def test_fault_at_the_provider_loses_no_one_and_doubles_no_one(
    issue, audience, inbox, fault: str
) -> None:
    mailing = make_frozen(issue)
    inbox.fault(fault, times=2)
    send_all()
    Batch.objects.filter(status="pending").update(next_try_at=timezone.now())
    settle(mailing)
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))


@pytest.mark.parametrize("sent", [True, False])
def test_batch_of_a_vanished_worker_is_asked_after(issue, audience, inbox, sent: bool) -> None:
    """Killed after the claim: with the call accepted, or before it was made."""
    mailing = make_frozen(issue)
    claim = claiming.claim()
    if sent:
        transports.open_transport().send(claim)
    Batch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    send_all()
    settle(mailing)
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))


def test_worker_that_wakes_after_its_lease_brings_evidence(issue, audience, inbox) -> None:
    mailing = make_frozen(issue)
    claim = claiming.claim()
    batch = claim.batch
    Batch.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    reconcile.run_due(timezone.now())
    transports.open_transport().send(claim)
    engine.finish(batch, "accepted", provider_id="<x>")
    batch.refresh_from_db()
    assert batch.status == "accepted"
    send_all()
    settle(mailing)
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))


def test_claim_stays_as_it_was_made(issue, audience) -> None:
    make_frozen(issue)
    before = time.monotonic()
    claim = claiming.claim()
    lease = claim.batch.lease_until - claim.batch.tried_at
    assert before < claim.call_before - lease.total_seconds() / 3 < time.monotonic()
    with pytest.raises(FrozenInstanceError):
        claim.call_before = math.inf
    with pytest.raises(FrozenInstanceError):
        claim.recipients[0].email = "somebody@example.org"


def test_after_three_calls_in_doubt_no_more_are_made_until_they_are_settled(
    issue, audience, inbox, site
) -> None:
    for _ in range(7):
        make_subscription(site.newsletter)
    mailing = make_frozen(issue)
    inbox.fault("500 before", times=50)
    send_all()
    assert mailing.batches.filter(status="in_doubt").count() == 3
    inbox.fault("", times=0)
    settle(mailing)
    mailing.refresh_from_db()
    assert mailing.status == "sent"


def test_event_about_a_call_that_was_never_made_proves_nothing(issue, audience, site) -> None:
    mailing = make_frozen(issue)
    batch = mailing.batches.first()
    reconcile.found(batch.pk, "<forged>")
    batch.refresh_from_db()
    assert batch.status == "pending"


def test_worker_that_was_stopped_before_the_call_does_not_make_it(
    issue, audience, inbox, monkeypatch
) -> None:
    """Others may have asked after the call meanwhile, and sent it."""
    mailing = make_frozen(issue)
    compose = transports.compose

    def stopped(*args):
        monkeypatch.setattr(transports, "time", SimpleNamespace(monotonic=lambda: math.inf))
        return compose(*args)

    monkeypatch.setattr(transports, "compose", stopped)
    transport = transports.open_transport()
    assert engine.send_next(transport)
    transport.close()
    assert sum(received(inbox, audience).values()) == 0
    assert mailing.progress()["pending"] == 5


def test_unreachable_provider_is_a_definite_no(issue, audience, settings) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_API_URL": "http://127.0.0.1:9/v3"}
    make_frozen(issue)
    assert engine.send_next(transports.open_transport())
    batch = Batch.objects.order_by("-tries").first()
    assert (batch.status, batch.error) == ("pending", "the provider could not be reached")
    assert batch.next_try_at > timezone.now()


def test_refused_account_pauses_the_mailing_and_says_why(issue, audience, settings, inbox) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_API_KEY": "wrong"}
    mailing = make_frozen(issue)
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert "401" in mailing.problem
    assert mailing.progress()["pending"] == 5


@pytest.mark.parametrize("bad", ["reader@localhost", "no one@example.org"])
def test_address_that_is_refused_costs_nobody_else_the_mail(
    issue, audience, inbox, site, monkeypatch, bad: str
) -> None:
    """By the provider, or by Anymail before the call."""
    per_call(monkeypatch, 1000)
    make_subscription(site.newsletter, bad)  # stored before we were as strict
    mailing = make_frozen(issue)
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))
    assert mailing.progress()["rejected"] == 1
    assert Suppression.objects.get(email_index=list_index(bad))


def test_mail_that_the_provider_refuses_for_everyone_pauses(issue, audience, inbox, site) -> None:
    for _ in range(15):
        make_subscription(site.newsletter)
    mailing = make_frozen(issue)
    Newsletter.objects.update(sender_address="not an address")
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert mailing.problem == "an address is not valid"
    numbers = mailing.progress()
    assert numbers["pending"] + numbers["rejected"] == 20
    assert numbers["rejected"] <= engine.HALVINGS_BEFORE_PAUSE


def test_without_a_way_to_ask_a_person_decides(issue, audience, inbox, monkeypatch) -> None:
    silent = replace(providers.current(), find=None)
    monkeypatch.setattr(providers, "current", lambda: silent)
    monkeypatch.setattr(providers, "get", lambda key: silent)
    mailing = make_frozen(issue)
    inbox.fault("500 after")
    send_all()
    settle(mailing)
    [unknown] = mailing.batches.filter(status="needs_review")
    mailing.refresh_from_db()
    assert mailing.status == "sending"
    assert reconcile.decide(unknown, sent=True)
    assert not reconcile.decide(unknown, sent=False)  # one winner
    mailing.refresh_from_db()
    assert mailing.status == "sent"


def test_pause_resume_and_cancel(issue, audience, inbox) -> None:
    mailing = make_frozen(issue)
    transport = transports.open_transport()
    engine.send_next(transport)
    assert mailing.move("paused")
    assert not engine.send_next(transport)
    assert mailing.move("sending")
    assert engine.send_next(transport)
    assert engine.cancel(mailing)
    assert not engine.send_next(transport)
    assert sum(received(inbox, audience).values()) == 4
    assert not mailing.move("sending")


def test_mailing_is_steered_from_the_terminal(issue, audience) -> None:
    mailing = make_frozen(issue)

    def command(action: str) -> str:
        out = io.StringIO()
        call_command("mailing", action, str(mailing.pk), stdout=out)
        return out.getvalue()

    assert "sending" in command("status") and "pending" in command("status")
    assert "paused" in command("pause")
    with pytest.raises(CommandError, match="only a mailing being sent"):
        command("pause")
    assert "sending" in command("resume")
    assert "cancelled" in command("cancel")
    with pytest.raises(CommandError, match="only a paused mailing"):
        command("resume")
    with pytest.raises(CommandError, match="no mailing 0"):
        call_command("mailing", "status", "0")


def test_mailing_past_its_last_hour_waits_for_a_person(issue, audience) -> None:
    mailing = make_frozen(issue)
    Mailing.objects.update(not_after=timezone.now())
    send_all()
    assert mailing.progress()["pending"] == 5
    tasks.keep_hours()
    mailing.refresh_from_db()
    assert mailing.status == "paused"


def test_test_mail_is_marked_and_reaches_only_the_editor(issue, audience, inbox) -> None:
    engine.send_test(issue, ["tester@example.org"], Edition(0))
    [mail] = inbox.to("tester@example.org")
    assert mail["subject"] == "[Test] On bread"
    assert "%recipient" not in mail["html"]
    assert sum(received(inbox, audience).values()) == 0


def test_each_try_waits_twice_as_long_as_the_one_before_and_ten_minutes_at_most() -> None:
    waits = [engine._backoff(tries).total_seconds() for tries in range(12)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]

"""Whose fault a mail server's refusal is: the scripted server says no in many ways."""

import logging
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.mail import outbox
from newsroom.models import Suppression
from newsroom.models import TransactionalMail as SingleMail
from subscriptions.models import Batch, BatchEvent, Throttle
from subscriptions.sending import engine
from tests.factories import make_subscription
from tests.queries import sql_of
from tests.sending import send_all
from tests.subscriptions.sending.mailserver import MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.costly]

US = [
    ("rcpt", "550 5.7.1 Message refused by policy"),
    ("rcpt", "553 5.7.1 Sender address rejected: not owned by user"),
    ("rcpt", "550 5.4.5 Daily user sending quota exceeded"),
    ("rcpt", "550-5.7.26 This mail is unauthenticated,\r\n550 5.7.26 which poses a risk"),
    ("rcpt", "550 5.1.8 Sender address rejected: Domain not found"),
    ("rcpt", "501 5.5.4 Bad parameters"),
    ("rcpt", "550 5.3.4 Message size exceeds fixed limit"),
    ("rcpt", "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
    ("rcpt", "554 relay access denied"),
    ("rcpt", "550 5.7.1 Sender suppressed by policy"),
    ("rcpt", "550 Administrative prohibition"),
    ("mail", "550 5.1.1 no such user"),
    ("mail", "550 mailbox unavailable"),
    ("mail", "530 5.7.0 Authentication required"),
    ("mail", "552 5.2.2 mailbox full"),
    ("data", "554 5.5.1 no"),
    ("end", "550 5.1.1 rejected"),
    ("end", "550 no"),
    ("end", "554 5.6.0 content rejected"),
    ("end", "554 5.7.1 This looks like spam"),
]
DEAD = [
    ("rcpt", "550 5.1.1 unknown"),
    ("rcpt", "550 5.1.10 recipient not found"),
    ("rcpt", "550 5.2.1 The account is disabled"),
    ("rcpt", "550 no such user here"),
    ("rcpt", "550 5.1.1 antispam.example.org: User unknown, see https://example.org/spam-policy"),
    ("rcpt", "550-Mailbox\r\n550 not found"),
    ("rcpt", "550 5.4.1 Recipient address rejected: Access denied"),
    ("end", "552 1 Requested mail action aborted, mailbox not found"),
    ("end", "550 5.1.1 User unknown"),
]
LATER = [
    ("rcpt", "552 5.2.2 mailbox full"),
    ("rcpt", "550 5.2.2 over quota"),
    ("rcpt", "552 5.2.2 Mailbox size limit exceeded"),
    ("rcpt", "550 5.7.1 No such user!"),
    ("rcpt", "552 5.1.1 Boite du destinataire pleine. OFR_417 [417]"),
    ("rcpt", "550 5.2.1 is receiving mail at a rate that prevents additional messages"),
    ("rcpt", "550 5.3.1 system full"),
    ("rcpt", "550 5.0.0 rejected"),
    ("rcpt", "550 no"),
    ("rcpt", "550"),
    ("rcpt", "450 4.2.1 later"),
    ("rcpt", "451 4.7.1 greylisted"),
    ("end", "552 5.2.2 mailbox full"),
    ("end", "450 4.7.0 later"),
    ("mail", "451 4.7.1 slow down"),
    ("data", "450 4.3.0 not now"),
]  # fmt: skip


def copies(server: MailServer) -> Counter:
    return Counter(taken.to for taken in server.taken)


def go_on(mailing, hours: int = 8) -> None:
    for _ in range(hours):
        Batch.objects.filter(status="pending").update(next_try_at=timezone.now())
        Throttle.objects.all().delete()
        send_all()
    mailing.refresh_from_db()


@pytest.mark.parametrize(
    ("whom", "stage", "answer"),
    [
        *(("everybody", *no) for no in US),
        ("one", *US[0]),
        ("one", *US[-1]),
        ("one", "data", "554 x"),
    ],
)
def test_refusal_of_us_pauses_with_the_servers_words_and_loses_nobody(
    mailing, readers, server, stage, answer, whom, caplog
) -> None:
    address = "*" if whom == "everybody" or stage == "mail" else readers[2]
    server.script = {(stage, address): answer}
    caplog.set_level(logging.INFO)
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    for line in answer.split("\r\n"):
        assert line[4:] in mailing.problem
    assert not Suppression.objects.exists()
    assert mailing.progress()["pending"] == len(readers) - len(server.taken)
    server.script = {}
    assert engine.resume(mailing, timezone.now())
    go_on(mailing)
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


@pytest.mark.parametrize(
    ("pipelining", "stage", "answer"),
    [*((True, *no) for no in DEAD), (False, *DEAD[0]), (False, *DEAD[-1])],
)
def test_refusal_of_the_address_suppresses_it_alone(
    mailing, readers, server, stage, answer, pipelining
) -> None:
    server.pipelining = pipelining
    server.script = {(stage, readers[2]): answer}
    go_on(mailing)
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(set(readers) - {readers[2]}, 1))
    assert Suppression.objects.get().reason == "refused"


@pytest.mark.parametrize(("stage", "answer"), LATER)
def test_doubt_means_later_and_never_for_ever(mailing, readers, server, stage, answer) -> None:
    server.script = {(stage, "*" if stage == "mail" else readers[2]): answer}
    send_all()
    server.script = {}
    go_on(mailing)
    assert (mailing.status, Suppression.objects.count()) == ("sent", 0)
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


@pytest.mark.parametrize("answer", ["552 5.2.2 mailbox full", "550 no", "452 4.2.2 full"])
def test_mailbox_that_stays_full_is_given_up_and_counted_but_not_suppressed(
    mailing, readers, server, answer
) -> None:
    server.script = {("rcpt", readers[2]): answer}
    go_on(mailing)
    assert (mailing.status, Suppression.objects.count()) == ("sent", 0)
    assert mailing.progress()["rejected"] == 1
    assert [failure.kind for failure in mailing.failures.all()] == ["soft"]


@pytest.mark.parametrize("stage", ["rcpt", "end"])
def test_reader_refused_because_of_us_again_is_given_up_and_the_others_get_it(
    mailing, readers, server, stage
) -> None:
    """One receiver's policy does not pause a mailing for ever, nor cost its reader the list."""
    server.script = {(stage, readers[2]): "550 5.7.1 refused by policy"}
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert engine.resume(mailing, timezone.now())
    go_on(mailing)
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(set(readers) - {readers[2]}, 1))
    assert not Suppression.objects.exists()
    assert [failure.kind for failure in mailing.failures.all()] == ["us"]
    assert mailing.progress()["rejected"] == 1


def test_after_a_person_has_seen_it_one_receiver_stops_nothing_and_everybody_stops_it_again(
    mailing, readers, server
) -> None:
    policy = "550 5.7.1 refused by policy"
    server.script = {("rcpt", "*"): policy}
    send_all()
    mailing.refresh_from_db()
    assert engine.resume(mailing, timezone.now())
    go_on(mailing)
    assert mailing.status == "paused"
    assert mailing.progress()["pending"] == len(readers)
    assert engine.resume(mailing, timezone.now())
    server.script = {("rcpt", readers[5]): policy}
    go_on(mailing)
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers[:5], 1))


@pytest.mark.parametrize(
    ("stage", "answer"),
    [("rcpt", "451 Temporary local problem"), ("rcpt", "550 no"), ("rcpt", "550 5.7.1 policy"),
     ("mail", "550 5.7.1 policy")],
)  # fmt: skip
def test_server_that_refuses_everybody_loses_nobody_however_often_a_person_resumes(
    mailing, readers, server, stage, answer
) -> None:
    server.script = {(stage, "*"): answer}
    for _ in range(4):
        go_on(mailing)
        assert mailing.status == "paused"
        assert answer in mailing.problem
        engine.resume(mailing, timezone.now())
    assert mailing.progress()["pending"] == len(readers)
    server.script = {}
    go_on(mailing)
    assert (mailing.status, Suppression.objects.count()) == ("sent", 0)
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


def test_reader_has_their_tries_however_often_the_server_was_away_before(
    mailing, readers, server
) -> None:
    mailing.batches.update(tries=9)
    server.script = {("rcpt", readers[2]): "450 4.2.0 Greylisted, come back in five minutes"}
    send_all()
    [waiting] = mailing.batches.filter(status="pending")
    assert waiting.next_try_at > timezone.now() + timedelta(seconds=30)
    server.script = {}
    go_on(mailing)
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


def test_servers_words_are_kept_without_the_readers_address(
    mailing, readers, server, caplog
) -> None:
    reader = readers[0]
    local = reader.partition("@")[0]
    server.script = {
        ("rcpt", "*"): f'550-5.7.1 <{reader}> "{local}"@example.org {reader.upper()}\r\n'
        f"550 5.7.1 no mail for {local} https://x.example/?to={reader.replace('@', '%40')}"
    }
    caplog.set_level(logging.INFO)
    send_all()
    mailing.refresh_from_db()
    assert "5.7.1" in mailing.problem and "no mail for" in mailing.problem
    notes = [mailing.problem, caplog.text]
    notes += [batch.error for batch in Batch.objects.all()]
    notes += [event.what for event in BatchEvent.objects.all()]
    for note in notes:
        assert local not in note.lower()


def test_answer_without_end_is_no_answer(mailing, readers, server) -> None:
    server.script = {("rcpt", readers[0]): "\r\n".join(["550-5.1.1 x"] * 5000)}
    send_all()
    assert not Suppression.objects.exists()


def test_server_that_greets_us_with_a_refusal_pauses(mailing, readers, server, monkeypatch) -> None:
    server.greeting = "554 5.7.1 banned IP"
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert "554 5.7.1 banned IP" in mailing.problem


@pytest.mark.parametrize(
    ("stage", "answer", "status"),
    [("rcpt", "550 5.1.1 unknown", "failed"), ("rcpt", "550 5.7.1 policy", "waiting"),
     ("rcpt", "450 4.2.1 later", "waiting"), ("mail", "550 5.7.1 " + "no " * 200, "waiting")],
)  # fmt: skip
def test_single_mail_is_given_up_only_for_its_address(server, site, stage, answer, status) -> None:
    reader = make_subscription(site.newsletter)
    mail = SingleMail.objects.create(purpose="welcome", object_id=reader.pk, key=b"w")
    server.script = {(stage, "*"): answer}
    outbox.send(mail, timezone.now())
    mail.refresh_from_db()
    assert (mail.status, mail.in_doubt) == (status, False)
    assert answer[:3] in mail.error


def test_two_batches_suppress_the_same_addresses_in_the_same_order(site, monkeypatch) -> None:
    readers = [make_subscription(site.newsletter).subscriber for _ in range(6)]
    monkeypatch.setattr(engine.thresholds, "record", lambda failed: None)
    said = sql_of(lambda: engine._suppress(Batch(), [reader.pk for reader in readers]))
    [added] = [one for one in said if "INSERT INTO newsroom_suppression" in one]
    assert "ORDER BY email_index" in added
    assert Suppression.objects.filter(reason="refused").count() == len(readers)

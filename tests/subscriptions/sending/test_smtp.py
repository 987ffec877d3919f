"""Sending through a mail server of one's own: pipelined, journaled, one reader in doubt at most."""

import itertools
import os
import signal
import ssl
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection, transaction
from django.utils import timezone

from newsroom.core import clock, tokens
from newsroom.devserver import engines
from newsroom.models import Suppression
from subscriptions.models import Batch, Mailing, Throttle
from subscriptions.readers import by_mail
from subscriptions.readers.links import unsubscribe_url
from subscriptions.sending import claiming, reconcile, smtp, transports
from tests.environment import free_port
from tests.sending import send_all
from tests.subscriptions.sending.mailserver import MailServer, reader_of
from tests.subscriptions.sending.test_mime import received

pytestmark = [pytest.mark.django_db, pytest.mark.costly]


def later() -> None:
    """Let back-off and leases pass."""
    for _ in range(8):
        Batch.objects.filter(status="pending").update(next_try_at=timezone.now())
        Batch.objects.filter(status="sending").update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        reconcile.run_due(timezone.now())
        Throttle.objects.all().delete()
        send_all()


def copies(server: MailServer) -> Counter:
    return Counter(taken.to for taken in server.taken)


@pytest.mark.parametrize("pipelining", [True, False])
def test_everyone_gets_their_own_copy_over_one_connection(
    mailing, readers, server, site, settings, pipelining
) -> None:
    server.pipelining, settings.LEAVE_BY_MAIL = pipelining, True
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert (copies(server), server.connections) == (Counter(dict.fromkeys(readers, 1)), 1)
    ids = set()
    for taken in server.taken:
        mail = received(taken.raw)
        assert mail["Subject"] == "Über Brot" and mail["To"] == taken.to
        assert "reader" not in taken.sender
        reader = reader_of(taken.sender)
        subscription = site.newsletter.subscriptions.get(subscriber=reader)
        link = unsubscribe_url(tokens.permanent("unsubscribe", subscription.pk))
        https, mailto = mail["List-Unsubscribe"].split(", ")
        assert https == f"<{link}>"
        address = mailto.removeprefix("<mailto:").partition("?")[0]
        assert by_mail.subscription_of(address) == subscription.pk
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for kind in ("html", "plain"):
            body = mail.get_body((kind,))
            assert body and link in body.get_content()
        ids.add(mail["Message-ID"])
    assert len(ids) == len(readers)


@pytest.mark.parametrize("fault", ["550 rcpt", "354 anyway"])
def test_unknown_reader_is_suppressed_and_costs_nobody_else_the_mail(
    mailing, readers, server, fault
) -> None:
    server.faults = {readers[2]: fault}
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(set(readers) - {readers[2]}, 1))
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("fault", ["450 rcpt", "450 data", "421 data", "drop before"])
def test_reader_who_was_not_served_is_served_later(mailing, readers, server, fault) -> None:
    """A drop in the middle of a message leaves the others certain."""
    server.faults = {readers[2]: fault}
    send_all()
    server.faults = {}
    later()
    unknown = mailing.batches.filter(status="needs_review")
    assert unknown.count() == (1 if fault == "drop before" else 0)  # we can't tell it from after
    for batch in unknown:
        assert batch.size == 1
        reconcile.decide(batch, sent=False)
    later()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


def test_reader_refused_for_now_five_times_is_given_up_but_not_suppressed(
    mailing, readers, server
) -> None:
    server.faults = {readers[0]: "450 data"}
    send_all()
    later()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert mailing.progress()["rejected"] == 1
    assert not Suppression.objects.exists()


def test_line_cut_after_the_message_was_taken_leaves_one_reader_in_doubt(
    mailing, readers, server
) -> None:
    server.faults = {readers[3]: "drop after"}
    send_all()
    server.faults = {}
    later()
    [unknown] = mailing.batches.filter(status="needs_review")
    assert (unknown.size, mailing.progress()["accepted"]) == (1, 5)
    assert "An editor has to decide" in unknown.events.last().what
    reconcile.decide(unknown, sent=True)
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


@pytest.mark.parametrize("after", [3, 0])
def test_worker_that_is_told_to_end_leaves_what_it_has_not_begun_to_the_next(
    mailing, readers, server, monkeypatch, after
) -> None:
    asked = itertools.count()
    with monkeypatch.context() as told:
        told.setattr(smtp, "ending", lambda: next(asked) >= after)
        send_all()
    assert copies(server) == Counter(dict.fromkeys(readers[:after], 1))
    assert not mailing.batches.exclude(status__in=["accepted", "pending"]).exists()
    later()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours runs after it."""


@pytest.mark.parametrize("at", range(7))
def test_worker_that_dies_leaves_one_reader_in_doubt_at_most(
    mailing, readers, server, monkeypatch, at
) -> None:
    write = transports.journal_of

    def dying(batch):
        def journal(begun, done):
            write(batch)(begun, done)
            if begun == at:
                raise Killed

        return journal

    monkeypatch.setattr(transports, "journal_of", dying)
    if at:
        with pytest.raises(Killed):
            send_all()
    monkeypatch.setattr(transports, "journal_of", write)
    later()
    unknown = list(mailing.batches.filter(status="needs_review"))
    assert sum(batch.size for batch in unknown) == (1 if at else 0)
    for batch in unknown:
        [reader] = batch.subscriber_ids
        got = [t for t in server.taken if reader == reader_of(t.sender)]
        reconcile.decide(batch, sent=bool(got))
    later()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


@pytest.mark.parametrize("answer", ["450 4.2.0 later", "550 5.7.1 policy", "550 5.1.1 unknown"])
def test_reader_whom_the_server_refused_before_the_worker_died_is_not_left_behind_as_sent(
    mailing, readers, server, monkeypatch, answer
) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(thresholds_on=False)  # so that it goes on
    server.script = {("rcpt", readers[1]): answer}
    write = transports.journal_of

    def dying(batch):
        def journal(begun, done):
            if begun == 5:
                raise Killed
            write(batch)(begun, done)

        return journal

    monkeypatch.setattr(transports, "journal_of", dying)
    with pytest.raises(Killed):
        send_all()
    monkeypatch.setattr(transports, "journal_of", write)
    server.script = {}
    later()
    [unknown] = mailing.batches.filter(status="needs_review")
    assert unknown.size == 1
    got = {reader_of(taken.sender) for taken in server.taken}
    reconcile.decide(unknown, sent=unknown.subscriber_ids[0] in got)
    later()
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


def test_journal_older_than_the_databases_last_start_is_not_trusted(
    mailing, readers, server, monkeypatch
) -> None:
    """What a crashed database forgot of the journal may have been sent: a person decides."""
    monkeypatch.setattr(reconcile, "_database_restarted_since", lambda at: True)
    claim = claiming.claim()
    Batch.objects.filter(pk=claim.batch.pk).update(begun=3, done=2)
    later()
    unknown = mailing.batches.get(status="needs_review")
    assert unknown.size == 4
    assert mailing.progress()["accepted"] == 2


@pytest.mark.rare
@pytest.mark.django_db(transaction=True)
def test_database_one_of_whose_processes_crashed_has_restarted() -> None:
    before = clock.now()
    connection.close()
    with psycopg.connect(host=str(engines.sockets()), user="postgres") as other:
        os.kill(other.info.backend_pid, signal.SIGKILL)
        engines.wait_for_postgres()
    assert reconcile._database_restarted_since(before)
    assert not reconcile._database_restarted_since(clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("entry", ["journal", "left out"])
def test_entry_commits_without_waiting_and_leaves_the_connection_as_it_was(mailing, entry) -> None:
    """Behind a pool, or PgBouncer, the connection is somebody else's next."""
    batch = claiming.claim().batch
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = local")  # whatever its owner wants
    with transaction.atomic():
        if entry == "journal":
            transports.journal_of(batch)(1, 0)
        else:
            transports.left_out_of(batch)(batch.subscriber_ids[0])
        assert synchronous_commit() == "off"
    assert synchronous_commit() == "local"
    send_all()
    assert synchronous_commit() == "local"
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


def synchronous_commit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0]


def test_worker_that_wakes_after_its_lease_stops_at_once(mailing, readers, server) -> None:
    claim = claiming.claim()
    Batch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    reconcile.run_due(timezone.now())
    with pytest.raises(transports.LostClaim):
        transports.open_transport().send(claim)
    assert server.taken == []
    send_all()
    assert copies(server) == Counter(dict.fromkeys(readers, 1))


def test_server_that_is_away_is_a_definite_no(mailing, server, settings) -> None:
    settings.EMAIL_PORT = 9
    send_all()
    [batch] = mailing.batches.all()
    assert (batch.status, batch.error) == ("pending", "the mail server could not be reached")


# --- STARTTLS and AUTH, against aiosmtpd ------------------------------------------------------


class Box:
    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.to += envelope.rcpt_tos
        return "250 OK"


def authenticate(server, session, envelope, mechanism, auth_data) -> AuthResult:
    good = isinstance(auth_data, LoginPassword) and auth_data.password == b"right"
    return AuthResult(success=good, handled=good)


@pytest.fixture
def secure(tmp_path, server, settings, monkeypatch) -> Iterator[Box]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    box = Box()
    controller = Controller(
        box, hostname="localhost", port=0, tls_context=context, require_starttls=True,
        authenticator=authenticate, auth_required=True,
    )  # fmt: skip
    controller.port = free_port()
    controller.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", controller.port
    settings.EMAIL_USE_TLS = True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "news", "right"
    yield box
    controller.stop()


def test_connection_is_encrypted_and_logged_in(mailing, readers, secure) -> None:
    send_all()
    assert Counter(secure.to) == Counter(dict.fromkeys(readers, 1))


def test_wrong_password_pauses_and_says_so(mailing, secure, settings) -> None:
    settings.EMAIL_HOST_PASSWORD = "wrong"
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert "refused our login" in mailing.problem


def test_certificate_that_nobody_vouches_for_pauses(mailing, secure, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert "TLS" in mailing.problem
    assert secure.to == []

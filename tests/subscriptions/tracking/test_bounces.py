"""Bounces and complaints that come as mail, through ``manage.py bounce``."""

import io
from base64 import encodebytes

import pytest
from django.core.management import CommandError, call_command

from newsroom.models import Suppression
from subscriptions.models import DeliveryFailure, Subscriber
from tests.sending import send_all
from tests.subscriptions.sending.mailserver import MailServer, reader_of

pytestmark = pytest.mark.django_db


def report(
    status: str,
    action: str = "failed",
    diagnostic: str = "",
    kind: str = "message/delivery-status",
    more: str = "",
    encoding: str = "",
) -> bytes:
    """A delivery status notification (RFC 3464)."""
    group = f"Final-Recipient: rfc822; somebody@example.org\nAction: {action}\nStatus: {status}\n"
    if diagnostic:
        group += f"Diagnostic-Code: smtp; {diagnostic}\n"
    fields = f"Reporting-MTA: dns; mail.example.org\n\n{group}{more}"
    if encoding:
        fields = encodebytes(fields.encode()).decode()
        kind += f"\nContent-Transfer-Encoding: {encoding}"
    return f"""From: MAILER-DAEMON@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: {kind}

{fields}
--b--
""".encode()


def feedback(kind: str, mail_from: str = "", enclosed: str = "") -> bytes:
    """A complaint of a feedback loop (RFC 5965)."""
    sender = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    return f"""From: <abusedesk@example.com>
Subject: FW: On bread
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
{sender}Original-Rcpt-To: redacted@example.com

--b
Content-Type: message/rfc822

{enclosed}From: <news@example.org>
Subject: On bread

Hello
--b--
""".encode()


def bounce(to: str, message: bytes, monkeypatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(message))
    monkeypatch.setattr("sys.stdin", stdin)
    call_command("bounce", to)


@pytest.fixture
def path(mailing, server: MailServer) -> str:
    """The return path of one reader's copy, as their server saw it."""
    send_all()
    return server.taken[0].sender


def found() -> tuple[str, str]:
    """Suppressed why, and counted as what."""
    reasons = Suppression.objects.values_list("reason", flat=True)
    kinds = DeliveryFailure.objects.values_list("kind", flat=True)
    return ", ".join(reasons), ", ".join(kinds)


DEAD, SOFT, US, NOTHING = ("bounce", "bounced"), ("", "soft"), ("", "us"), ("", "")
GLOBAL = "message/global-delivery-status"
OTHER = "\nFinal-Recipient: rfc822; other@example.org\nAction: {}\nStatus: {}\n"


@pytest.mark.parametrize(
    ("message", "effect"),
    [
        (report("5.1.1"), DEAD),
        (report("5.1.10"), DEAD),
        (report("5.4.4"), DEAD),
        (report("5.2.1"), DEAD),
        (report("5.1.1 (bad destination mailbox address)"), DEAD),
        (report("5.1.1", action="Failed"), DEAD),
        (report("5.1.1", action="FAILED (no retry)"), DEAD),
        (report("5.0.0", diagnostic="550 5.1.1 user unknown"), DEAD),
        (report("5.0.0", diagnostic="550 no such user here"), DEAD),
        (report("5.0.0", diagnostic="550-5.1.1\n (#5.1.1) gone"), DEAD),
        (report("5.1.1", kind=GLOBAL), DEAD),
        (report("5.1.1", kind=GLOBAL, encoding="base64"), DEAD),
        (report("5.1.1", kind=GLOBAL, encoding="quoted-printable"), NOTHING),  # it is not
        (report("5.1.1", kind="Message/Delivery-Status; charset=utf-8"), DEAD),
        (report("5.1.1").replace(b"\n", b"\r\n"), DEAD),
        (report("5.1.1", more=OTHER.format("failed", "5.2.1")), DEAD),
        (report("5.1.1", more=OTHER.format("delivered", "2.0.0")), NOTHING),
        (report("5.1.1", more=OTHER.format("failed", "4.4.7")), SOFT),
        (report("5.1.1", action="delivered", kind=GLOBAL), NOTHING),
        (report("5.1.1", action="relayed"), NOTHING),
        (report("5.7.17"), DEAD),
        (report("5.2.2"), SOFT),
        (report("4.2.2"), SOFT),
        (report("4.4.7"), SOFT),
        (report("4.7.0"), US),
        (report("5.0.0"), SOFT),
        (report("5.1.1", diagnostic="552 mailbox full [417]"), SOFT),
        (report("5.7.1"), US),
        (report("5.0.0", diagnostic="550 5.7.606 Access denied, banned sending IP"), US),
        (report("5.0.0", diagnostic="sorry (#5.7.1)"), US),
        (report("5.1.8", diagnostic="550 sender domain not found"), US),
        (report("5.0.0", diagnostic="550 5.4.1 Recipient address rejected: Access denied"), DEAD),
        (report("4.1.1", action="delayed"), NOTHING),
        (b"From: MAILER-DAEMON@example.com\n\nHi. This is the qmail-send program.\n\n<x@example.com"
         b">:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy\n"
         b"about spam\n", DEAD),
        (b"From: MAILER-DAEMON@example.com\n\nSorry.\n", NOTHING),
        (b"From: Mailer-Daemon@example.com\nX-Failed-Recipients: x@example.com\n\nFailed:\n\n"
         b"  x@example.com\n    Unrouteable address\n\n------ This is a copy of it\n", DEAD),
        (b"From: Mailer-Daemon@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
         b"mx.example.com said: 550 no such user\n--b--\n", DEAD),
        (b"From: Mailer-Daemon@example.com\nSubject: delayed 24 hours\n\nNot yet delivered:\n"
         b" 450 4.1.1 user unknown\nWe will go on trying.\n", NOTHING),
        (report("4.1.1", diagnostic="450 4.1.1 user unknown"), SOFT),
        (report("4.4.1", diagnostic="connect to mx.spam.example.org: timed out"), SOFT),
        (report("5.1.1", diagnostic="host antispam.example.org said: 550 5.1.1 unknown"), DEAD),
        (report("5.0.0", diagnostic="554 message suppressed: looks like spam"), US),
        (b"From: ann@example.com\nAuto-Submitted: auto-replied\n\nI am away. 5.1.1\n", NOTHING),
    ],
)  # fmt: skip
def test_bounce_is_judged_by_what_it_says(mailing, path, monkeypatch, message, effect) -> None:
    for _ in range(2):  # told twice, counted once
        bounce(path, message, monkeypatch)
    assert found() == effect
    for failure in mailing.failures.all():
        assert failure.subscriber_id == reader_of(path)


def test_report_about_several_counts_for_the_one_that_it_came_for(
    mailing, path, monkeypatch
) -> None:
    email = Subscriber.objects.get(pk=reader_of(path)).email
    more = f"\nOriginal-Recipient: rfc822;{email.upper()}\nAction: failed\nStatus: 5.1.1\n"
    bounce(path, report("2.0.0", action="delivered", more=more), monkeypatch)
    assert found() == DEAD


def test_return_path_survives_the_loss_of_its_case(mailing, path, monkeypatch) -> None:
    local = path.partition("@")[0]
    assert local == local.lower() and len(local) <= 64
    bounce(path.upper(), report("5.1.1"), monkeypatch)
    assert Suppression.objects.count() == 1


def test_mail_to_a_return_path_that_is_no_bounce_changes_nothing(
    mailing, path, monkeypatch
) -> None:
    nested = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 3000
    for message in (b"", b"\xff" * 1000, b"Subject: I am away\n\nback on Monday", nested,
                    report("nonsense").replace(b"Action: failed\n", b""),
                    report("5.1.1", action="delayed")):  # fmt: skip
        bounce(path, message, monkeypatch)
    forged = [path.replace("bounces+", "bounces+9"), "bounces@example.org", "", "bounces+1-@x",
              path.replace("-", "-a"), "bounces+٣-aaaa@x", f"bounces+{10**30}-aaaa@x"]  # fmt: skip
    for address in forged:
        with pytest.raises(CommandError, match="not a return path of ours"):
            bounce(address, report("5.1.1"), monkeypatch)
    assert found() == NOTHING


# --- Complaints ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "effect", "stays"),
    [("abuse", ("complaint", "complained"), False), ("Fraud", ("complaint", "complained"), False),
     ("virus", ("complaint", "complained"), False), ("other", ("complaint", "complained"), False),
     ("something-new", ("complaint", "complained"), False), ("opt-out", NOTHING, False),
     ("not-spam", NOTHING, True), ("auth-failure", US, True)],
)  # fmt: skip
def test_complaint_of_a_feedback_loop_takes_the_reader_off(
    mailing, path, site, monkeypatch, kind, effect, stays
) -> None:
    for _ in range(2):
        bounce("fbl@example.org", feedback(kind, path), monkeypatch)
    assert found() == effect
    theirs = site.newsletter.subscriptions.get(subscriber=reader_of(path))
    assert (theirs.status == "confirmed") == stays
    assert site.newsletter.subscriptions.filter(status="confirmed").count() == 5 + stays


def test_complaint_is_the_readers_of_whatever_is_left_of_our_mail_in_it(
    mailing, path, server, monkeypatch
) -> None:
    raw = server.taken[1].raw.decode()
    [link] = [line for line in raw.splitlines() if line.startswith("List-Unsubscribe:")]
    places = [
        (path.upper(), feedback("abuse")),
        ("fbl@example.org", feedback("abuse", enclosed=f"Return-Path: <{path.upper()}>\n")),
        ("fbl@example.org", feedback("abuse", enclosed=f"{link}\n")),
    ]
    readers = [reader_of(path), reader_of(path), reader_of(server.taken[1].sender)]
    for (address, message), reader in zip(places, readers, strict=True):
        bounce(address, message, monkeypatch)
        index = Subscriber.objects.get(pk=reader).email_index
        assert Suppression.objects.get().email_index == index
        Suppression.objects.all().delete()


def test_complaint_that_names_nobody_of_ours_is_refused(mailing, path, monkeypatch) -> None:
    forged = path.replace("-", "-a")
    link = "List-Unsubscribe: <https://example.org/newsletter/unsubscribe/AAAAAAAA/>\n"
    for message in (feedback("abuse"), feedback("abuse", forged), feedback("abuse", "", link)):
        with pytest.raises(CommandError, match="nor a complaint"):
            bounce("fbl@example.org", message, monkeypatch)
    assert found() == NOTHING

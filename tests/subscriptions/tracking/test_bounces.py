"""Bounces that come as mail, to each reader's own return path."""

import io

import pytest
from django.core.management import CommandError, call_command

from newsroom.models import Suppression
from tests.sending import send_all
from tests.subscriptions.sending.mailserver import reader_of

pytestmark = pytest.mark.django_db


def report(status: str, action: str = "failed") -> bytes:
    """A delivery status notification (RFC 3464)."""
    return f"""From: MAILER-DAEMON@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; somebody@example.org
Action: {action}
Status: {status}
--b--
""".encode()


def bounce(to: str, message: bytes, monkeypatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(message))
    monkeypatch.setattr("sys.stdin", stdin)
    call_command("bounce", to)


@pytest.mark.parametrize(
    ("status", "suppressed"),
    [("5.1.1", True), ("5.1.10", True), ("5.4.4", True),
     ("5.7.1", False), ("4.2.2", False), ("5.2.2", False), ("nonsense", False)],
)  # fmt: skip
def test_bounce_of_a_dead_address_suppresses_it(
    mailing, server, monkeypatch, status, suppressed
) -> None:
    send_all()
    for _ in range(2):  # told twice, counted once
        bounce(server.taken[0].sender, report(status), monkeypatch)
    assert Suppression.objects.count() == suppressed
    reader = reader_of(server.taken[0].sender)
    failed = mailing.failures.filter(kind="bounced", subscriber=reader)
    assert failed.count() == suppressed


def test_mail_to_a_return_path_that_is_no_bounce_changes_nothing(
    mailing, server, monkeypatch
) -> None:
    send_all()
    path = server.taken[0].sender
    for message in (b"", b"\xff" * 1000, b"Subject: I am away\n\nback on Monday",
                    report("5.1.1", action="delayed")):  # fmt: skip
        bounce(path, message, monkeypatch)
    with pytest.raises(CommandError, match="not a return path of ours"):
        bounce(path.replace("bounces+", "bounces+9"), report("5.1.1"), monkeypatch)
    with pytest.raises(CommandError, match="not a return path of ours"):
        bounce("bounces@example.org", report("5.1.1"), monkeypatch)
    assert not Suppression.objects.exists()

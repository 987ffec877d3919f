"""A mail server of our own. ``subscriptions/sending/smtp.py`` is how a batch goes over it."""

from collections.abc import Sequence
from copy import copy

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.message import utf8_charset_qp

from newsroom.mail.headers import mailbox, words

from . import Provider, Transport


class EmailBackend(smtp.EmailBackend):
    """Single mails take Django's own way, in 7 bits: not every server takes 8 (RFC 6152)."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        return super().send_messages([in_seven_bits(message) for message in email_messages])


def in_seven_bits(message: EmailMessage) -> EmailMessage:
    encoded = copy(message)
    encoded.encoding = utf8_charset_qp
    encoded.subject = words("Subject", str(message.subject))
    encoded.from_email = mailbox("From", message.from_email)
    return encoded


provider = Provider(
    key="smtp",
    name="A mail server of your own (SMTP)",
    per_call=100,  # readers on one lease
    most_bytes=10_000_000,
    transport=Transport.SMTP,
    merges_headers=True,
    webhook="no webhook: bounces come as mail, through manage.py bounce",
    reconciles="a journal per message: at most one reader per connection, whom a person decides on",
    caveats=(
        "The server signs (DKIM), retries and is throttled by the receivers: watch its queue.",
        "Complaints reach you only through the feedback loops you have joined.",
    ),
)

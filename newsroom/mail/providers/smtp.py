"""A mail server of our own. ``subscriptions/sending/smtp.py`` is how a batch goes over it."""

from django.core.mail.backends import smtp

from . import Provider, Transport

EmailBackend = smtp.EmailBackend  # single mails take Django's own way

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

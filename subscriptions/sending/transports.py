"""One batch, handed over: as one call to a provider's API, or message by message by SMTP."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, assert_never

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection

from newsroom.core import tokens
from newsroom.core.database import with_retries
from newsroom.core.uris import ascii_address
from newsroom.mail import providers
from newsroom.mail.compose import Rendered, message_of
from newsroom.mail.diagnosis import Verdict
from newsroom.mail.errors import CouldNotConnect
from newsroom.mail.headers import phrase
from newsroom.mail.providers import FIELD
from subscriptions.models import Batch, Mailing
from subscriptions.readers import by_mail
from subscriptions.readers.links import unsubscribe_headers
from subscriptions.sending import counted_links, mime, smtp
from subscriptions.sending.claiming import Claim, Recipient
from subscriptions.sending.result import SendResult

# Characters in a List-Id, so that the header is a line (RFC 5322, 2.1.1: 998) in any script.
MOST_OF_TITLE = 80

LEAVING = ("unsubscribe", "leave")  # what is personal in the headers


Content = tuple[int, int | None, int]  # what copies have in common: mailing, subject, edition


class Transport(Protocol):
    """An open way to the provider, used by one send loop."""

    def send(self, claim: Claim) -> SendResult: ...

    def close(self) -> None: ...


class LostClaim(Exception):
    """The lease ran out, and somebody else has decided about this batch."""


class TooLate(Exception):
    """So much of the lease is over that others may ask after this call before it has ended."""


def open_transport() -> Transport:
    match providers.current().transport:
        case providers.Transport.SMTP:
            return SMTPTransport()
        case providers.Transport.API:
            return APITransport()
        case other:
            assert_never(other)


# --- By API ---------------------------------------------------------------------------------


class APITransport:
    """One HTTP connection for all calls of a send loop."""

    def __init__(self) -> None:
        self.mail = get_connection()
        self.mail.open()
        self.bodies: dict[Content, tuple[str, str]] = {}  # of what was sent last

    def send(self, claim: Claim) -> SendResult:
        """Raises TooLate, and what Anymail raises: see ``classify`` in newsroom/mail/errors.py."""
        batch, mailing = claim.batch, claim.batch.mailing
        content = content_of(batch)
        if content not in self.bodies:
            provider, body = providers.current(), mailing.bodies.get(edition=batch.edition)
            html, text = (
                providers.personal(part, provider)
                for part in (counted_links.of_variant(body.html, batch.variant), body.text)
            )
            self.bodies = {content: (html, text)}
        message = compose(batch, claim.recipients, *self.bodies[content])
        if time.monotonic() > claim.call_before:
            raise TooLate
        self.mail.send_messages([message])
        return self._judge(message.anymail_status, claim.recipients)

    def _judge(self, status: Any, recipients: Sequence[Recipient]) -> SendResult:
        ids = status.message_id
        provider_id = ids if isinstance(ids, str) else next((one for one in ids or () if one), "")
        result = SendResult(str(provider_id)[:200])
        if status.status and status.status & {"invalid", "rejected", "failed"}:
            for recipient in recipients:
                one = status.recipients.get(recipient.email)
                if one and one.status in ("invalid", "rejected"):
                    result.refused.append(recipient.subscriber_id)
                elif one and one.status == "failed":
                    result.later[recipient.subscriber_id] = Verdict.NOTHING
            result.error = "the provider refused some of the addresses"
        return result

    def close(self) -> None:
        self.mail.close()


def content_of(batch: Batch) -> Content:
    return batch.mailing_id, batch.variant, batch.edition


def compose(batch: Batch, recipients: Sequence[Recipient], html: str, text: str) -> AnymailMessage:
    """The call's message: rendered text, and each reader's own links as merge data.

    Both unsubscribe headers go to every recipient (RFC 8058).
    """
    mailing, newsletter, provider = batch.mailing, batch.mailing.newsletter, providers.current()
    subject = providers.personal(mailing.subject_for(batch.variant), provider)
    message = message_of(
        Rendered(subject, html, text),
        newsletter.sender,
        [recipient.email for recipient in recipients],
        list_headers(newsletter),
        newsletter.reply_to,
    )
    message.tags = [batch.mailing.tag]
    message.metadata = {"batch": str(batch.pk)}
    message.merge_data = {recipient.email: personal(recipient) for recipient in recipients}
    if provider.merges_headers:
        message.extra_headers |= unsubscribe_headers(*map(provider.field.format, LEAVING))
    else:
        # All of them: some providers put a reader's headers in place of the call's.
        message.merge_headers = {
            email: message.extra_headers
            | unsubscribe_headers(values["unsubscribe"], values.get("leave", ""))
            for email, values in message.merge_data.items()
        }
    provider.adapt(message, batch.call_key)
    return message


def personal(recipient: Recipient) -> dict[str, str]:
    """What differs between readers: the tokens in their own links, and in the address to leave by
    mail."""
    values = {
        "unsubscribe": tokens.permanent("unsubscribe", recipient.subscription_id),
        "preferences": tokens.permanent("preferences", recipient.subscriber_id),
    }
    if settings.LEAVE_BY_MAIL:
        values["leave"] = by_mail.token_of(recipient.subscription_id)
    return values


def list_headers(newsletter: Any) -> dict[str, str]:
    """List-Id names the list for ever (RFC 2919): by its number, for a slug may change, and be in
    another script. What stands before it is for people."""
    name = phrase("List-Id", newsletter.title[:MOST_OF_TITLE])
    number = f"newsletter-{newsletter.pk}.{newsletter.sender_domain}"
    return {"List-Id": f"{name} <{number}>", "Precedence": "bulk"}


# --- By SMTP --------------------------------------------------------------------------------

# An entry need not be on the disk before the next message: it survives our own death; after a crash
# of the database, reconcile.py does not trust it. The setting ends with its transaction, which is
# this one statement, and not with the connection: that may be somebody else's next (PostgreSQL,
# “Configuration Settings Functions”: ``true`` is SET LOCAL).
MINE = """
    WHERE id = %(batch)s AND claim_token = %(token)s AND status = 'sending'
        AND set_config('synchronous_commit', 'off', true) = 'off'
"""
JOURNAL = f"""
    UPDATE subscriptions_batch
    SET begun = %(begun)s, done = %(done)s, lease_until = now() + %(lease)s {MINE}
"""
LEFT_OUT = f"""
    UPDATE subscriptions_batch SET left_out_ids = array_append(left_out_ids, %(reader)s) {MINE}
"""


class SMTPTransport:
    """One connection for all messages of a send loop; opened when there is something to send."""

    def __init__(self) -> None:
        self.server: Any = None
        self.templates: dict[Content, mime.Template] = {}  # of what was sent last

    def send(self, claim: Claim) -> SendResult:
        """Raises CouldNotConnect, LostClaim."""
        batch, mailing = claim.batch, claim.batch.mailing
        content = content_of(batch)
        if content not in self.templates:
            self.templates = {content: template(mailing, batch.variant, batch.edition)}
        copies = [copy_for(mailing, recipient) for recipient in claim.recipients]
        if self.server is None:
            try:
                self.server = smtp.connect()
            except OSError as error:  # smtplib's exceptions are OSErrors too
                raise CouldNotConnect from error
        # Once a person has seen why it stopped, one receiver's dislike of us stops it no more.
        patience = 1 if mailing.thresholds_on else smtp.IN_A_ROW
        pipeline = smtp.Pipeline(self.server, patience, left_out_of(batch))
        try:
            result = pipeline.send(self.templates[content], copies, journal_of(batch))
        except BaseException:
            self.close()  # nothing half-said may stay on the line
            raise
        if result.in_doubt or result.untried or result.problem:
            self.close()
        return result

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None


def journal_of(batch: Batch) -> Callable[[int, int], None]:
    """Writes down how far the batch is; the lease begins anew with each message."""

    return lambda begun, done: _write_down(
        batch, JOURNAL, begun=begun, done=done, lease=settings.MAIL_LEASE
    )


def left_out_of(batch: Batch) -> Callable[[int], None]:
    """Writes down who did not get it: else a worker that dies would leave them behind as sent."""
    return lambda subscriber_id: _write_down(batch, LEFT_OUT, reader=subscriber_id)


def _write_down(batch: Batch, what: str, **values: Any) -> None:
    """Raises LostClaim."""

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(what, values | {"batch": batch.pk, "token": batch.claim_token})
            if not cursor.rowcount:
                raise LostClaim

    with_retries(write)


def template(mailing: Mailing, variant: int | None = None, edition: int = 0) -> mime.Template:
    newsletter, body = mailing.newsletter, mailing.bodies.get(edition=edition)
    headers = {"To": FIELD.format("email"), "Message-ID": FIELD.format("message_id")}
    headers |= unsubscribe_headers(*map(FIELD.format, LEAVING)) | list_headers(newsletter)
    if newsletter.reply_to:
        headers["Reply-To"] = ascii_address(newsletter.reply_to)
    return mime.build(
        mailing.subject_for(variant),
        counted_links.of_variant(body.html, variant),
        body.text,
        newsletter.sender,
        headers,
    )


def copy_for(mailing: Mailing, recipient: Recipient) -> smtp.Copy:
    """One reader's copy. Its Message-ID is the same whenever it is made: many mail programs show
    a doubled message once."""
    domain = mailing.newsletter.sender_domain
    values = {
        "email": recipient.email,
        "message_id": f"<{mailing.tag}.{recipient.subscription_id}@{domain}>",
        **personal(recipient),
    }
    return smtp.Copy(mailing.pk, recipient.subscriber_id, recipient.email, values)

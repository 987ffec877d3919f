"""Postmark, by its batch call: a message per reader, a record that tells exactly who was taken."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.backends import postmark
from django.conf import settings

from newsroom.mail.diagnosis import Verdict

from . import Call, Evidence, Hook, Provider
from .events import BY_TEXT, Events
from .evidence_http import TIMEOUT, answer_of
from .merge import MERGES_NOTHING, MergedBodies
from .plain_recipients import PlainRecipients

CLOCKS_DIFFER_BY = timedelta(days=1)  # its days are of its own time zone


class Payload(MergedBodies, PlainRecipients, postmark.PostmarkPayload):
    html, text, to = "HtmlBody", "TextBody", "To"


class EmailBackend(postmark.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def find(call: Call) -> Evidence | None:
    """By the metadata of the call ("Outbound message search")."""
    answer = asked({"metadata_batch": call.batch, "count": "500", "offset": "0"})
    try:
        messages = answer["Messages"]
        taken = {to["Email"].lower() for message in messages for to in message["To"]}
        missing = [email for email in call.emails if email.lower() not in taken]
        return Evidence(str(messages[0]["MessageID"]) if messages else "", missing)
    except (KeyError, TypeError, AttributeError):
        return None


def sent(tag: str, since: datetime) -> int | None:
    day = f"{since - CLOCKS_DIFFER_BY:%Y-%m-%d}"
    answer = asked({"tag": tag, "fromdate": day, "count": "1", "offset": "0"})
    try:
        return int(answer["TotalCount"])
    except (KeyError, TypeError, ValueError):
        return None


def asked(query: dict[str, str]) -> Any:
    base = settings.ANYMAIL.get("POSTMARK_API_URL", "https://api.postmarkapp.com/")
    headers = {
        "X-Postmark-Server-Token": settings.ANYMAIL["POSTMARK_SERVER_TOKEN"],
        "Accept": "application/json",
    }
    url = urljoin(base, "messages/outbound")
    return answer_of(
        lambda: requests.get(url, params=query, headers=headers, timeout=TIMEOUT)
    )  # fmt: skip


EVENTS = Events(  # "Bounce webhook", "Subscription change webhook", "Bounce types"
    fields=("RecordType", "Type|SuppressionReason", "SuppressSending", "Origin"),
    table={
        ("bounce", "hardbounce"): Verdict.DEAD,
        ("bounce", "bademailaddress"): Verdict.DEAD,
        ("bounce", "softbounce"): Verdict.SOFT,
        ("bounce", "transient"): Verdict.NOTHING,
        ("bounce", "dnserror"): Verdict.NOTHING,
        ("bounce", "blocked"): Verdict.US,
        ("bounce", "dmarcpolicy"): Verdict.US,
        ("bounce", "spamnotification"): Verdict.US,
        ("bounce", "virusnotification"): Verdict.US,
        ("bounce", "smtpapierror"): Verdict.US,
        ("bounce", "templaterenderingfailed"): Verdict.US,
        ("bounce", "manuallydeactivated"): Verdict.LISTED,
        ("bounce", "spamcomplaint"): Verdict.COMPLAINT,
        ("bounce", "unsubscribe"): Verdict.UNSUBSCRIBE,
        ("bounce", "subscribe"): Verdict.NOTHING,
        ("bounce", "autoresponder"): Verdict.NOTHING,
        ("bounce", "addresschange"): Verdict.NOTHING,
        ("bounce", "challengeverification"): Verdict.NOTHING,
        ("bounce", "openrelaytest"): Verdict.NOTHING,
        ("bounce", "inbounderror"): Verdict.NOTHING,
        ("bounce",): BY_TEXT,
        ("spamcomplaint",): Verdict.COMPLAINT,
        ("subscriptionchange", "*", "false"): Verdict.NOTHING,  # taken off their list: not ours
        ("subscriptionchange", "hardbounce"): Verdict.LISTED_DEAD,
        ("subscriptionchange", "spamcomplaint"): Verdict.LISTED_COMPLAINT,
        ("subscriptionchange", "manualsuppression", "*", "recipient"): Verdict.UNSUBSCRIBE,
        ("subscriptionchange", "manualsuppression"): Verdict.LISTED,
    },
)


provider = Provider(
    key="postmark",
    name="Postmark",
    per_call=500,  # "Send batch emails": 500 messages, 50 MB
    most_bytes=100_000,  # so that 500 of them stay below 50 MB
    find=find,
    sent=sent,
    webhook="basic authentication (ANYMAIL_WEBHOOK_SECRET)",
    events=EVENTS,
    hook=Hook("postmark", "anymail.webhooks.postmark.PostmarkTrackingWebhookView"),
    reconciles="asks Postmark's message search for the call, reader by reader",
    caveats=(MERGES_NOTHING, "Records are kept for 45 days.", "Not tried with a live account yet."),
)

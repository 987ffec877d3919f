"""Mailgun, the default. A call is taken whole or not at all."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.backends import mailgun
from django.conf import settings
from django.utils import timezone

from newsroom.mail.diagnosis import Verdict

from . import Call, Evidence, Hook, Provider
from .events import BY_TEXT, Events
from .evidence_http import TIMEOUT, answer_of
from .plain_recipients import PlainRecipients

CLOCKS_DIFFER_BY = timedelta(minutes=10)  # at most, ours and the provider's


class Payload(PlainRecipients, mailgun.MailgunPayload):
    def get_request_params(self, api_url: str) -> dict[str, Any]:
        """As multipart/form-data ("Messages": for large bodies), which needs no quoting."""
        params = super().get_request_params(api_url)
        data = params.pop("data")
        parts = [
            (name, (None, value))
            for name, values in data.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        return {**params, "files": parts + (params["files"] or [])}


class EmailBackend(mailgun.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def find(call: Call) -> Evidence | None:
    """One recipient stands for all. Asked with the Logs API ("List logs"), whose filter travels
    in the body: no address in any URL."""
    recipient = {"attribute": "recipient", "comparator": "=", "values": [same(call.emails[0])]}
    tag = {"attribute": "tag", "comparator": "=", "values": [same(call.tag)]}
    query: Any = {
        "start": format_datetime(call.at - CLOCKS_DIFFER_BY),
        "end": format_datetime(timezone.now() + CLOCKS_DIFFER_BY),
        "events": ["accepted"],
        "filter": {"AND": [recipient, tag]},
        "pagination": {"limit": 100},
    }
    answer = asked("/v1/analytics/logs", query)
    if answer is None:
        return None
    try:
        for event in answer["items"]:
            if event.get("user-variables", {}).get("batch") == call.batch:
                return Evidence(str(event["message"]["headers"]["message-id"]), missing=[])
    except (KeyError, TypeError, AttributeError):
        return None
    return Evidence("", missing=call.emails)


def sent(tag: str, since: datetime) -> int | None:
    """Asked with the Metrics API ("Query account metrics"): mails are counted by recipient."""
    query: Any = {
        "start": format_datetime(since.astimezone(UTC) - CLOCKS_DIFFER_BY),
        "end": format_datetime(timezone.now() + CLOCKS_DIFFER_BY),
        "resolution": "day",
        "dimensions": ["tag"],
        "metrics": ["accepted_count"],
        "filter": {"AND": [{"attribute": "tag", "comparator": "=", "values": [same(tag)]}]},
    }
    answer = asked("/v1/analytics/metrics", query)
    try:
        return sum(int(item["metrics"]["accepted_count"]) for item in answer["items"])
    except (KeyError, TypeError, ValueError):
        return None


def asked(path: str, query: Any) -> Any:
    base = settings.ANYMAIL.get("MAILGUN_API_URL", "https://api.mailgun.net/v3")
    auth = ("api", settings.ANYMAIL["MAILGUN_API_KEY"])
    url = urljoin(base, path)
    return answer_of(lambda: requests.post(url, json=query, auth=auth, timeout=TIMEOUT))


def same(value: str) -> dict[str, str]:
    return {"label": value, "value": value}


EVENTS = Events(  # "Events": event types, "Tracking failures"
    fields=(
        "event-data.event",
        "event-data.severity",
        "event-data.delivery-status.code",
        "event-data.reason",
    ),
    table={
        ("failed", "temporary"): Verdict.NOTHING,
        ("failed", "*", "605"): Verdict.LISTED_DEAD,
        ("failed", "*", "606"): Verdict.UNSUBSCRIBE,
        ("failed", "*", "607"): Verdict.LISTED_COMPLAINT,
        ("failed", "*", "*", "suppress-bounce"): Verdict.LISTED_DEAD,
        ("failed", "*", "*", "suppress-unsubscribe"): Verdict.UNSUBSCRIBE,
        ("failed", "*", "*", "suppress-complaint"): Verdict.LISTED_COMPLAINT,
        ("failed", "*", "*", "espblock"): Verdict.US,
        ("failed",): BY_TEXT,  # bounce, generic, old, delayed-bounce
        ("rejected",): Verdict.US,
        ("complained",): Verdict.COMPLAINT,
        ("unsubscribed",): Verdict.UNSUBSCRIBE,
    },
    text=("event-data.delivery-status.description",),
    # Unique within a day. Anymail takes the signature's token, which a repeat may have anew.
    id=("event-data.id", "event-data.timestamp"),
)


provider = Provider(
    key="mailgun",
    name="Mailgun",
    per_call=1000,  # "Batch sending"
    most_bytes=25_000_000,
    field="%recipient.{}%",
    opens="%recipient",
    merges_headers=True,
    find=find,
    sent=sent,
    webhook="signed with the webhook signing key (HMAC)",
    events=EVENTS,
    hook=Hook(
        "mailgun",
        "newsroom.mail.webhooks.MailgunView",
        "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
    ),
    reconciles="asks Mailgun's logs for one recipient of the call",
    caveats=("Logs are kept for 1 to 30 days, by plan.",),
)

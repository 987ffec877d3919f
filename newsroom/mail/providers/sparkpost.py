"""SparkPost: calls of thousands, merge fields in the body, events that tell who was taken."""

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.backends import sparkpost
from django.conf import settings

from newsroom.mail.diagnosis import Verdict

from . import Call, Evidence, Hook, Provider
from .events import BY_TEXT, LISTED_OR_US, Ask, Events
from .evidence_http import TIMEOUT, answer_of
from .plain_recipients import PlainRecipients

CLOCKS_DIFFER_BY = timedelta(minutes=10)


class Payload(PlainRecipients, sparkpost.SparkPostPayload):
    pass


class EmailBackend(sparkpost.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def adapt(message: Any, key: str) -> None:
    """A campaign of its own for each call, so that its events can be asked for."""
    message.tags = [key]


def find(call: Call) -> Evidence | None:
    """Who has an injection event ("Search for Message Events"), by campaign: no address in the
    URL."""
    base = settings.ANYMAIL.get("SPARKPOST_API_URL", "https://api.sparkpost.com/api/v1/")
    query = {
        "events": "injection",
        "campaigns": call.key,
        "from": (call.at - CLOCKS_DIFFER_BY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "per_page": "10000",
    }
    headers = {"Authorization": settings.ANYMAIL["SPARKPOST_API_KEY"]}
    url = urljoin(base, "events/message")
    answer = answer_of(
        lambda: requests.get(url, params=query, headers=headers, timeout=TIMEOUT)
    )  # fmt: skip
    try:
        events = answer["results"]
        taken = {event["rcpt_to"].lower() for event in events}
        missing = [email for email in call.emails if email.lower() not in taken]
        return Evidence(str(events[0]["transmission_id"]) if events else "", missing)
    except (KeyError, TypeError, AttributeError):
        return None


# "Bounce classification codes".
CLASSES: dict[str, Verdict | Ask] = {
    "10": Verdict.DEAD,
    **dict.fromkeys(["20", "21", "22", "24", "40", "70"], Verdict.SOFT),
    **dict.fromkeys(["23", "50", "51", "52", "53", "54"], Verdict.US),
    "25": LISTED_OR_US,
    "26": Verdict.LISTED,
    **dict.fromkeys(["60", "80", "100"], Verdict.NOTHING),  # automatic replies
    "90": Verdict.UNSUBSCRIBE,
    "*": BY_TEXT,  # 1, 30, and what is new
}
EVENTS = Events(  # "Webhook event reference"; out_of_band: as mail, later
    fields=("msys.*.type", "msys.*.bounce_class|msys.*.fbtype"),
    table={
        **{("bounce", number): verdict for number, verdict in CLASSES.items()},
        **{("out_of_band", number): verdict for number, verdict in CLASSES.items()},
        ("policy_rejection",): LISTED_OR_US,
        ("generation_rejection",): LISTED_OR_US,
        ("generation_failure",): Verdict.US,
        ("spam_complaint", "not-spam"): Verdict.NOTHING,
        ("spam_complaint",): Verdict.COMPLAINT,
        ("list_unsubscribe",): Verdict.UNSUBSCRIBE,
        ("link_unsubscribe",): Verdict.UNSUBSCRIBE,
    },
    text=("msys.*.reason",),
    recipient="msys.*.rcpt_to",
)


provider = Provider(
    key="sparkpost",
    name="SparkPost",
    per_call=2000,  # "Transmissions": 2,000 to 10,000 recipients
    most_bytes=20_000_000,
    field="{{{{{}}}}}",
    opens="{{",
    find=find,
    adapt=adapt,
    webhook="basic authentication (ANYMAIL_WEBHOOK_SECRET)",
    events=EVENTS,
    hook=Hook("sparkpost", "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView"),
    reconciles="asks SparkPost's events for the call's campaign, reader by reader",
    caveats=("Events are kept for 10 days.", "Not tried with a live account yet."),
)

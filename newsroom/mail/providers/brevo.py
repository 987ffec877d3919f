"""Brevo: a thousand versions a call, and a key that keeps a repeat from being a second mail."""

from datetime import timedelta
from typing import Any

from anymail.backends import brevo

from newsroom.mail.diagnosis import Verdict

from . import Hook, Provider
from .events import BY_TEXT, Events
from .plain_recipients import PlainRecipients


class Payload(PlainRecipients, brevo.BrevoPayload):
    pass


class EmailBackend(brevo.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def adapt(message: Any, key: str) -> None:
    """ "Send a transactional email": ``idempotencyKey`` among the headers of the body."""
    message.extra_headers["idempotencyKey"] = key


def had_it(response: Any) -> bool:
    return response.json().get("code") == "duplicate_parameter"


EVENTS = Events(  # "Transactional webhooks"
    fields=("event",),
    table={
        ("hard_bounce",): BY_TEXT,  # a server's refusal of us, too
        ("soft_bounce",): BY_TEXT,
        ("blocked",): Verdict.LISTED,
        ("invalid_email",): Verdict.DEAD,
        ("error",): Verdict.US,
        ("spam",): Verdict.COMPLAINT,
        ("complaint",): Verdict.COMPLAINT,
        ("unsubscribe",): Verdict.UNSUBSCRIBE,
        ("unsubscribed",): Verdict.UNSUBSCRIBE,
    },
)


provider = Provider(
    key="brevo",
    name="Brevo",
    per_call=1000,  # "Batch send": messageVersions
    most_bytes=4_000_000,
    field="{{{{params.{}}}}}",
    opens="{{",
    adapt=adapt,
    repeat_within=timedelta(minutes=14),  # keys live 15 minutes, in an older page of theirs
    had_it=had_it,
    webhook="basic authentication (ANYMAIL_WEBHOOK_SECRET)",
    events=EVENTS,
    hook=Hook("brevo", "anymail.webhooks.brevo.BrevoTrackingWebhookView"),
    reconciles="repeats the call under the same key within 14 minutes; later a person decides",
    caveats=(
        "At most 6,000 calls an hour.",
        "Brevo's own pages disagree on merge fields in a body without a template: send a test "
        "first. Not tried with a live account yet.",
    ),
)

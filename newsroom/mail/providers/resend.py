"""Resend: a hundred whole messages a call, under an idempotency key for a day."""

from datetime import timedelta
from typing import Any

from anymail.backends import resend

from newsroom.mail.diagnosis import Verdict

from . import Hook, Provider
from .events import Events, amazons_bounces
from .merge import MERGES_NOTHING, MergedBodies
from .plain_recipients import PlainRecipients

TAKEN_BEFORE = "invalid_idempotent_request"  # the same key, but readers have left meanwhile


class Payload(MergedBodies, PlainRecipients, resend.ResendPayload):
    def set_esp_extra(self, extra: dict[str, Any]) -> None:
        self.headers |= {"Idempotency-Key": extra["idempotency_key"]}


class EmailBackend(resend.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def adapt(message: Any, key: str) -> None:
    """ "Idempotency keys": an HTTP header, which Anymail has no way to set."""
    message.esp_extra = {"idempotency_key": key}


def had_it(response: Any) -> bool:
    return response.json().get("name") == TAKEN_BEFORE


EVENTS = Events(  # "Event types"
    fields=(
        "type",
        "data.bounce.type|data.origin|data.unsubscribed|data.suppressed.type",
        "data.bounce.subType",
    ),
    table={
        **amazons_bounces("email.bounced"),
        ("email.complained",): Verdict.COMPLAINT,
        ("email.failed",): Verdict.US,
        ("email.suppressed",): Verdict.LISTED,
        ("suppression.added", "bounce"): Verdict.LISTED_DEAD,
        ("suppression.added", "complaint"): Verdict.LISTED_COMPLAINT,
        ("suppression.added",): Verdict.LISTED,
        ("contact.updated", "true"): Verdict.UNSUBSCRIBE,
    },
    recipient="data.email",
)


provider = Provider(
    key="resend",
    name="Resend",
    per_call=100,  # "Send batch emails"
    most_bytes=400_000,  # so that 100 of them stay below 40 MB
    adapt=adapt,
    repeat_within=timedelta(hours=23),  # keys live 24 hours
    had_it=had_it,
    webhook="signed (Svix), with ANYMAIL_RESEND_SIGNING_SECRET",
    events=EVENTS,
    hook=Hook(
        "resend",
        "anymail.webhooks.resend.ResendTrackingWebhookView",
        "ANYMAIL_RESEND_SIGNING_SECRET",
    ),
    reconciles="repeats the call under the same key within 23 hours; later a person decides",
    caveats=(
        MERGES_NOTHING,
        "The id of the call travels as a header that readers can see.",
        "Not tried with a live account yet.",
    ),
)

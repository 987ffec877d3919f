"""Mailjet: fifty readers a call, and a campaign that refuses an address it has had."""

from datetime import timedelta
from typing import Any

from anymail.backends import mailjet

from . import Hook, Provider
from .plain_recipients import PlainRecipients


class Payload(PlainRecipients, mailjet.MailjetPayload):
    burst = False

    def _burst_for_batch_send(self) -> None:
        """Once. Anymail 15.2 does it anew for each kind of merge data when there is one reader,
        and loses the kinds before: their links."""
        if not self.burst:
            super()._burst_for_batch_send()
            self.burst = True


class EmailBackend(mailjet.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


def adapt(message: Any, key: str) -> None:
    """ "Send API v3.1": the tag is the campaign, in which no address gets a second mail."""
    message.esp_extra = {"Globals": {"TemplateLanguage": True, "DeduplicateCampaign": True}}


provider = Provider(
    key="mailjet",
    name="Mailjet",
    per_call=50,
    most_bytes=15_000_000,
    field="{{{{var:{}}}}}",
    opens="{{",
    adapt=adapt,
    repeat_within=timedelta(hours=23),
    webhook="basic authentication (ANYMAIL_WEBHOOK_SECRET)",
    hook=Hook("mailjet", "anymail.webhooks.mailjet.MailjetTrackingWebhookView"),
    reconciles="repeats the call: its campaign takes no address twice",
    caveats=("Not tried with a live account yet.",),
)

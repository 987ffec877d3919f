"""Mailjet: fifty readers a call, and a campaign that refuses an address it has had."""

from datetime import timedelta
from typing import Any

from anymail.backends import mailjet

from newsroom.mail.diagnosis import Verdict

from . import Hook, Provider
from .events import BY_TEXT, Events
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


EVENTS = Events(  # "Event API": bounce, blocked, spam, unsub and their errors
    fields=("event", "error", "hard_bounce"),
    table={
        ("bounce", "user unknown", "true"): Verdict.DEAD,
        ("bounce", "invalid domain", "true"): Verdict.DEAD,
        ("bounce", "no mail host", "true"): Verdict.DEAD,
        ("bounce", "mailbox inactive", "true"): Verdict.DEAD,
        ("bounce", "typofix"): Verdict.DEAD,
        ("bounce", "user unknown"): Verdict.SOFT,
        ("bounce", "invalid domain"): Verdict.SOFT,
        ("bounce", "no mail host"): Verdict.SOFT,
        ("bounce", "mailbox inactive"): Verdict.SOFT,
        ("bounce", "quota exceeded"): Verdict.SOFT,
        ("bounce", "greylisted"): Verdict.NOTHING,
        ("bounce", "soft"): Verdict.NOTHING,
        ("bounce", "sender blocked"): Verdict.US,
        ("bounce", "content blocked"): Verdict.US,
        ("bounce", "policy issue"): Verdict.US,
        ("bounce", "system issue"): Verdict.US,
        ("bounce", "protocol issue"): Verdict.US,
        ("bounce", "connection issue"): Verdict.US,
        ("bounce", "template language"): Verdict.US,
        ("bounce",): BY_TEXT,  # relay/access denied, and what is new
        ("blocked", "duplicate in campaign"): Verdict.NOTHING,
        ("blocked", "typofix"): Verdict.DEAD,
        ("blocked", "spam reporter"): Verdict.LISTED_COMPLAINT,
        ("blocked",): Verdict.LISTED,  # preblocked, blacklisted
        ("spam",): Verdict.COMPLAINT,
        ("unsub",): Verdict.UNSUBSCRIBE,
    },
    text=("comment",),
)


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
    events=EVENTS,
    hook=Hook("mailjet", "anymail.webhooks.mailjet.MailjetTrackingWebhookView"),
    reconciles="repeats the call: its campaign takes no address twice",
    caveats=("Not tried with a live account yet.",),
)

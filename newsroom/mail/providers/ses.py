"""Amazon SES: fifty readers a call, no record to ask: without an event a person decides."""

from typing import Any

from anymail.utils import UNSET

from newsroom.mail.diagnosis import Verdict

from . import Hook, Provider
from .events import Events, amazons_bounces
from .plain_recipients import PlainRecipients

TIMEOUT = {"connect_timeout": 3.05, "read_timeout": 60}  # seconds

try:
    from anymail.backends import amazon_ses
except ImportError:  # the facts below are shown in the admin all the same
    pass
else:

    class SingleMail(PlainRecipients, amazon_ses.AmazonSESV2SendEmailPayload):
        pass

    class Bulk(PlainRecipients, amazon_ses.AmazonSESV2SendBulkEmailPayload):
        pass

    class EmailBackend(amazon_ses.EmailBackend):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            # botocore would repeat a call that got no answer, and so send it twice.
            once = amazon_ses.Config(retries={"total_max_attempts": 1}, **TIMEOUT)
            self.client_params["config"] = self.client_params["config"].merge(once)

        def build_message_payload(self, message: Any, defaults: Any) -> Any:
            single = getattr(message, "template_id", UNSET) is UNSET
            return (SingleMail if single else Bulk)(message, defaults, self)


def adapt(message: Any, key: str) -> None:
    """A batch as a template that comes with the call ("SendBulkEmail", TemplateContent)."""
    if message.merge_data is UNSET:
        return
    [(html, _)] = message.alternatives
    content = {"Subject": message.subject, "Html": html, "Text": message.body}
    template = {"TemplateContent": content, "TemplateData": "{}"}
    message.template_id = None  # what makes Anymail use the bulk call
    message.esp_extra = {"DefaultContent": {"Template": template}}
    message.subject = message.body = ""
    message.alternatives = []


EVENTS = Events(  # "Contents of event notifications"; bounce and complaint types
    fields=(
        "eventType|notificationType",
        "bounce.bounceType|complaint.complaintSubType|"
        "subscription.newTopicPreferences.unsubscribeAll",
        "bounce.bounceSubType|complaint.complaintFeedbackType|"
        "subscription.newTopicPreferences.topicSubscriptionStatus.subscriptionStatus",
    ),
    table={
        **amazons_bounces("bounce"),
        ("complaint", "onaccountsuppressionlist"): Verdict.LISTED_COMPLAINT,
        ("complaint", "*", "not-spam"): Verdict.NOTHING,
        ("complaint", "*", "auth-failure"): Verdict.US,
        ("complaint",): Verdict.COMPLAINT,
        ("reject",): Verdict.US,
        ("rendering failure",): Verdict.US,
        ("subscription", "true"): Verdict.UNSUBSCRIBE,
        ("subscription", "*", "optin"): Verdict.NOTHING,
        ("subscription",): Verdict.UNSUBSCRIBE,
    },
)


provider = Provider(
    key="ses",
    name="Amazon SES",
    per_call=50,  # "SendBulkEmail"
    most_bytes=10_000_000,
    field="{{{{{}}}}}",
    opens="{{",
    adapt=adapt,
    webhook="signed by Amazon SNS; the certificate is checked",
    events=EVENTS,
    hook=Hook("amazon_ses", "newsroom.mail.sns.TrackingView", "SNS_TOPICS", asks_others=True),
    reconciles="waits for an event with the call's id; without one a person decides",
    caveats=(
        "It can't be asked whether it took a call: publish its events (“Send” too) over SNS.",
        "The id of the call travels as a header that readers can see.",
        "Needs the package extra “ses”. Not tried with a live account yet.",
    ),
)

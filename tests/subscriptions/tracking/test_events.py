"""Each provider's raw events, posted as it posts them, and what follows for the reader.

Fields and values are those of the providers' own pages on webhooks.
"""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.utils import timezone

from newsroom.core.privacy import list_index
from newsroom.mail import sns
from newsroom.models import Suppression
from subscriptions.models import DeliveryFailure, Mailing, ProviderEventKey, Subscription
from subscriptions.readers import signup
from subscriptions.tasks import follow_events
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user
from tests.newsroom.mail.test_sns import TOPIC, URL, signed
from tests.newsroom.mail.test_webhooks import SECRETS, say_signed

pytestmark = pytest.mark.django_db
ADDRESS = "reader@example.org"
NOW = int(time.time())
KEY = rsa.generate_private_key(65537, 2048)

# What is found afterwards: suppressed why, counted as what, still on the list.
DEAD = ("bounce", "bounced", True)
SOFT = ("", "soft", True)
US = ("", "us", True)
COMPLAINT = ("complaint", "complained", False)
UNSUBSCRIBE = ("", "", False)
NOTHING = ("", "", True)
LISTED = ("refused", "", True)
LISTED_DEAD = ("bounce", "", True)
LISTED_COMPLAINT = ("complaint", "", False)

GONE, FULL = "550 5.1.1 <reader@example.org> No such user", "552 5.2.2 mailbox full"
POLICY = "550 5.7.1 blocked, see our policy"


def mailgun(batch: str, **event: Any) -> Any:
    code, text = event.pop("code", 550), event.pop("text", "")
    return {
        "event-data": {
            "id": "x", "timestamp": NOW, "recipient": ADDRESS, "tags": [],
            "user-variables": {"batch": batch}, "message": {"headers": {"message-id": "m"}},
            "delivery-status": {"code": code, "message": text, "description": ""},
            **event,
        }
    }  # fmt: skip


def failed(reason: str, text: str = "", code: int = 550) -> dict[str, Any]:
    words = {"severity": "permanent", "reason": reason, "text": text, "code": code}
    return {"event": "failed", **words}


def sparkpost(batch: str, type_: str, bounce_class: Any = None, text: str = "", **more: str) -> Any:
    event = {
        "type": type_, "event_id": "x", "timestamp": str(NOW), "raw_rcpt_to": ADDRESS,
        "rcpt_to": ADDRESS, "transmission_id": "m", "rcpt_meta": {"batch": batch},
        "reason": text, "raw_reason": text, **more,
    }  # fmt: skip
    if bounce_class is not None:
        event["bounce_class"] = bounce_class
    return [{"msys": {"message_event": event}}]


def postmark(batch: str, kind: str, text: str = "", **more: Any) -> Any:
    return {
        "RecordType": "Bounce", "Type": kind, "ID": 4323372036854775807, "TypeCode": 1,
        "MessageID": "m", "Email": ADDRESS, "BouncedAt": "2026-11-25T10:00:00Z",
        "Details": text, "Description": "", "Inactive": True, "Metadata": {"batch": batch}, **more,
    }  # fmt: skip


def changed(reason: str | None, origin: str = "Recipient", suppress: bool = True) -> Any:
    return {
        "kind": "", "RecordType": "SubscriptionChange", "Recipient": ADDRESS, "Origin": origin,
        "SuppressSending": suppress, "SuppressionReason": reason,
        "ChangedAt": "2026-11-25T10:00:00Z",
    }  # fmt: skip


def brevo(batch: str, event: str, reason: str = "") -> Any:
    return {
        "event": event, "email": ADDRESS, "id": 1, "ts_event": NOW, "ts_epoch": NOW * 1000,
        "message-id": "<m>", "reason": reason, "X-Mailin-custom": json.dumps({"batch": batch}),
    }  # fmt: skip


def mailjet(batch: str, event: str, error: str = "", **more: Any) -> Any:
    return [{
        "event": event, "time": NOW, "MessageID": 1, "email": ADDRESS, "error": error,
        "error_related_to": "", "Payload": json.dumps({"batch": batch}), **more,
    }]  # fmt: skip


def resend(batch: str, type_: str, bounce: Any = None, **more: Any) -> Any:
    headers = [{"name": "X-Metadata", "value": json.dumps({"batch": batch})}]
    data: dict[str, Any] = {"email_id": "m", "to": [ADDRESS], "headers": headers, **more}
    if bounce:
        kind, sub, message = bounce
        data["bounce"] = {"type": kind, "subType": sub, "message": message}
    return {"type": type_, "created_at": "2026-11-25T10:00:00.000Z", "data": data}


def ses(batch: str, type_: str, **about: Any) -> Any:
    headers = [{"name": "X-Metadata", "value": json.dumps({"batch": batch})}]
    event = {
        "eventType": type_,
        "mail": {"messageId": "m", "destination": [ADDRESS], "headers": headers},
        **about,
    }
    return {
        "Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": json.dumps(event),
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "SignatureVersion": "2", "SigningCertURL": URL,
    }  # fmt: skip


def bounced(kind: str, sub: str, text: str = "") -> dict[str, Any]:
    whom: dict[str, str] = {"emailAddress": ADDRESS}
    if text:
        whom |= {"status": "5.0.0", "action": "failed", "diagnosticCode": text}
    return {
        "type_": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [whom]},
    }


def complained(feedback: str | None = None, sub: str | None = None) -> dict[str, Any]:
    whom = {"complainedRecipients": [{"emailAddress": ADDRESS}], "complaintSubType": sub}
    if feedback:
        whom["complaintFeedbackType"] = feedback
    return {"type_": "Complaint", "complaint": whom}


def topics(everything: bool, *statuses: str) -> dict[str, Any]:
    preferences = {
        "unsubscribeAll": everything,
        "topicSubscriptionStatus": [
            {"topicName": "weekly", "subscriptionStatus": status} for status in statuses
        ],
    }
    about = {"contactList": "readers", "newTopicPreferences": preferences}
    return {"type_": "Subscription", "subscription": about}


EVENTS: dict[str, list[tuple[Any, dict[str, Any], Any]]] = {
    "mailgun": [
        (mailgun, failed("bounce", "5.1.1 no such user"), DEAD),
        (mailgun, failed("bounce", FULL), SOFT),
        (mailgun, failed("bounce", POLICY), US),
        (mailgun, failed("bounce"), SOFT),
        (mailgun, failed("suppress-bounce", "Not delivering", 605), LISTED_DEAD),
        (mailgun, failed("suppress-bounce", "Not delivering"), LISTED_DEAD),
        (mailgun, failed("generic", "", 605), LISTED_DEAD),
        (mailgun, failed("suppress-complaint", "", 607), LISTED_COMPLAINT),
        (mailgun, failed("suppress-unsubscribe", "", 606), UNSUBSCRIBE),
        (mailgun, failed("old", "too old"), SOFT),
        (mailgun, failed("generic", GONE), DEAD),
        (mailgun, failed("delayed-bounce", POLICY), US),
        (mailgun, failed("espblock", "5.1.1"), US),
        (mailgun, failed("bounce", GONE) | {"severity": "temporary"}, NOTHING),
        (mailgun, {"event": "rejected", "reject": {"reason": "x"}}, US),
        (mailgun, {"event": "complained"}, COMPLAINT),
        (mailgun, {"event": "unsubscribed"}, UNSUBSCRIBE),
        (mailgun, {"event": "delivered"}, NOTHING),
        (mailgun, {"event": "something new"}, NOTHING),
    ],
    "sparkpost": [
        (sparkpost, {"type_": "bounce", "bounce_class": "10", "text": "550"}, DEAD),
        (sparkpost, {"type_": "bounce", "bounce_class": 10, "text": GONE}, DEAD),
        (sparkpost, {"type_": "bounce", "bounce_class": "30", "text": GONE}, DEAD),
        (sparkpost, {"type_": "bounce", "bounce_class": "30"}, SOFT),
        *((sparkpost, {"type_": "bounce", "bounce_class": number, "text": GONE}, SOFT)
          for number in ("20", "21", "22", "24", "40", "70")),
        *((sparkpost, {"type_": "bounce", "bounce_class": number, "text": GONE}, US)
          for number in ("23", "50", "51", "52", "53", "54")),
        (sparkpost, {"type_": "bounce", "bounce_class": "25", "text": "554 5.7.1 [internal] "
                     "recipient address was suppressed due to customer policy"}, LISTED),
        (sparkpost, {"type_": "bounce", "bounce_class": "25", "text": "554 5.7.1 [internal] "
                     "recipient address suppressed due to system policy [spam complaint]"},
         LISTED_COMPLAINT),
        (sparkpost, {"type_": "bounce", "bounce_class": "25", "text": "550 [internal] no"}, US),
        (sparkpost, {"type_": "bounce", "bounce_class": "26"}, LISTED),
        (sparkpost, {"type_": "bounce", "bounce_class": "60"}, NOTHING),
        (sparkpost, {"type_": "bounce", "bounce_class": "100"}, NOTHING),
        (sparkpost, {"type_": "bounce", "bounce_class": "80"}, NOTHING),
        (sparkpost, {"type_": "bounce", "bounce_class": "90"}, UNSUBSCRIBE),
        (sparkpost, {"type_": "bounce", "bounce_class": "1", "text": POLICY}, US),
        (sparkpost, {"type_": "bounce", "bounce_class": "999", "text": GONE}, DEAD),
        (sparkpost, {"type_": "out_of_band", "bounce_class": "10"}, DEAD),
        (sparkpost, {"type_": "out_of_band", "bounce_class": "22"}, SOFT),
        (sparkpost, {"type_": "delay", "bounce_class": "20"}, NOTHING),
        (sparkpost, {"type_": "policy_rejection", "text": "recipient suppressed"}, LISTED),
        (sparkpost, {"type_": "policy_rejection", "text": "bad sending domain"}, US),
        (sparkpost, {"type_": "generation_rejection", "text": "no"}, US),
        (sparkpost, {"type_": "generation_failure", "text": "no"}, US),
        (sparkpost, {"type_": "spam_complaint", "fbtype": "abuse"}, COMPLAINT),
        (sparkpost, {"type_": "spam_complaint"}, COMPLAINT),
        (sparkpost, {"type_": "spam_complaint", "fbtype": "not-spam"}, NOTHING),
        (sparkpost, {"type_": "list_unsubscribe"}, UNSUBSCRIBE),
        (sparkpost, {"type_": "link_unsubscribe"}, UNSUBSCRIBE),
        (sparkpost, {"type_": "delivery"}, NOTHING),
    ],
    "postmark": [
        (postmark, {"kind": "HardBounce"}, DEAD),
        (postmark, {"kind": "BadEmailAddress"}, DEAD),
        (postmark, {"kind": "SoftBounce", "text": GONE}, SOFT),
        *((postmark, {"kind": kind, "text": GONE}, NOTHING)
          for kind in ("Transient", "DnsError", "AutoResponder", "AddressChange",
                       "ChallengeVerification", "Subscribe", "OpenRelayTest")),
        *((postmark, {"kind": kind, "text": GONE}, US)
          for kind in ("Blocked", "DMARCPolicy", "SpamNotification", "VirusNotification",
                       "SMTPApiError", "TemplateRenderingFailed")),
        (postmark, {"kind": "ManuallyDeactivated"}, LISTED),
        (postmark, {"kind": "Unknown", "text": GONE}, DEAD),
        (postmark, {"kind": "Unknown", "text": FULL}, SOFT),
        (postmark, {"kind": "Unconfirmed", "text": POLICY}, US),
        (postmark, {"kind": "SpamComplaint", "RecordType": "SpamComplaint"}, COMPLAINT),
        (postmark, {"kind": "SpamComplaint"}, COMPLAINT),
        (postmark, {"kind": "Unsubscribe"}, UNSUBSCRIBE),
        (postmark, changed("ManualSuppression"), UNSUBSCRIBE),
        (postmark, changed("ManualSuppression", "Customer"), LISTED),
        (postmark, changed("ManualSuppression", "Admin"), LISTED),
        (postmark, changed("HardBounce"), LISTED_DEAD),
        (postmark, changed("SpamComplaint"), LISTED_COMPLAINT),
        (postmark, changed(None, suppress=False), NOTHING),
        (postmark, changed("ManualSuppression", suppress=False), NOTHING),
        (postmark, {"kind": "", "RecordType": "Delivery"}, NOTHING),
    ],
    "brevo": [
        (brevo, {"event": "hard_bounce", "reason": GONE}, DEAD),
        (brevo, {"event": "hard_bounce", "reason": POLICY}, US),
        (brevo, {"event": "hard_bounce"}, SOFT),
        (brevo, {"event": "soft_bounce", "reason": FULL}, SOFT),
        (brevo, {"event": "soft_bounce", "reason": POLICY}, US),
        (brevo, {"event": "soft_bounce", "reason": "Unable to find MX of domain"}, SOFT),
        (brevo, {"event": "deferred", "reason": GONE}, NOTHING),
        (brevo, {"event": "blocked", "reason": "blocked : due to blacklist user"}, LISTED),
        (brevo, {"event": "invalid_email"}, DEAD),
        (brevo, {"event": "spam"}, COMPLAINT),
        (brevo, {"event": "complaint"}, COMPLAINT),
        (brevo, {"event": "unsubscribe"}, UNSUBSCRIBE),
        (brevo, {"event": "error", "reason": "x"}, US),
        (brevo, {"event": "delivered"}, NOTHING),
    ],
    "ses": [
        (ses, bounced("Permanent", "NoEmail"), DEAD),
        (ses, bounced("Permanent", "General", "smtp; 550 5.1.1 user unknown"), DEAD),
        (ses, bounced("Permanent", "General", "smtp; 550 5.7.1 policy"), US),
        (ses, bounced("Permanent", "General"), SOFT),
        (ses, bounced("Permanent", "Suppressed"), LISTED_DEAD),
        (ses, bounced("Permanent", "OnAccountSuppressionList"), LISTED_DEAD),
        (ses, bounced("Transient", "General"), SOFT),
        (ses, bounced("Transient", "MailboxFull", "smtp; 552 5.2.2 full"), SOFT),
        (ses, bounced("Transient", "MessageTooLarge"), US),
        (ses, bounced("Transient", "ContentRejected"), US),
        (ses, bounced("Transient", "AttachmentRejected"), US),
        (ses, bounced("Undetermined", "Undetermined"), SOFT),
        (ses, bounced("Undetermined", "Undetermined", "smtp; 550 5.1.1 user unknown"), DEAD),
        (ses, complained(), COMPLAINT),
        (ses, complained("abuse"), COMPLAINT),
        (ses, complained("virus"), COMPLAINT),
        (ses, complained("not-spam"), NOTHING),
        (ses, complained("auth-failure"), US),
        (ses, complained(sub="OnAccountSuppressionList"), LISTED_COMPLAINT),
        (ses, {"type_": "Reject", "reject": {"reason": "Bad content"}}, US),
        (ses, {"type_": "Rendering Failure", "failure": {"errorMessage": "x"}}, US),
        (ses, {"type_": "DeliveryDelay", "deliveryDelay": {"delayType": "MailboxFull"}}, NOTHING),
        (ses, topics(True, "OptIn"), UNSUBSCRIBE),
        (ses, topics(False, "OptOut"), UNSUBSCRIBE),
        (ses, topics(False, "OptIn"), NOTHING),
        (ses, {"type_": "Send"}, NOTHING),
    ],
    "resend": [
        (resend, {"type_": "email.bounced", "bounce": ("Permanent", "NoEmail", "x")}, DEAD),
        (resend, {"type_": "email.bounced", "bounce": ("Permanent", "General", "The recipient's "
                  "email provider sent a hard bounce message: 550 5.1.1 user unknown")}, DEAD),
        (resend, {"type_": "email.bounced", "bounce": ("Permanent", "General", "The recipient's "
                  "email provider sent a general bounce message.")}, SOFT),
        (resend, {"type_": "email.bounced", "bounce": ("Permanent", "Suppressed", "Resend has "
                  "suppressed sending to this address because it is on the list")}, LISTED_DEAD),
        (resend, {"type_": "email.bounced", "bounce": ("Transient", "MailboxFull", "x")}, SOFT),
        (resend, {"type_": "email.bounced", "bounce": ("Transient", "General", "x")}, SOFT),
        (resend, {"type_": "email.bounced", "bounce": ("Transient", "ContentRejected", "")}, US),
        (resend, {"type_": "email.bounced", "bounce": ("Undetermined", "Undetermined", "")}, SOFT),
        (resend, {"type_": "email.complained"}, COMPLAINT),
        (resend, {"type_": "email.suppressed", "suppressed": {"message": "x"}}, LISTED),
        (resend, {"type_": "suppression.added", "to": [], "email": ADDRESS, "origin": "bounce"},
         LISTED_DEAD),
        (resend, {"type_": "suppression.added", "to": [], "email": ADDRESS, "origin": "complaint"},
         LISTED_COMPLAINT),
        (resend, {"type_": "suppression.added", "to": [], "email": ADDRESS, "origin": "manual"},
         LISTED),
        (resend, {"type_": "email.failed", "failed": {"reason": "quota"}}, US),
        (resend, {"type_": "email.delivery_delayed"}, NOTHING),
        (resend, {"type_": "contact.updated", "to": [], "email": ADDRESS, "unsubscribed": True},
         UNSUBSCRIBE),
        (resend, {"type_": "contact.updated", "to": [], "email": ADDRESS, "unsubscribed": False},
         NOTHING),
        (resend, {"type_": "email.delivered"}, NOTHING),
    ],
    "mailjet": [
        *((mailjet, {"event": "bounce", "error": error, "hard_bounce": True}, DEAD)
          for error in ("user unknown", "invalid domain", "no mail host", "mailbox inactive")),
        *((mailjet, {"event": "bounce", "error": error, "hard_bounce": False}, SOFT)
          for error in ("user unknown", "invalid domain", "no mail host", "mailbox inactive")),
        (mailjet, {"event": "bounce", "error": "quota exceeded", "hard_bounce": True}, SOFT),
        (mailjet, {"event": "bounce", "error": "greylisted", "hard_bounce": False}, NOTHING),
        (mailjet, {"event": "bounce", "error": "soft", "hard_bounce": False}, NOTHING),
        (mailjet, {"event": "bounce", "error": "relay/access denied", "comment": GONE,
                   "hard_bounce": True}, DEAD),
        (mailjet, {"event": "bounce", "error": "relay/access denied", "comment": POLICY,
                   "hard_bounce": True}, US),
        (mailjet, {"event": "bounce", "error": "relay/access denied"}, SOFT),
        *((mailjet, {"event": "bounce", "error": error, "comment": GONE, "hard_bounce": True}, US)
          for error in ("sender blocked", "content blocked", "policy issue", "system issue",
                        "protocol issue", "connection issue")),
        (mailjet, {"event": "bounce", "error": "typofix"}, DEAD),
        (mailjet, {"event": "blocked", "error": "preblocked"}, LISTED),
        (mailjet, {"event": "blocked", "error": "blacklisted"}, LISTED),
        (mailjet, {"event": "blocked", "error": "spam reporter"}, LISTED_COMPLAINT),
        (mailjet, {"event": "blocked", "error": "duplicate in campaign"}, NOTHING),
        (mailjet, {"event": "spam", "source": "JMRPP"}, COMPLAINT),
        (mailjet, {"event": "unsub", "mj_list_id": 1}, UNSUBSCRIBE),
        (mailjet, {"event": "sent", "smtp_reply": "250"}, NOTHING),
    ],
}  # fmt: skip


@pytest.fixture
def reader(site: Any, settings: Any) -> Subscription:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    return make_subscription(site.newsletter, ADDRESS)


@pytest.fixture
def mailing(site: Any, reader: Subscription) -> Mailing:
    return sent(site)


def sent(site: Any, days_ago: int = 0) -> Mailing:
    """An issue to all readers, its one call taken."""
    issue = make_issue(site.newsletter, [make_article(site.section)])
    mailing = make_frozen(issue)
    mailing.batches.update(status="accepted", tries=1)
    Mailing.objects.filter(pk=mailing.pk).update(
        frozen_at=timezone.now() - timedelta(days=days_ago)
    )
    return mailing


def tell(client: Any, settings: Any, name: str, body: Any) -> None:
    settings.MAIL_PROVIDER = name
    if name != "ses":
        assert say_signed(client, name, body) == 200
        return
    settings.SNS_TOPICS = [TOPIC]
    message = signed(body, KEY)
    secret = base64.b64encode(SECRETS["WEBHOOK_SECRET"].encode()).decode()
    answer = client.post(
        "/webhooks/anymail/amazon_ses/tracking/",
        json.dumps(message),
        content_type="text/plain",
        headers={
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": "1",
            "authorization": f"Basic {secret}",
        },
    )
    assert answer.status_code == 200
    follow_events()


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_of_a_provider_has_the_right_effect(
    client, settings, monkeypatch, mailing, reader, name
) -> None:
    monkeypatch.setattr(sns, "public_key", lambda url: KEY.public_key())
    batch = str(mailing.batches.get().pk)
    wrong = []
    for build, event, effect in EVENTS[name]:
        forget_signatures()
        for _ in range(2):  # events come twice
            tell(client, settings, name, build(batch, **event))
        reader.refresh_from_db()
        suppression = Suppression.of(list_index(ADDRESS))
        failures = [failure.kind for failure in DeliveryFailure.objects.all()]
        found = (
            suppression.reason if suppression else "",
            ", ".join(failures),
            reader.status == "confirmed",
        )
        if found != effect:
            wrong.append((event, found, effect))
        Suppression.objects.all().delete()
        DeliveryFailure.objects.all().delete()
        Subscription.objects.filter(pk=reader.pk).update(status="confirmed")
    assert wrong == []


def forget_signatures() -> None:
    """One signature of Mailgun's proves one event, and so does an id; the tests use one for all."""
    cache.clear()
    ProviderEventKey.objects.all().delete()


# --- A mailbox that is always full -----------------------------------------------------------


def is_full(client: Any, settings: Any, mailing: Mailing) -> None:
    forget_signatures()
    batch = str(mailing.batches.get().pk)
    tell(client, settings, "mailgun", mailgun(batch, **failed("bounce", FULL)))


@pytest.mark.parametrize(
    ("days", "suppressed"),
    [((28, 21, 14, 7, 0), True), ((15, 11, 8, 4, 0), True), ((14, 11, 8, 4, 0), False),
     ((28, 21, 14, 7), False)],
)  # fmt: skip
def test_mailbox_that_is_full_for_five_issues_over_fifteen_days_is_given_up(
    client, settings, site, reader, days, suppressed
) -> None:
    for ago in days:
        mailing = sent(site, ago)
        for _ in range(6):  # however often one issue's is told
            is_full(client, settings, mailing)
    assert Suppression.objects.count() == suppressed


@pytest.mark.parametrize("life", ["delivered", "confirmed anew", "lifted"])
def test_mailbox_that_shows_life_begins_anew(client, settings, site, reader, life) -> None:
    for ago in (28, 21, 14, 7):
        is_full(client, settings, sent(site, ago))
    if life == "delivered":
        forget_signatures()
        tell(client, settings, "mailgun", mailgun("", event="delivered"))
    elif life == "lifted":
        Suppression.add(list_index(ADDRESS), "bounce")
        client.force_login(make_user("Editors"))
        form = {"email": ADDRESS, "why": "They told us.", "lift": "1"}
        assert client.post("/admin/newsletters/suppressions/", form).status_code == 302
    else:
        signup.sign_up(reader.newsletter, ADDRESS, "form")
        signup.confirm(signup.confirm_token(reader))
    is_full(client, settings, sent(site))
    assert not Suppression.objects.exists()

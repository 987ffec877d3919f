"""Each provider's webhook with its real signature, and without. Amazon's: test_sns.py."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from svix.webhooks import Webhook

from newsroom.core.privacy import list_index
from newsroom.mail import providers
from newsroom.models import Suppression
from subscriptions.models import ProviderEvent, ProviderEventKey
from subscriptions.tasks import follow_events
from tests.factories import make_subscription

pytestmark = pytest.mark.django_db
ADDRESS = "reader@example.org"
SECRETS = {
    "WEBHOOK_SECRET": "news:a long password",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "a signing key",
    "RESEND_SIGNING_SECRET": f"whsec_{base64.b64encode(b'k' * 24).decode()}",
}
NOW = time.time()

# What each provider posts when a reader has pressed “This is spam”.
COMPLAINTS: dict[str, Any] = {
    "mailgun": {
        "event-data": {
            "event": "complained", "id": "x", "timestamp": NOW, "recipient": ADDRESS, "tags": [],
            "user-variables": {}, "message": {"headers": {"message-id": "m"}},
        }
    },
    "sparkpost": [{"msys": {"message_event": {
        "type": "spam_complaint", "event_id": "x", "timestamp": int(NOW), "rcpt_to": ADDRESS,
        "raw_rcpt_to": ADDRESS, "transmission_id": "m", "rcpt_meta": {}, "rcpt_tags": [],
    }}}],
    "postmark": {
        "RecordType": "SpamComplaint", "ID": 1, "Type": "SpamComplaint", "TypeCode": 512,
        "MessageID": "m", "Email": ADDRESS, "BouncedAt": "2026-11-25T10:00:00Z", "Metadata": {},
    },
    "brevo": {"event": "spam", "email": ADDRESS, "ts_event": int(NOW), "message-id": "m"},
    "mailjet": [{"event": "spam", "time": int(NOW), "email": ADDRESS, "MessageID": 1}],
    "resend": {
        "type": "email.complained", "created_at": "2026-11-25T10:00:00Z",
        "data": {"email_id": "m", "to": [ADDRESS], "headers": []},
    },
}  # fmt: skip


BASIC = {"authorization": f"Basic {base64.b64encode(SECRETS['WEBHOOK_SECRET'].encode()).decode()}"}


def say(client: Any, name: str, body: Any, **headers: str) -> int:
    url = f"/webhooks/anymail/{name}/tracking/"
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(url, text, content_type="application/json", headers=headers).status_code


def mailgun_signature(token: str = "t" * 50, at: float = NOW) -> dict[str, str]:
    stamp = str(int(at))
    key = SECRETS["MAILGUN_WEBHOOK_SIGNING_KEY"].encode()
    signature = hmac.new(key, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": signature}


def say_signed(client: Any, name: str, body: Any) -> int:
    """As the provider itself does it; what it tells is followed by the job at once."""
    status = post_signed(client, name, body)
    follow_events()
    return status


def post_signed(client: Any, name: str, body: Any) -> int:
    if name == "mailgun":
        return say(client, name, {**body, "signature": mailgun_signature()}, **BASIC)
    if name == "resend":
        at = datetime.now(UTC)
        signature = Webhook(SECRETS["RESEND_SIGNING_SECRET"]).sign("x", at, json.dumps(body))
        stamp = str(int(at.timestamp()))
        signed = {"svix-id": "x", "svix-timestamp": stamp, "svix-signature": signature}
        return say(client, name, body, **signed, **BASIC)
    return say(client, name, body, **BASIC)


@pytest.fixture(autouse=True)
def reader(site: Any, settings: Any) -> Any:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    return make_subscription(site.newsletter, ADDRESS)


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_the_provider_in_use_signed_is_believed(client, settings, reader, name) -> None:
    settings.MAIL_PROVIDER = name
    assert say_signed(client, name, COMPLAINTS[name]) == 200
    assert Suppression.objects.get(email_index=list_index(ADDRESS)).reason == "complaint"
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_nobody_signed_changes_nothing(client, settings, reader, name) -> None:
    settings.MAIL_PROVIDER = name
    body = COMPLAINTS[name]
    assert say(client, name, body) == 400
    assert say(client, name, body, authorization="Basic bmV3czp3cm9uZw==") == 400
    assert say(client, name, body, authorization="Basic OmFu") == 400
    for secret in SECRETS:  # and without a secret nobody can
        settings.ANYMAIL = settings.ANYMAIL | {secret: ""}
    assert say(client, name, body) == 400
    assert say_signed(client, name, body) == 400
    assert not Suppression.objects.exists()
    assert not ProviderEvent.objects.exists() and not ProviderEventKey.objects.exists()


@pytest.mark.parametrize("name", COMPLAINTS)
def test_every_other_provider_is_unknown_here(client, settings, name) -> None:
    others = {*COMPLAINTS, "amazon_ses", "sendgrid", "mandrill", "mailersend", "smtp"} - {name}
    settings.MAIL_PROVIDER = name
    assert {say_signed(client, other, COMPLAINTS.get(other, {})) for other in others} == {404}
    settings.MAIL_PROVIDER = "smtp"
    assert say_signed(client, name, COMPLAINTS[name]) == 404
    for path in (f"{name}/inbound/", f"{name}/", f"{name}/tracking/x/", "mandrill/"):
        assert client.post(f"/webhooks/anymail/{path}").status_code == 404
    assert not Suppression.objects.exists()


def tells_of_nobody(name: str, body: Any) -> bool:
    """Taken, and nothing follows: of these Anymail reads no list, or an event without a kind."""
    match name:
        case "sparkpost":
            return body in ("[]", "{}")
        case "mailjet":
            return bool(body == "[]")
        case "postmark" | "brevo":
            kind = {"postmark": '"RecordType"', "brevo": '"event"'}[name]
            return str(body).startswith("{") and kind not in body
    return False


@pytest.mark.parametrize("name", COMPLAINTS)
@pytest.mark.parametrize(
    "body",
    ["", "[", "[]", "{}", "7", "null", '"text"', '[{"msys": 7}]', '[[1]]', "[" * 60_000,
     '{"event-data": []}', '{"type": [], "data": 1}', '{"RecordType": {}}', '{"event": []}',
     b"\xff\xfe", '{"signature": 1}', '{"signature": {"token": [], "timestamp": "é"}}', "1" * 5000],
)  # fmt: skip
def test_what_is_no_event_is_refused_and_no_error_of_ours(client, settings, name, body) -> None:
    settings.MAIL_PROVIDER = name
    assert say(client, name, body, **BASIC) == (200 if tells_of_nobody(name, body) else 400)
    if name == "resend" and isinstance(body, str):
        at = datetime.now(UTC)
        signature = Webhook(SECRETS["RESEND_SIGNING_SECRET"]).sign("x", at, body)
        stamp = str(int(at.timestamp()))
        signed = {"svix-id": "x", "svix-timestamp": stamp, "svix-signature": signature}
        assert say(client, name, body, **signed, **BASIC) == 400


@pytest.mark.parametrize(
    "odd", [["batch"], 7, "batch", None, True, {"batch": ["x"]}, {"batch": {}}, {"batch": "\0"},
            {"batch": 10**30}, {"batch": "\ud800"}],
)  # fmt: skip
def test_odd_metadata_loses_no_event(client, settings, odd) -> None:
    event = COMPLAINTS["mailgun"]["event-data"] | {"user-variables": odd}
    assert say_signed(client, "mailgun", {"event-data": event}) == 200
    assert Suppression.objects.exists()


@pytest.mark.parametrize("odd", [["a@example.org"], 7, {}, "\ud800@example.org", "a\0@b.org", ""])
def test_odd_recipient_harms_nobody(client, settings, odd) -> None:
    event = COMPLAINTS["mailgun"]["event-data"] | {"recipient": odd, "message": {"headers": {}}}
    assert say_signed(client, "mailgun", {"event-data": event}) == 200
    assert not Suppression.objects.filter(email_index=list_index(ADDRESS)).exists()


def test_one_signature_of_mailgun_proves_one_event(client) -> None:
    harmless = {"event-data": COMPLAINTS["mailgun"]["event-data"] | {"event": "delivered"}}
    assert say_signed(client, "mailgun", harmless) == 200
    assert say_signed(client, "mailgun", harmless) == 200  # Mailgun repeats it unchanged
    assert say_signed(client, "mailgun", COMPLAINTS["mailgun"]) == 400
    old = COMPLAINTS["mailgun"] | {"signature": mailgun_signature("u" * 50, NOW - 2 * 24 * 3600)}
    assert say(client, "mailgun", old, **BASIC) == 400
    assert not Suppression.objects.exists()


def test_each_provider_says_what_proves_its_webhook() -> None:
    for provider in providers.table():
        assert (provider.hook is None) == (provider.transport == "smtp")


@pytest.mark.parametrize(
    "at",
    ["nan", "inf", "17", f"{int(NOW)}e0", f"{int(NOW)}.5", f" {NOW:.0f}", ""],
    ids=["nan", "inf", "short", "power", "fraction", "space", "nothing"],  # the same at any time
)
def test_time_of_a_signature_has_ten_digits(client, at) -> None:
    signature = mailgun_signature("e0" + "v" * 48)
    key = SECRETS["MAILGUN_WEBHOOK_SIGNING_KEY"].encode()
    signed = hmac.new(key, f"{at}{signature['token']}".encode(), hashlib.sha256).hexdigest()
    body = COMPLAINTS["mailgun"] | {"signature": signature | {"timestamp": at, "signature": signed}}
    assert say(client, "mailgun", body, **BASIC) == 400
    assert not Suppression.objects.exists()


def test_body_that_reads_as_form_and_as_json_is_neither(client) -> None:
    old = mailgun_signature("w" * 50, NOW - 9 * 24 * 3600)
    fields = "&".join(f"{name}={value}" for name, value in old.items())
    decoy = json.dumps({"timestamp": str(int(NOW)), "token": "x", "signature": "x"})
    body = f'{{"signature":{decoy},"x":"&{fields}&event=complained&recipient={ADDRESS}&"}}'
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        url = "/webhooks/anymail/mailgun/tracking/"
        assert client.post(url, body, content_type=kind, headers=BASIC).status_code == 400
    assert not Suppression.objects.exists()


def test_complaint_counts_whatever_reason_comes_with_it(client, reader) -> None:
    event = COMPLAINTS["mailgun"]["event-data"] | {"reason": "bounce"}
    assert say_signed(client, "mailgun", {"event-data": event}) == 200
    assert Suppression.objects.get().reason == "complaint"

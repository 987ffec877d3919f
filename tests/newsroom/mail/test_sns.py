"""Amazon's signature on what SES tells. The certificate is made here in place of Amazon's."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from newsroom.mail import sns
from newsroom.models import Suppression
from subscriptions.tasks import follow_events
from tests.factories import make_subscription

pytestmark = pytest.mark.django_db
URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
TOPIC = "arn:aws:sns:eu-central-1:1:news"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(autouse=True)
def amazon(key, monkeypatch) -> list[str]:
    """Amazon's certificate at any of its addresses; the addresses asked for."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    asked: list[str] = []
    monkeypatch.setattr(sns, "download", lambda url: asked.append(url) or pem)
    sns.public_key.cache_clear()
    return asked


def bounce_of(address: str) -> dict[str, str]:
    bounce = {
        "eventType": "Bounce",
        "mail": {"messageId": "m", "destination": [address], "headers": [], "tags": {}},
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "NoEmail", "feedbackId": "f",
            "timestamp": "2026-11-24T10:00:00.000Z",
            "bouncedRecipients": [{"emailAddress": address}],
        },
    }  # fmt: skip
    return {
        "Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": json.dumps(bounce),
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "SignatureVersion": "2",
        "SigningCertURL": URL,
    }  # fmt: skip


def signed(message: dict[str, str], key: rsa.RSAPrivateKey) -> dict[str, str]:
    fields = sns.SIGNED[message["Type"]]
    text = "".join(f"{name}\n{message[name]}\n" for name in fields if name in message)
    chosen = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()
    signature = key.sign(text.encode(), padding.PKCS1v15(), chosen)
    return message | {"Signature": b64encode(signature).decode()}


@pytest.fixture
def tell(client, settings):
    settings.MAIL_PROVIDER, settings.SNS_TOPICS = "ses", [TOPIC]
    settings.ANYMAIL = settings.ANYMAIL | {"WEBHOOK_SECRET": "user:pass"}

    def post(message: dict[str, str], secret: str = "user:pass") -> int:
        status: int = client.post(
            "/webhooks/anymail/amazon_ses/tracking/",
            json.dumps(message),
            content_type="text/plain",
            headers={
                "x-amz-sns-message-type": message.get("Type", ""),
                "x-amz-sns-message-id": message.get("MessageId", ""),
                "authorization": f"Basic {b64encode(secret.encode()).decode()}",
            },
        ).status_code
        follow_events()
        return status

    return post


def test_bounce_that_amazon_signed_suppresses_the_address(tell, key, site) -> None:
    make_subscription(site.newsletter, "gone@example.org")
    assert tell(signed(bounce_of("gone@example.org"), key)) == 200
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("hours", [-2, 2, 24 * 365])
def test_what_amazon_said_long_ago_is_refused(tell, key, hours) -> None:
    at = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    assert tell(signed(bounce_of("victim@example.org") | {"Timestamp": at}, key)) == 400
    for nonsense in ("", "yesterday", 7, None, "2026-11-24T10:00:00"):
        message = bounce_of("victim@example.org") | {"Timestamp": nonsense}
        assert tell(signed(message, key)) == 400
    assert not Suppression.objects.exists()


def test_sha_1_proves_nothing_any_more(tell, key) -> None:
    message = bounce_of("victim@example.org") | {"SignatureVersion": "1"}
    assert tell(signed(message, key)) == 400


def test_without_topics_of_ours_nothing_is_taken(tell, key, settings) -> None:
    settings.SNS_TOPICS = []
    assert tell(signed(bounce_of("victim@example.org"), key)) == 400


def test_whatever_is_not_signed_by_amazon_is_refused(tell, key, amazon) -> None:
    good = signed(bounce_of("victim@example.org"), key)
    other = rsa.generate_private_key(65537, 2048)
    forged = [
        good | {"Message": bounce_of("other@example.org")["Message"]},
        signed(bounce_of("victim@example.org"), other),
        good | {"Signature": "bm8="}, good | {"Signature": "not base64!"},
        {name: value for name, value in good.items() if name != "Signature"},
        good | {"SignatureVersion": "3"}, good | {"SigningCertURL": 7},
    ]  # fmt: skip
    assert [tell(message) for message in forged] == [400] * len(forged)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.org/SimpleNotificationService-1.pem",
     "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
     "https://sns.eu-central-1.amazonaws.com.evil.org/SimpleNotificationService-1.pem",
     "https://sns.evil@x.amazonaws.com/SimpleNotificationService-1.pem",
     "https://127.0.0.1/SimpleNotificationService-1.pem", ""],
)  # fmt: skip
def test_no_certificate_is_fetched_from_elsewhere(tell, key, amazon, url) -> None:
    message = signed(bounce_of("victim@example.org") | {"SigningCertURL": url}, key)
    assert tell(message) == 400
    assert amazon == []


def test_topic_of_somebody_else_is_refused(tell, key, settings) -> None:
    settings.SNS_TOPICS = ["arn:aws:sns:eu-central-1:1:ours"]
    assert tell(signed(bounce_of("victim@example.org"), key)) == 400


def test_wrong_secret_is_refused_however_well_signed(tell, key) -> None:
    assert tell(signed(bounce_of("victim@example.org"), key), secret="user:wrong") == 400


def test_certificate_is_fetched_once(tell, key, amazon) -> None:
    for number in range(3):
        tell(signed(bounce_of(f"r{number}@example.org"), key))
    assert amazon == [URL]

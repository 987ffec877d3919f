"""Amazon SES tells of bounces through SNS, whose signature Anymail does not verify. Here it is.

Source: "Verifying the signatures of Amazon SNS messages" (Amazon SNS Developer Guide).
"""

import re
from base64 import b64decode
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import requests
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

# What is signed, in this order, of each type of message.
NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
SUBSCRIPTION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
SIGNED = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": SUBSCRIPTION,
    "UnsubscribeConfirmation": SUBSCRIPTION,
}
VERSION = "2"  # signed with SHA-256; version 1 is SHA-1. Set it on the topic: SignatureVersion
# SNS repeats to an HTTP endpoint for an hour at most ("Amazon SNS message delivery retries").
FRESH = timedelta(minutes=75)
CERTIFICATE = re.compile(
    r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/SimpleNotificationService-[A-Za-z0-9]+\.pem"
)


class TrackingView(AmazonSESTrackingWebhookView):
    """Anymail's view, for messages that Amazon has signed and our topic has sent."""

    def validate_request(self, request: HttpRequest) -> None:
        """Raises AnymailWebhookValidationFailure (answered with 400)."""
        message = self._parse_sns_message(request)
        if message["TopicArn"] not in settings.SNS_TOPICS:
            raise AnymailWebhookValidationFailure("an SNS topic that is not ours")
        verify(message, timezone.now())

    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        """Anymail demands a shared secret before it confirms; a signature from a topic of ours
        proves more."""
        self.basic_auth: Any = getattr(self, "basic_auth", None) or ["signed"]
        super().auto_confirm_sns_subscription(sns_message)


def verify(message: dict[str, Any], now: datetime) -> None:
    """Raises AnymailWebhookValidationFailure if Amazon has not signed it, or not lately."""
    if message["SignatureVersion"] != VERSION:
        raise AnymailWebhookValidationFailure("an SNS topic that signs with SHA-1")
    if abs(now - datetime.fromisoformat(message["Timestamp"])) > FRESH:
        raise AnymailWebhookValidationFailure("said long ago")
    try:
        signature = b64decode(message["Signature"], validate=True)
        fields = SIGNED[message["Type"]]
        signed = "".join(f"{name}\n{message[name]}\n" for name in fields if name in message)
        key = public_key(message["SigningCertURL"])
        key.verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
    except (KeyError, TypeError, ValueError, InvalidSignature) as error:
        raise AnymailWebhookValidationFailure("not signed by Amazon SNS") from error


@lru_cache(maxsize=8)
def public_key(url: str) -> rsa.RSAPublicKey:
    """Of Amazon's certificate, fetched once, over HTTPS, from Amazon's own hosts only.

    Raises ValueError for any other address or content.
    """
    if not CERTIFICATE.fullmatch(url):
        raise ValueError("not a certificate of Amazon SNS")
    key = x509.load_pem_x509_certificate(download(url)).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def download(url: str) -> bytes:
    """Raises ValueError when it can't be had: the event is told again later."""
    try:
        answer = requests.get(url, timeout=(3.05, 10), allow_redirects=False)
        answer.raise_for_status()
        return answer.content
    except requests.RequestException as error:
        raise ValueError("Amazon's certificate can't be had") from error

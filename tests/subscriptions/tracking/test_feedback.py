import hashlib
import hmac
import json
import secrets
import time

import pytest

from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import Batch
from subscriptions.sending import claiming
from subscriptions.tasks import follow_events
from tests.factories import make_article, make_frozen, make_issue, make_subscription

URL = "/webhooks/anymail/mailgun/tracking/"


@pytest.fixture
def reader(site):
    return make_subscription(site.newsletter, "Reader@example.org")


def tell(client, settings, event: dict, key: str = ""):
    timestamp, token = str(int(time.time())), secrets.token_hex(25)
    key = key or settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"]
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {
        "signature": {"timestamp": timestamp, "token": token, "signature": signature},
        "event-data": {
            "id": "x", "timestamp": time.time(), "recipient": "reader@example.org", "tags": [],
            "user-variables": {}, "message": {"headers": {"message-id": "m"}}, **event,
        },
    }  # fmt: skip
    answer = client.post(URL, json.dumps(body), content_type="application/json")
    follow_events()
    return answer


BOUNCE = {
    "event": "failed", "severity": "permanent", "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 no such user", "description": ""},
}  # fmt: skip


def test_hard_bounce_suppresses_the_address(client, settings, reader) -> None:
    for _ in range(2):  # events come twice
        assert tell(client, settings, BOUNCE).status_code == 200
    assert Suppression.objects.get().reason == "bounce"
    assert not reader.newsletter.subscriptions.mailable().exists()


def test_temporary_failure_suppresses_nobody(client, settings, reader) -> None:
    tell(client, settings, BOUNCE | {"severity": "temporary"})
    assert not Suppression.objects.exists()


def test_complaint_takes_the_reader_off_every_list(client, settings, reader) -> None:
    tell(client, settings, {"event": "complained"})
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"
    assert Suppression.objects.get(email_index=list_index("reader@example.org"))


def test_forged_webhook_changes_nothing(client, settings, reader) -> None:
    assert tell(client, settings, BOUNCE, key="wrong").status_code == 400
    assert client.post(URL, "{}", content_type="application/json").status_code == 400
    assert client.post(URL, b"\xff", content_type="application/json").status_code == 400
    assert not Suppression.objects.exists()


def test_event_with_a_batch_is_proof_that_it_was_sent(client, settings, site, reader) -> None:
    issue = make_issue(site.newsletter, [make_article(site.section)])
    make_frozen(issue)
    batch = claiming.claim().batch
    Batch.objects.update(status="in_doubt")
    tell(client, settings, {"event": "delivered", "user-variables": {"batch": str(batch.pk)}})
    batch.refresh_from_db()
    assert batch.status == "accepted"
    for nonsense in ("not-a-uuid", "", "00000000-0000-0000-0000-000000000000"):
        answer = tell(
            client, settings, {"event": "delivered", "user-variables": {"batch": nonsense}}
        )
        assert answer.status_code == 200

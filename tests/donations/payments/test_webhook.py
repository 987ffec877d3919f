import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import stripe
from django.db import connection
from django.test import Client

from donations.models import Contribution, StripeEvent
from donations.payments import webhook
from tests.donations.conftest import signed

URL = "/webhooks/stripe/"

pytestmark = pytest.mark.usefixtures("stripe_sandbox", "db")


def payload(**fields: object) -> str:
    event = {
        "id": "evt_1", "object": "event", "type": "customer.created", "created": 1_790_000_000,
        "api_version": stripe.api_version, "data": {"object": {"id": "cus_1", "object": "customer"}},  # noqa: E501
    }  # fmt: skip
    return json.dumps(event | fields)


def post(client, body: str | bytes, headers: dict[str, str]):
    return client.post(URL, body, content_type="application/json", headers=headers)


def test_signed_event_is_stored_once_however_often_it_comes(client) -> None:
    body = payload()
    for _ in range(3):
        assert post(client, body, signed(body)).status_code == 200
    event = StripeEvent.objects.get()
    assert (event.pk, event.type, event.object_id) == ("evt_1", "customer.created", "cus_1")


def test_event_that_comes_again_queues_its_task_once(client, monkeypatch) -> None:
    queued: list[str] = []
    monkeypatch.setattr(webhook, "after_commit", lambda task, pk: queued.append(pk))
    for number in (1, 2, 1, 2, 1):
        body = payload(id=f"evt_{number}")
        assert post(client, body, signed(body)).status_code == 200
    assert queued == ["evt_1", "evt_2"]


@pytest.mark.django_db(transaction=True)
def test_event_that_comes_eight_times_at_once_queues_its_task_once(monkeypatch) -> None:
    queued: list[str] = []
    monkeypatch.setattr(webhook, "after_commit", lambda task, pk: queued.append(pk))
    body, together = payload(), Barrier(8)

    def deliver(_: int) -> int:
        together.wait()
        try:
            return post(Client(), body, signed(body)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deliver, range(8))) == {200}
    assert queued == ["evt_1"]


def test_event_leads_to_the_contribution_through_a_task(donor, told, committing) -> None:
    donor.pays(donor.continues(frequency="once")["Location"], "task@example.org")
    [event] = [event for event in told() if event["type"] == "payment_intent.succeeded"]
    body = json.dumps(event)
    with committing():
        post(donor.client, body, signed(body))
    assert Contribution.objects.get().status == "succeeded"
    assert StripeEvent.objects.get().handled_at


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (payload(), {}),
        (payload(), {"Stripe-Signature": "t=1,v1=00"}),
        (payload(), {"Stripe-Signature": "nonsense"}),
        (payload(), signed(payload(), secret="whsec_wrong")),
        (payload(), signed(payload(), timestamp=int(time.time()) - 3600)),
        ("[]", signed("[]")),
        ("not json", signed("not json")),
        ("{}", signed("{}")),
    ],
)
def test_what_stripe_did_not_sign_gets_400_and_stores_nothing(client, body, headers) -> None:
    assert post(client, body, headers).status_code == 400
    assert not StripeEvent.objects.exists()


def test_both_secrets_are_taken_while_one_is_replaced(client, settings) -> None:
    old = settings.STRIPE_WEBHOOK_SECRETS[-1]
    settings.STRIPE_WEBHOOK_SECRETS = [old, "whsec_new"]
    for number, secret in enumerate((old, "whsec_new")):
        body = payload(id=f"evt_{number}")
        assert post(client, body, signed(body, secret)).status_code == 200
    assert StripeEvent.objects.count() == 2


def test_unknown_event_type_is_stored_and_ignored(client, committing) -> None:
    body = payload(type="quote.created")
    with committing():
        assert post(client, body, signed(body)).status_code == 200
    assert StripeEvent.objects.get().handled_at


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("sk_test_x", {"account": "acct_other"}),
        ("sk_test_x", {"livemode": True}),
        ("sk_live_x", {"livemode": False}),
        ("rk_live_x", {"livemode": False}),
    ],
)
def test_event_of_another_account_or_mode_is_taken_and_forgotten(
    client, settings, key, fields
) -> None:
    """Not 400: Stripe would send it again for days, and then give up on all our events."""
    settings.STRIPE_SECRET_KEY = key
    body = payload(**fields)
    assert post(client, body, signed(body)).status_code == 200
    assert not StripeEvent.objects.exists()


def test_body_beyond_any_event_gets_413(client) -> None:
    assert post(client, b"x" * 10_000_000, {}).status_code == 413


def test_get_is_not_allowed(client) -> None:
    assert client.get(URL).status_code == 405

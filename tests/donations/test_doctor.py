"""What ``manage.py doctor`` asks Stripe, and what it makes of the answer."""

from typing import Any

import pytest
import stripe

from donations import doctor
from donations.payments import gateway
from donations.payments.events import EVENTS

URL = "https://news.newsroom.test/webhooks/stripe/"


def endpoint(**change: Any) -> stripe.WebhookEndpoint:
    values = {"url": URL, "status": "enabled", "enabled_events": sorted(EVENTS)} | change
    return stripe.WebhookEndpoint.construct_from(values, "sk_test_x")


@pytest.mark.parametrize(
    ("known", "state", "words"),
    [
        ([endpoint()], "ok", "tells"),
        ([endpoint(enabled_events=["*"])], "ok", "tells"),
        ([], "wrong", "does not know"),
        ([endpoint(url="https://old.newsroom.test/webhooks/stripe/")], "wrong", "does not know"),
        ([endpoint(status="disabled")], "wrong", "turned off"),
        ([endpoint(enabled_events=sorted(EVENTS)[1:])], "warning", sorted(EVENTS)[0]),
    ],
)
def test_webhook_at_stripe_is_judged(known: Any, state: str, words: str) -> None:
    found = doctor.judged(URL, known)
    assert found.state == state and words in found.words


def test_stripe_is_asked(stripe_sandbox: str, settings: Any) -> None:
    """Of a sandbox that tells nobody; tests/faults asks one that tells."""
    [found], [clock] = doctor.webhook_is_set_up(), doctor.clock_is_right()
    assert found.words == f"Stripe does not know {settings.BASE_URL}{doctor.PATH}."
    assert "Stripe's" in clock.words and clock.state == "ok"
    try:
        for change, words in (
            ({"STRIPE_SECRET_KEY": "sk_live_nobodys"}, "refuses"),
            ({"STRIPE_SANDBOX": "http://127.0.0.1:1"}, "no answer"),
        ):
            for name, value in change.items():
                setattr(settings, name, value)
            gateway.client.cache_clear()
            [found] = doctor.webhook_is_set_up()
            assert words in found.words and found.state == "wrong" and "nobodys" not in str(found)
    finally:
        gateway.client.cache_clear()
    assert [one.state for one in doctor.clock_is_right()] == ["unknown"]

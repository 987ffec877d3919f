"""Our own part of “Continue”: from the POST to the redirect, without the time Stripe takes.

PRESSES sets how many, each a new form; the pages, the sandbox's too, run as they always do.
"""

import os
import time
from statistics import median
from typing import Any

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures


def run() -> tuple[dict[str, Any], Figures]:
    from django.core.cache import cache
    from django.test import Client

    from donations.giving import views
    from donations.payments import gateway
    from tests.environment import start_sandbox
    from tests.factories import make_appeal, make_site

    presses = given("PRESSES", 500)
    views.CHECKOUTS["most"] = presses * 2
    make_site()
    appeal = make_appeal()
    at_stripe: list[float] = []
    ask = gateway.create_session

    def timed(*asked: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return ask(*asked, **more)
        finally:
            at_stripe.append(time.perf_counter() - begun)

    gateway.create_session = timed  # type: ignore[assignment]
    form = {"frequency": "monthly", "amount": "10", "currency": "usd", "appeal": appeal.pk}
    own, whole = [], []
    with start_sandbox("donations.sandbox.app", os.environ["STRIPE_SANDBOX_URL"], "stripe.sqlite3"):
        client = Client()
        for n in range(presses + 20):
            if n % 200 == 0:
                cache.clear()  # no breaker: all of this comes from one network
            begun = time.perf_counter()
            answer = client.post("/support/checkout/", form)
            took = time.perf_counter() - begun
            assert answer.status_code == 303, answer.status_code
            if n >= 20:
                whole.append(took)
                own.append(took - at_stripe[-1])
    own.sort()
    return {"presses": presses}, {
        "our own part, median": (median(own) * 1000, "ms"),
        "our own part, p99": (own[int(len(own) * 0.99)] * 1000, "ms"),
        "with the sandbox, median": (median(whole) * 1000, "ms"),
    }

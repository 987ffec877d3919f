"""From “send” to the last batch accepted: real PostgreSQL, Redis and Celery workers, Anymail's
Mailgun backend, a counting sink. RECIPIENTS sets the audience, RUNS how often it is sent."""

import os
from contextlib import ExitStack
from typing import Any

import requests

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures, content, medians, port, send_once, start, start_worker
from tests.environment import wait_for_port


def run() -> tuple[dict[str, Any], Figures]:
    """The parameters, and name -> (median figure, unit)."""
    recipients = given("RECIPIENTS", 100_000)
    runs = given("RUNS", 3)
    with ExitStack() as stack:
        start(stack, "-m", "tests.benchmarks.sink", port("MAIL_SANDBOX_URL"))
        wait_for_port(int(port("MAIL_SANDBOX_URL")))
        newsletter, size = content(recipients)
        worker = start_worker(stack)
        _, *results = [send_once(newsletter, recipients, worker) for _ in range(runs + 1)]
        counted = requests.get(os.environ["MAIL_SANDBOX_URL"], timeout=10).json()["recipients"]
        assert counted == recipients * (runs + 1)
    return {"recipients": recipients, "runs": runs, "issue_bytes": size}, medians(results)

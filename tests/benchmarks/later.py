"""A million people said “later”, and for some the hour has come: from the run to the last call that
a counting sink has accepted. Real PostgreSQL, Redis and Celery workers, Anymail's Mailgun backend.
OPEN sets how many wait, DUE how many of them are due."""

import os
import resource
import time
from contextlib import ExitStack
from typing import Any

import requests

from tests.benchmarks import given
from tests.benchmarks.mailing import PROCESSES, Figures, port, start
from tests.environment import wait_for_port

LANGUAGES = ("en", "ru", "de")

# Those who are not due: each has an address of their own by its index, which is all that is asked.
WAITING = """
    INSERT INTO donations_deferral (
        email, email_index, choice, remind_on, due_at, zone, yearly, once_more, mails, appeal_id,
        frequency, currency, language, status, created_on
    )
    SELECT %(email)s, sha256(number::text::bytea), 'month', current_date + 1,
           now() + interval '1 day' + number * interval '1 second', 'UTC', false, false, 0,
           %(appeal)s, 'monthly', 'usd', 'en', 'waiting', current_date
    FROM generate_series(1, %(many)s) number
"""


def run() -> tuple[dict[str, Any], Figures]:
    """The parameters, and name -> (figure, unit)."""
    everybody, due = given("OPEN", 1_000_000), given("DUE", 30_000)
    from django.db import connection
    from django.utils import timezone

    from donations.asking import reminding
    from donations.models import Deferral
    from newsroom.models import TransactionalMail
    from tests.factories import make_appeal, make_site

    make_site()
    appeal = make_appeal()
    with ExitStack() as stack:
        start(stack, "-m", "tests.benchmarks.sink", port("MAIL_SANDBOX_URL"))
        wait_for_port(int(port("MAIL_SANDBOX_URL")))
        make(everybody, due, appeal.pk)
        plan = Deferral.objects.due(timezone.now()).order_by("due_at")[:5000].explain()
        assert "deferrals_that_are_due" in plan and "Seq Scan" not in plan, plan
        celery = ["-m", "celery", "--quiet", "-A", "newsroom", "worker", "-Q", "transactional"]
        start(stack, *celery, "-c", str(PROCESSES), "--loglevel", "WARNING")
        time.sleep(5)
        before = most_memory()
        began = time.monotonic()
        assert reminding.send_due(timezone.now()) == due
        posted = time.monotonic() - began
        while TransactionalMail.objects.exclude(status="sent").exists():
            assert time.monotonic() - began < 600
            time.sleep(0.1)
        took = time.monotonic() - began
        grown = most_memory() - before
        counted = requests.get(os.environ["MAIL_SANDBOX_URL"], timeout=10).json()
        assert counted["recipients"] == due
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM donations_deferral WHERE status = 'reminded'")
            assert cursor.fetchone()[0] == due
    return {"open": everybody, "due": due}, {
        "all posted": (posted, "s"),
        "all sent": (took, "s"),
        "mails": (due / took, "/s"),
        "calls": (counted["calls"], ""),
        "memory that the run added": (grown / 1000, "MB"),
    }


def most_memory() -> int:
    """The most that this process has had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def make(everybody: int, due: int, appeal: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from donations.models import Deferral
    from newsroom.core.privacy import giving_index, seal

    with connection.cursor() as cursor:
        email = seal("reader@example.org", "deferral.email")
        rest = {"email": email, "appeal": appeal, "many": everybody - due}
        cursor.execute(WAITING, rest)
    now = timezone.now()
    for first in range(0, due, 5000):
        addresses = [
            f"later{number}@example.org" for number in range(first, min(first + 5000, due))
        ]
        Deferral.objects.bulk_create(
            Deferral(
                email=address,
                email_index=giving_index(address),
                remind_on=now.date(),
                due_at=now,
                status="waiting",
                appeal_id=appeal,
                language=LANGUAGES[number % len(LANGUAGES)],
            )
            for number, address in enumerate(addresses)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE donations_deferral")

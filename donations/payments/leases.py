"""One at a time about one thing at Stripe, on however many machines, without holding a connection.

A session lock would stay with a connection that PgBouncer hands to somebody else, and a transaction
must not wait for the network. So it is a row that is held until a time, under a token that counts
up: who was too slow finds another token there, and writes nothing.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from celery import current_task
from django.db import connection, transaction
from django.db.models.functions import Now

from donations.models import Lease
from donations.payments.gateway import Unavailable

# One call takes at most 3 × (3.05 + 20) seconds and two pauses of 1 (gateway.py; stripe-python,
# “max_network_retries”): 71 in all. Whoever makes more of them renews in between.
LASTS = timedelta(minutes=2)
# Somebody waits for a page, so it is short; a pull takes a second or two. A job sleeps in the place
# of others and comes again by itself, until the lease of whoever was killed is over, too.
PATIENCE, JOBS_PATIENCE = 20, 3  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.25  # seconds
TAKE = """
    INSERT INTO donations_lease (about, held_until)
    VALUES (%s, clock_timestamp() + %s * interval '1 second')
    ON CONFLICT (about) DO UPDATE SET token = excluded.token, held_until = excluded.held_until
    WHERE donations_lease.held_until < clock_timestamp()
    RETURNING token
"""


class Busy(Unavailable):
    """Another is at it still, or has taken it over: nothing was written; try again."""


class Held:
    """A lease that is ours, as far as we know; ``writing`` makes sure."""

    def __init__(self, token: int) -> None:
        self.token = token

    def renew(self) -> None:
        """As long as at the beginning, from now: before one more slow call. Raises Busy when
        somebody has it already."""
        if not Lease.objects.filter(token=self.token).update(held_until=Now() + LASTS):
            raise Busy

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction in which it is ours to the end: nobody takes it over before the commit,
        so what they ask Stripe for is newer. Nothing else is locked before. Raises Busy when
        somebody has it already."""
        with transaction.atomic():
            mine = Lease.objects.select_for_update().filter(token=self.token)
            if not mine:
                raise Busy
            yield


@contextmanager
def lease(about: str) -> Iterator[Held]:
    """Held while Stripe is asked, so that what is written is never older than what is there.

    ``about`` is an id of Stripe's or names a row of ours; several are taken in the order that
    docs/architecture.md says. Raises Busy when it is not to be had in ``PATIENCE`` seconds, in a
    job ``JOBS_PATIENCE``.
    """
    token = _take(about)
    try:
        yield Held(token)
    finally:
        Lease.objects.filter(token=token).delete()


def _take(about: str) -> int:
    patience = JOBS_PATIENCE if current_task else PATIENCE
    deadline, pause = time.monotonic() + patience, FIRST_PAUSE
    while (token := _try_to_take(about)) is None:
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(pause * random.uniform(0.5, 1))  # not all at the same moment
        pause = min(pause * 1.5, LONGEST_PAUSE)
    return token


def _try_to_take(about: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [about, LASTS.total_seconds()])
        found = cursor.fetchone()
    return found[0] if found else None

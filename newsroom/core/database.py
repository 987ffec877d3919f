"""What is asked of PostgreSQL besides queries: to wait for others, and to come back."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)

T = TypeVar("T")
GIVE_UP_AFTER = 300  # seconds


def with_retries(write: Callable[[], T]) -> T:
    """Do it, again and again while the database is away. Raises its error after five minutes, or
    at once inside a transaction, which is lost with the connection."""
    deadline = time.monotonic() + GIVE_UP_AFTER
    wait = 0.1
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            log.warning("The database is away (%s): trying again", type(error).__name__)
            connection.close()
            time.sleep(wait)
            wait = min(wait * 2, 5)


def one_at_a_time(*numbers: int) -> None:
    """A lock that stands for something without a row of its own: whoever takes the same waits until
    this transaction ends. One number of 64 bits, or two of 32 (PostgreSQL: “Advisory Lock
    Functions”)."""
    places = ", ".join(["%s"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({places})", numbers)

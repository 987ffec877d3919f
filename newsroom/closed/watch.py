"""A thread in every process that looks whether its keys have to go. Then it destroys this machine's
file, and ends the process on the spot: only so do keys leave the memory.

To be killed at any moment is what the whole product is built for.
"""

import hmac
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import Error, close_old_connections

from newsroom.closed import keys_file
from newsroom.closed.models import Closure

EVERY = 2.0  # seconds


def begin(must_end: Callable[[], bool]) -> None:
    def look() -> None:
        while not must_end():
            close_old_connections()
            time.sleep(EVERY)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=look, name="closed", daemon=True).start()


def here() -> bool:
    """This machine is closed. All that a process may ask that will fork."""
    return bool(keys_file.closed_since())


def anywhere() -> bool:
    """… or was ordered to be; then it is."""
    if here():
        return True
    try:
        closure = Closure.current()
    except Error:  # the database is away
        return False
    if closure is None or not is_ordered(closure) or keys_file.path() is None:
        return False
    with suppress(OSError):  # what is in memory can go all the same
        keys_file.destroy(closure.closed_at.isoformat())
    return True


def is_ordered(closure: Closure) -> bool:
    return hmac.compare_digest(bytes(closure.order or b""), closure.order_for_keys())

"""A thread in every process that looks whether its keys have to go. Then it destroys this machine's
file, and ends the process on the spot: only so do keys leave the memory.

To be killed at any moment is what the whole product is built for.
"""

import hmac
from collections.abc import Callable
from contextlib import suppress

from django.db import Error, close_old_connections

from newsroom.closed import keys_file
from newsroom.closed.models import Closure


def begin(must_end: Callable[[], bool]) -> None:
    def look() -> bool:
        try:
            return must_end()
        finally:
            close_old_connections()

    keys_file.end_when(look)


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

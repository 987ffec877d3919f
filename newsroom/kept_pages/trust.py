"""May kept pages be shown at all? PostgreSQL is asked once a second.

Not while the newsroom is closed; and not while there are changes that Redis does not take: who
looks tells them again, so they need no job. While PostgreSQL itself is away the last answer holds:
nothing can change in it.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import inf

from django.db import Error, connection

from newsroom.closed.state import ask_database
from newsroom.kept_pages.noting import EVERYTHING
from newsroom.kept_pages.purges import tell
from newsroom.kept_pages.untold import UntoldChange

HOLDS = 1.0  # seconds
SOON = 0.6  # … and from then on somebody looks again, while nobody has to wait for it
MOST = 10_000


class Trust:
    """As one process knows it."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "kept pages")
        self.given = False
        self.since = -inf  # when it was; then all that was untold had been told
        self.as_of = self.began = -inf
        self.looking: asyncio.Future[None] | None = None

    async def is_given(self) -> bool:
        now = time.monotonic()
        if now - self.as_of > SOON and (self.looking is None or self.looking.done()):
            self.began, self.looking = now, asyncio.ensure_future(self.look())
        if now - self.as_of > HOLDS and self.looking:
            await asyncio.wait([self.looking], timeout=max(0, self.began + HOLDS - now))
        return self.given

    async def look(self) -> None:
        began = time.monotonic()
        with suppress(Error):
            before = self.given
            self.given = await asyncio.get_running_loop().run_in_executor(self.thread, is_due)
            if self.given and not before:
                self.since = time.monotonic()
        self.as_of = began


def is_due() -> bool:
    """Raises Error."""
    try:
        return not ask_database() and tell_the_untold()
    finally:
        connection.close()  # to the pool


def tell_the_untold() -> bool:
    """Which pages they were about is no longer known: all of them go. Was it taken?"""
    waiting = list(UntoldChange.objects.values_list("pk", flat=True)[:MOST])
    if not waiting:
        return True
    if not tell([EVERYTHING]):
        return False
    UntoldChange.objects.filter(pk__in=waiting).delete()
    return True

"""May kept pages be shown at all? PostgreSQL is asked once a second.

Not while the newsroom is closed; not while there are changes that Redis does not take: who looks
tells them again, so they need no job; and not by who has yet to hear of the newest purge. While
PostgreSQL itself is away the last answer holds: nothing can change in it.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import Error, connection

from newsroom.closed.state import ask_database
from newsroom.kept_pages.noting import EVERYTHING
from newsroom.kept_pages.purges import Moment, newest, tell
from newsroom.kept_pages.untold import UntoldChange

HOLDS = 1.0  # seconds
SOON = 0.6  # … and from then on somebody looks again, while nobody has to wait for it
MOST = 10_000


class Trust:
    """As one process knows it."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "kept pages")
        self.needs: Moment | None = None
        self.as_of = -HOLDS
        self.looking: asyncio.Future[None] | None = None

    async def is_given(self, heard: Moment) -> bool:
        """To who has heard of the purges up to this one?"""
        age = time.monotonic() - self.as_of
        if age > SOON and (self.looking is None or self.looking.done()):
            self.looking = asyncio.ensure_future(self.look())
        if age > HOLDS and self.looking:
            await asyncio.wait([self.looking], timeout=HOLDS)
        return self.needs is not None and heard >= self.needs

    async def look(self) -> None:
        began = time.monotonic()
        with suppress(Error):
            self.needs = await asyncio.get_running_loop().run_in_executor(self.thread, needed)
        self.as_of = began


def needed() -> Moment | None:
    """The purge that a process must have heard of to show pages: whoever told it has deleted its
    row after that, and we look in this order. None: nobody may. Raises Error."""
    try:
        return None if ask_database() or not tell_the_untold() else newest()
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

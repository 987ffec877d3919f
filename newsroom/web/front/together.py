"""Requests that are answered together: those that come while others are at work wait for them, and
are then done in one go of one thread. Nobody waits for a group to fill: one alone is a group.

That saves each request a thread of its own, a round trip and a commit. Any of them may be left
unanswered; that one goes the way of all other requests.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

log = logging.getLogger(__name__)

MOST, MOST_BYTES = 100, 1_000_000  # requests of a group, and what they hold

# Given the requests of a group, it says which of them are answered.
Work = Callable[[Sequence[Any]], Sequence[bool]]


class Together:
    """Who waits, and the thread that works; of one event loop."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.thread = ThreadPoolExecutor(1, "together")
        self.waiting: deque[tuple[Any, int, asyncio.Future[bool]]] = deque()
        self.at_work: asyncio.Task[None] | None = None

    async def answers(self, request: Any, size: int) -> bool:
        """False: it is still to be answered. ``size`` is in bytes."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append((request, size, answered))
        if self.at_work is None:
            self.at_work = asyncio.create_task(self.go_on())
        return await answered

    async def go_on(self) -> None:
        while self.waiting:
            requests, waiters = self.next_group()
            answered: Sequence[bool] = [False] * len(requests)
            try:
                loop = asyncio.get_running_loop()
                answered = await loop.run_in_executor(self.thread, self.work, requests)
            except Exception as error:  # its words may hold a body's
                log.error("A group of requests is taken apart: %s", type(error).__name__)
            for waiter, well in zip(waiters, answered, strict=True):
                if not waiter.done():  # its client has hung up
                    waiter.set_result(well)
        self.at_work = None

    def next_group(self) -> tuple[list[Any], list[asyncio.Future[bool]]]:
        requests: list[Any] = []
        waiters: list[asyncio.Future[bool]] = []
        held = 0
        while self.waiting and len(requests) < MOST and held < MOST_BYTES:
            request, size, waiter = self.waiting.popleft()
            requests.append(request)
            waiters.append(waiter)
            held += size
        return requests, waiters

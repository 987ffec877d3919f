"""What goes wrong on request: calls that fail before or after acting, webhooks that stray.

``POST /faults`` with ``mode``, ``times`` (how many calls or events it befalls), ``path`` (only
calls whose path starts so) and ``days`` (for late webhooks, by the sandbox's clock).
"""

import json
import time
from typing import Any

from .store import Store

BEFORE, LOST, RATE_LIMIT = "error-before", "answer-lost", "rate-limit"  # befall API calls
UNDELIVERED, DOUBLED, LATE = "webhook-lost", "webhook-doubled", "webhook-late"
REORDERED = "webhook-reordered"
MODES = (BEFORE, LOST, RATE_LIMIT, UNDELIVERED, DOUBLED, LATE, REORDERED)


def inject(store: Store, mode: str, times: int, path: str = "", days: int = 0) -> None:
    store.set_fact(f"fault {mode}", json.dumps({"times": times, "path": path, "days": days}))


def befalls(store: Store, mode: str, path: str = "") -> dict[str, Any] | None:
    """The fault, if it is this call's or event's turn; each turn is used up."""
    fault = json.loads(store.fact(f"fault {mode}") or "null")
    if not fault or fault["times"] < 1 or not path.startswith(fault["path"]):
        return None
    inject(store, mode, fault["times"] - 1, fault["path"], fault["days"])
    return dict(fault)


class RateLimit:
    """So many calls a second, counted in whole seconds."""

    def __init__(self, most: int) -> None:
        self.most, self.second, self.calls = most, 0, 0

    def exceeded(self) -> bool:
        second = int(time.monotonic())
        if second != self.second:
            self.second, self.calls = second, 0
        self.calls += 1
        return self.calls > self.most

"""Calls of Stripe about its balance, as gateway.py for all else: newest first, a page at a time."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import stripe

from .gateway import client

PAGE = 100


def movements(
    since: datetime | None = None, after: str = "", payout: str = ""
) -> Iterator[list[stripe.BalanceTransaction]]:
    """Of the balance, with what each is about ("List all balance transactions"); ``after`` one in
    that order, or of one automatic payout, among them its own."""
    found: Any = {"expand": ["data.source"]} | ({"payout": payout} if payout else {})
    return _pages(client().v1.balance_transactions, found, since, after)


def payouts(since: datetime | None = None, after: str = "") -> Iterator[list[stripe.Payout]]:
    return _pages(client().v1.payouts, {}, since, after)


def newest_movement() -> str:
    found: Any = {"limit": 1}
    page = client().v1.balance_transactions.list(params=found).data
    return page[0].id if page else ""


def amounts() -> Counter[str]:
    """Currency -> all that is ours at Stripe, whether it can be paid out yet or not
    ("Retrieve balance")."""
    balance = client().v1.balance.retrieve()
    set_aside = balance.refund_and_dispute_prefunding
    parts: list[Any] = [*balance.available, *balance.pending]
    parts += [*set_aside.available, *set_aside.pending] if set_aside else []
    amounts: Counter[str] = Counter()
    for part in parts:
        amounts[part.currency] += part.amount
    return amounts


def _pages(listing: Any, params: Any, since: datetime | None, after: str) -> Iterator[list[Any]]:
    params = params | {"limit": PAGE}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    while True:
        page = listing.list(params=params | ({"starting_after": after} if after else {}))
        if page.data:
            yield page.data
            after = page.data[-1].id
        if not page.has_more:
            return

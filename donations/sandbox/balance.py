"""The account's balance: what each movement of money books, and the automatic payouts.

Balances are kept in dollars and euros; a charge in another currency is converted ("Currency
conversions"). A payout takes what has become available, and is reconciled a day later ("Payout
reconciliation report").
"""

from decimal import Decimal
from typing import Any

import stripe

from .contract import skeleton
from .objects import DAY, Object, emit, new_id, save
from .store import Store

SETTLED_IN = ("usd", "eur")
IN_DOLLARS = {"gbp": Decimal("1.27"), "pln": Decimal("0.25"), "jpy": Decimal("0.0067"),
              "kwd": Decimal("3.25")}  # fmt: skip
DECIMALS = {"jpy": 0, "krw": 0, "clp": 0, "vnd": 0, "kwd": 3, "bhd": 3, "omr": 3, "jod": 3}
FEE_SHARE, FEE_FIXED = Decimal("0.029"), 30  # a round stand-in ("Pricing")
DISPUTE_FEE = 1500


def settled(amount: int, currency: str) -> tuple[int, str, float | None]:
    """In the currency of a balance: amount, currency, the rate if it was converted."""
    if currency in SETTLED_IN:
        return amount, currency, None
    rate = IN_DOLLARS.get(currency, Decimal(1))
    whole = Decimal(amount).scaleb(-DECIMALS.get(currency, 2))
    return int((whole * rate).scaleb(2).to_integral_value()), "usd", float(rate)


def book(
    store: Store, source: Object, kind: str, amount: int, *, fee: int = 0, category: str = ""
) -> Object:
    """One balance transaction about ``source``; ``amount`` in the currency of the source."""
    amount, currency, rate = settled(amount, source["currency"])
    if kind in ("charge", "payment"):
        fee = int(amount * FEE_SHARE) + FEE_FIXED
    details = []
    if fee:
        details = [skeleton(stripe.BalanceTransaction.FeeDetail, amount=fee, currency=currency,
                            type="stripe_fee", description="Stripe processing fees")]  # fmt: skip
    entry = skeleton(
        stripe.BalanceTransaction,
        id=new_id("txn"),
        created=store.now(),
        available_on=store.now() + 2 * DAY,
        amount=amount,
        fee=fee,
        fee_details=details,
        net=amount - fee,
        currency=currency,
        exchange_rate=rate,
        source=source["id"],
        type=kind,
        reporting_category=category or kind,
        status="pending",
        balance_type="payments",
    )
    return save(store, entry, parent="")


def pay_out(store: Store) -> None:
    """What is available goes to the bank; the payout of the day before is reconciled."""
    for payout in store.all("payout"):
        if payout["reconciliation_status"] == "in_progress":
            payout["reconciliation_status"] = "completed"
            emit(store, "payout.reconciliation_completed", save(store, payout))
    waiting = [e for e in store.all("balance_transaction", parent="", limit=100_000)
               if e["available_on"] <= store.now()]  # fmt: skip
    for currency in SETTLED_IN:
        entries = [entry for entry in waiting if entry["currency"] == currency]
        total = sum(entry["net"] for entry in entries)
        if total > 0:
            _payout(store, currency, total, entries)


def _payout(store: Store, currency: str, total: int, entries: list[Object]) -> None:
    kind: Any = stripe.Payout
    payout = skeleton(
        kind,
        id=new_id("po"),
        created=store.now(),
        arrival_date=store.now(),
        amount=total,
        currency=currency,
        automatic=True,
        method="standard",
        type="bank_account",
        source_type="card",
        status="paid",
        reconciliation_status="in_progress",
    )
    own = book(store, payout, "payout", -total)
    payout["balance_transaction"] = own["id"]
    save(store, payout)
    for entry in [*entries, own]:
        entry["status"] = "available"
        save(store, entry)
        store.adopt(entry["id"], payout["id"])
    emit(store, "payout.created", payout)
    emit(store, "payout.paid", payout)

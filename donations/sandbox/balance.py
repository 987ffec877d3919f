"""The account's balance: what each movement of money books, and the payouts.

Balances are kept in dollars and euros, and in what else the account has been told to settle in; a
charge in another currency is converted at the rate of the day, which may be set ("Currency
conversions"). An automatic payout takes what has become available,
or from the bank what is missing, and is reconciled a day later ("Payout reconciliation report").
"""

from decimal import Decimal
from typing import Any

import stripe

from .contract import Refused, skeleton
from .objects import DAY, Object, emit, new_id, save
from .store import Store

AT_FIRST = "usd eur"
IN_DOLLARS = {"gbp": Decimal("1.27"), "pln": Decimal("0.25"), "jpy": Decimal("0.0067"),
              "kwd": Decimal("3.25")}  # fmt: skip
DECIMALS = {"jpy": 0, "krw": 0, "clp": 0, "vnd": 0, "kwd": 3, "bhd": 3, "omr": 3, "jod": 3}
FEE_SHARE, FEE_FIXED = Decimal("0.029"), 30  # a round stand-in ("Pricing")
CONVERSION_SHARE = Decimal("0.01")
DISPUTE_FEE = COUNTERED_FEE = 1500
# Where the reporting category is another word than the type ("Reporting categories").
CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "payment_failure_refund": "charge_failure",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "tax_fee": "tax",
}
STANDALONE = ("stripe_fee", "stripe_fx_fee", "tax_fee")


def settled_in(store: Store) -> list[str]:
    return (store.fact("settled in") or AT_FIRST).split()


def settle_in(store: Store, currency: str) -> None:
    """It has a bank account from now on ("Payouts in supported settlement currencies")."""
    store.set_fact("settled in", " ".join(dict.fromkeys([*settled_in(store), currency])))


def set_rate(store: Store, currency: str, rate: str) -> None:
    """Of the day, in dollars."""
    store.set_fact(f"rate of {currency}", rate)


def settled(store: Store, amount: int, currency: str) -> tuple[int, str, float | None]:
    """In the currency of a balance: amount, currency, the rate if it was converted."""
    if currency in settled_in(store):
        return amount, currency, None
    rate = Decimal(store.fact(f"rate of {currency}") or IN_DOLLARS.get(currency, 1))
    whole = Decimal(amount).scaleb(-DECIMALS.get(currency, 2))
    return int((whole * rate).scaleb(2).to_integral_value()), "usd", float(rate)


def book(
    store: Store,
    source: Object,
    kind: str,
    amount: int,
    *,
    fee: int = 0,
    category: str = "",
    days: int = 2,
    description: str | None = None,
) -> Object:
    """One balance transaction about ``source``; ``amount`` in the currency of the source. ``days``
    until it can be paid out."""
    amount, currency, rate = settled(store, amount, source["currency"])
    fees = {"Stripe processing fees": fee}
    if kind in ("charge", "payment"):
        fees["Stripe processing fees"] = int(amount * FEE_SHARE) + FEE_FIXED
        fees["Stripe currency conversion fee"] = int(amount * CONVERSION_SHARE) if rate else 0
    details = [
        skeleton(stripe.BalanceTransaction.FeeDetail, amount=part, currency=currency,
                 type="stripe_fee", description=words)
        for words, part in fees.items() if part
    ]  # fmt: skip
    entry = skeleton(
        stripe.BalanceTransaction,
        id=new_id("txn"),
        created=store.now(),
        available_on=store.now() + days * DAY,
        amount=amount,
        fee=sum(fees.values()),
        fee_details=details,
        net=amount - sum(fees.values()),
        currency=currency,
        description=description,
        exchange_rate=rate,
        source=source.get("id"),
        type=kind,
        reporting_category=category or CATEGORIES.get(kind, kind),
        status="pending",
        balance_type="payments",
    )
    return save(store, entry, parent="")


def book_fee(store: Store, kind: str, amount: int, currency: str, description: str) -> Object:
    """One that is billed by itself, or comes back (below zero): about no object."""
    if kind not in STANDALONE:
        raise Refused(f"Choose one of {', '.join(STANDALONE)}.", "kind")
    return book(store, {"currency": currency}, kind, -amount, days=0, description=description)


def balance(store: Store) -> Object:
    """What there is, whether it can be paid out yet or not ("Balance object")."""
    parts: dict[str, list[Object]] = {"available": [], "pending": []}
    entries = store.all("balance_transaction", limit=100_000)
    for currency in settled_in(store):
        sums = {"available": 0, "pending": 0}
        for entry in entries:
            if entry["currency"] == currency:
                ready = entry["available_on"] <= store.now()
                sums["available" if ready else "pending"] += entry["net"]
        for name, amount in sums.items():
            kind = stripe.Balance.Available if name == "available" else stripe.Balance.Pending
            parts[name].append(skeleton(kind, amount=amount, currency=currency))
    return skeleton(stripe.Balance, **parts)


def pay_out(store: Store) -> None:
    """What is available goes to the bank, or comes from it; the payout of the day before is
    reconciled."""
    for payout in store.all("payout"):
        if payout["reconciliation_status"] == "in_progress":
            payout["reconciliation_status"] = "completed"
            emit(store, "payout.reconciliation_completed", save(store, payout))
    waiting = [e for e in store.all("balance_transaction", parent="", limit=100_000)
               if e["available_on"] <= store.now()]  # fmt: skip
    for currency in settled_in(store):
        entries = [entry for entry in waiting if entry["currency"] == currency]
        if total := sum(entry["net"] for entry in entries):
            payout, own = _payout(store, currency, total, automatic=True)
            for entry in [*entries, own]:
                entry["status"] = "available"
                save(store, entry)
                store.adopt(entry["id"], payout["id"])


def pay_out_by_hand(store: Store, amount: int, currency: str) -> Object:
    """Stripe can't say what is in it: it is an amount like any other of the balance."""
    return _payout(store, currency, amount, automatic=False)[0]


def _payout(store: Store, currency: str, total: int, *, automatic: bool) -> tuple[Object, Object]:
    kind: Any = stripe.Payout
    payout = skeleton(
        kind,
        id=new_id("po"),
        created=store.now(),
        arrival_date=store.now(),
        amount=total,
        currency=currency,
        automatic=automatic,
        method="standard",
        type="bank_account",
        source_type="card",
        status="paid" if automatic else "pending",
        reconciliation_status="in_progress" if automatic else "not_applicable",
    )
    own = book(store, payout, "payout", -total, days=0)
    payout["balance_transaction"] = own["id"]
    save(store, payout)
    emit(store, "payout.created", payout)
    if automatic:
        emit(store, "payout.paid", payout)
    return payout, own


def undo_payout(store: Store, payout: Object, status: str) -> None:
    """The bank sends it back, even when it was paid; or it is called off before it goes, which an
    automatic one can't be ("Payout object": failure_balance_transaction)."""
    if payout["status"] in ("failed", "canceled"):
        raise Refused("It has come back already.", "payout")
    if status == "canceled" and payout["status"] != "pending":
        raise Refused("Only pending payouts can be canceled.", "payout")
    kind = "payout_failure" if status == "failed" else "payout_cancel"
    back = book(store, payout, kind, payout["amount"], days=0)
    payout |= {"status": status, "failure_balance_transaction": back["id"]}
    if status == "failed":
        payout |= {"failure_code": "account_closed", "failure_message": "The account is closed."}
    emit(store, f"payout.{status}", save(store, payout))

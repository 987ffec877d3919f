"""What a donor's bank asks for back, and what becomes of it."""

import stripe

from .balance import COUNTERED_FEE, DISPUTE_FEE, book, book_fee
from .contract import skeleton
from .objects import DAY, Object, emit, new_id, save
from .store import Store


def dispute(
    store: Store, made: Object, *, status: str = "needs_response", amount: int = 0
) -> Object:
    """The donor's bank takes the money back until it has decided ("How disputes work"); of a SEPA
    debit it needs no reason, and is lost from the start. An inquiry takes nothing yet."""
    inquiry = status.startswith("warning")
    entry = skeleton(
        stripe.Dispute,
        id=new_id("dp"),
        created=store.now(),
        amount=amount or made["amount"],
        currency=made["currency"],
        charge=made["id"],
        payment_intent=made["payment_intent"],
        reason="debit_not_authorized" if status == "lost" else "fraudulent",
        status=status,
        is_charge_refundable=inquiry,
    )
    entry["evidence_details"] |= {"due_by": store.now() + 9 * DAY, "has_evidence": False}
    made["disputed"] = True
    save(store, made)
    save(store, entry, parent=made["id"])
    emit(store, "charge.dispute.created", entry)
    if not inquiry:
        take_disputed(store, entry)
    return entry


def take_disputed(store: Store, entry: Object) -> None:
    """The money is gone, at once or when an inquiry becomes a dispute."""
    if entry["status"] != "lost":
        entry |= {"status": "needs_response", "is_charge_refundable": False}
    taken = book(store, entry, "adjustment", -entry["amount"], fee=DISPUTE_FEE, category="dispute")
    entry["balance_transactions"] = [taken]
    emit(store, "charge.dispute.updated", save(store, entry))
    emit(store, "charge.dispute.funds_withdrawn", entry)


def answer_dispute(store: Store, entry: Object, *, later: int = 0) -> None:
    """Evidence is handed in, which costs a fee, and the bank looks at it; or it waits for so many
    days more."""
    entry["evidence_details"]["due_by"] += later * DAY
    if not later:
        if not entry["status"].startswith("warning") and not store.fact(f"countered {entry['id']}"):
            book_fee(store, "stripe_fee", COUNTERED_FEE, "usd", "Dispute countered fee")
            store.set_fact(f"countered {entry['id']}", "yes")
        entry["status"] = entry["status"].replace("needs_response", "under_review")
    emit(store, "charge.dispute.updated", save(store, entry))


def close_dispute(store: Store, entry: Object, *, won: bool) -> None:
    """Who wins gets the fee for the answer back, the other one never ("Dispute fees")."""
    inquiry = entry["status"].startswith("warning")
    entry["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    won = won and not inquiry
    if won:
        fee = -COUNTERED_FEE if store.fact(f"countered {entry['id']}") else 0
        back = book(
            store, entry, "adjustment", entry["amount"], fee=fee, category="dispute_reversal"
        )
        entry["balance_transactions"] = [*entry["balance_transactions"], back]
    save(store, entry)
    emit(store, "charge.dispute.closed", entry)
    if won:
        emit(store, "charge.dispute.funds_reinstated", entry)


def appeal(store: Store, entry: Object) -> None:
    """The bank looks at one again that was lost; the money stays where it is until it has."""
    entry["status"] = "appeal_under_review"
    emit(store, "charge.dispute.updated", save(store, entry))


def open_dispute_of(store: Store, made: Object) -> Object | None:
    found = store.all("dispute", parent=made["id"])
    over = ("won", "lost", "warning_closed")
    open_ones = (entry for entry in found if entry["status"] not in over)
    return next((entry for entry in open_ones if not entry["is_charge_refundable"]), None)

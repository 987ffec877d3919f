"""Money in and money back: payment methods, payments, refunds, disputes, fraud warnings."""

from datetime import UTC, datetime

import stripe

from .contract import Refused, skeleton
from .objects import DAY, Card, Object, emit, new_id, save
from .store import Store


def payment_method(store: Store, customer: Object, number: str) -> Object:
    method = skeleton(
        stripe.PaymentMethod,
        id=new_id("pm"),
        created=store.now(),
        type="card",
        customer=customer["id"],
        card=skeleton(
            stripe.PaymentMethod.Card,
            brand="visa",
            last4=number[-4:],
            exp_month=12,
            exp_year=datetime.now(UTC).year + 3,
            funding="credit",
            country="US",
        ),
    )
    method["billing_details"] |= {"email": customer["email"], "name": customer["name"]}
    store.set_fact(f"number of {method['id']}", number)
    return save(store, method)


def new_intent(
    store: Store, amount: int, currency: str, customer: Object, metadata: Object
) -> Object:
    intent = skeleton(
        stripe.PaymentIntent,
        id=new_id("pi"),
        created=store.now(),
        amount=amount,
        amount_capturable=0,
        currency=currency,
        customer=customer["id"],
        metadata=metadata,
        status="requires_payment_method",
        payment_method_types=["card"],
        capture_method="automatic_async",
        confirmation_method="automatic",
    )
    emit(store, "payment_intent.created", save(store, intent))
    return intent


def charge(store: Store, intent: Object, method: Object, *, declines: bool) -> str:
    """Try to take the money; "" or the reason it was declined. Updates the intent."""
    card = method["card"]
    made = skeleton(
        stripe.Charge,
        id=new_id("ch"),
        created=store.now(),
        amount=intent["amount"],
        amount_captured=0 if declines else intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        payment_intent=intent["id"],
        payment_method=method["id"],
        paid=not declines,
        captured=not declines,
        status="failed" if declines else "succeeded",
        failure_code="card_declined" if declines else None,
        failure_message="Your card was declined." if declines else None,
        metadata=intent["metadata"],
        billing_details=method["billing_details"],
        payment_method_details=skeleton(
            stripe.Charge.PaymentMethodDetails,
            type="card",
            card=skeleton(
                stripe.Charge.PaymentMethodDetails.Card,
                **{key: card[key] for key in ("brand", "last4", "exp_month", "exp_year")},
                funding="credit",
                country="US",
            ),
        ),
    )
    intent["latest_charge"] = made["id"]
    if declines:
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = skeleton(
            stripe.PaymentIntent.LastPaymentError,
            type="card_error",
            code="card_declined",
            decline_code="generic_decline",
            message="Your card was declined.",
            charge=made["id"],
        )
        save(store, made, parent=intent["id"])
        save(store, intent)
        emit(store, "charge.failed", made)
        emit(store, "payment_intent.payment_failed", intent)
        return "Your card was declined."
    made["balance_transaction"] = balance_transaction(store, made)["id"]
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    intent |= {"payment_method": method["id"], "last_payment_error": None}
    save(store, made, parent=intent["id"])
    save(store, intent)
    emit(store, "charge.succeeded", made)
    emit(store, "payment_intent.succeeded", intent)
    return ""


def balance_transaction(store: Store, made: Object) -> Object:
    fee = round(made["amount"] * 0.029) + 30
    entry = skeleton(
        stripe.BalanceTransaction,
        id=new_id("txn"),
        created=store.now(),
        available_on=store.now() + 2 * DAY,
        amount=made["amount"],
        fee=fee,
        net=made["amount"] - fee,
        currency=made["currency"],
        source=made["id"],
        type="charge",
        reporting_category="charge",
        status="pending",
        balance_type="payments",
    )
    return save(store, entry)


def refund(store: Store, params: Object) -> Object:
    intent = store.get(params.get("payment_intent", ""))
    made = store.get(params.get("charge") or (intent or {}).get("latest_charge") or "")
    if made is None or made["object"] != "charge":
        raise Refused("No such charge", "charge", "resource_missing")
    left = made["amount_captured"] - made["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise Refused("The charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise Refused(f"Refund amount is greater than unrefunded amount ({left}).", "amount")
    if open_dispute_of(store, made):
        raise Refused("The charge is disputed.", "charge", "charge_disputed")
    made["amount_refunded"] += amount
    made["refunded"] = made["amount_refunded"] == made["amount"]
    entry = skeleton(
        stripe.Refund,
        id=new_id("re"),
        created=store.now(),
        amount=amount,
        currency=made["currency"],
        charge=made["id"],
        payment_intent=made["payment_intent"],
        status="succeeded",
        reason=params.get("reason"),
        metadata=params.get("metadata") or {},
    )
    save(store, made)
    emit(store, "refund.created", save(store, entry, parent=made["id"]))
    emit(store, "charge.refunded", made)
    if store.fact(f"number of {made['payment_method']}") == Card.REFUND_FAILS:
        store.set_fact("refunds that fail", f"{store.fact('refunds that fail')} {entry['id']}")
    return entry


def fail_refunds(store: Store) -> None:
    """The bank sends some money back ("Refund failures"): the charge counts as paid again."""
    for pk in store.fact("refunds that fail").split():
        entry = store.get(pk)
        made = store.get((entry or {}).get("charge") or "")
        if entry and made:
            entry |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
            made["amount_refunded"] -= entry["amount"]
            made["refunded"] = False
            save(store, made)
            emit(store, "refund.failed", save(store, entry))
    store.set_fact("refunds that fail", "")


# --- After the charge -----------------------------------------------------------------------


def aftermath(store: Store, made: Object, number: str) -> None:
    """What some cards bring about at once, here; in life it takes days or weeks."""
    if number == Card.DISPUTED:
        dispute(store, made)
    if number == Card.FRAUD_WARNING:
        warning = skeleton(
            stripe.radar.EarlyFraudWarning,
            id=new_id("issfr"),
            created=store.now(),
            actionable=True,
            charge=made["id"],
            payment_intent=made["payment_intent"],
            fraud_type="made_with_stolen_card",
        )
        emit(store, "radar.early_fraud_warning.created", save(store, warning))


def dispute(store: Store, made: Object) -> Object:
    """The donor's bank takes the money back until it has decided ("How disputes work")."""
    entry = skeleton(
        stripe.Dispute,
        id=new_id("dp"),
        created=store.now(),
        amount=made["amount"],
        currency=made["currency"],
        charge=made["id"],
        payment_intent=made["payment_intent"],
        reason="fraudulent",
        status="needs_response",
        is_charge_refundable=False,
    )
    entry["evidence_details"] |= {"due_by": store.now() + 9 * DAY, "has_evidence": False}
    made["disputed"] = True
    save(store, made)
    save(store, entry, parent=made["id"])
    emit(store, "charge.dispute.created", entry)
    emit(store, "charge.dispute.funds_withdrawn", entry)
    return entry


def close_dispute(store: Store, entry: Object, *, won: bool) -> None:
    entry["status"] = "won" if won else "lost"
    save(store, entry)
    emit(store, "charge.dispute.closed", entry)
    if won:
        emit(store, "charge.dispute.funds_reinstated", entry)


def open_dispute_of(store: Store, made: Object) -> Object | None:
    found = store.all("dispute", parent=made["id"])
    return next((entry for entry in found if entry["status"] not in ("won", "lost")), None)

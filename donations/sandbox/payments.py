"""Money in and money back: payment methods, payments, refunds, fraud warnings."""

import hashlib
from datetime import UTC, datetime

import stripe

from .balance import book
from .contract import Refused, skeleton
from .disputes import dispute, open_dispute_of
from .objects import DAY, Card, Iban, Object, emit, new_id, save
from .store import Store


def payment_method(store: Store, customer: Object, number: str) -> Object:
    """A card or, for an IBAN, a bank account with its mandate."""
    method = skeleton(
        stripe.PaymentMethod,
        id=new_id("pm"),
        created=store.now(),
        type="sepa_debit" if is_account(number) else "card",
        customer=customer["id"],
    )
    if is_account(number):
        method["sepa_debit"] = skeleton(
            stripe.PaymentMethod.SepaDebit,
            country=number[:2],
            bank_code=number[4:12],
            last4=number[-4:],
            fingerprint=fingerprint(number),
        )
    else:
        method["card"] = skeleton(
            stripe.PaymentMethod.Card,
            brand="visa",
            last4=number[-4:],
            fingerprint=fingerprint(number),
            exp_month=12,
            exp_year=datetime.now(UTC).year + 3,
            funding="credit",
            country="US",
        )
    method["billing_details"] |= {"email": customer["email"], "name": customer["name"]}
    store.set_fact(f"number of {method['id']}", number)
    save(store, method)
    emit(store, "payment_method.attached", method)
    if is_account(number):
        _mandate(store, method)
    return method


def fingerprint(number: str) -> str:
    """The same for the same card or account ("The PaymentMethod object")."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def is_account(number: str) -> bool:
    return number[:2].isalpha()


def _mandate(store: Store, method: Object) -> None:
    mandate = skeleton(
        stripe.Mandate,
        id=new_id("mandate"),
        payment_method=method["id"],
        status="active",
        type="multi_use",
    )
    mandate["payment_method_details"]["type"] = "sepa_debit"
    mandate["customer_acceptance"]["type"] = "online"
    store.set_fact(f"mandate of {method['id']}", save(store, mandate)["id"])


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


# The bank's answer -> what Stripe calls it ("Decline codes", "SEPA Direct Debit": failures).
WORDS = {
    "card_declined": "Your card was declined.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "insufficient_funds": "The customer's account has insufficient funds.",
    "account_closed": "The customer's bank account has been closed.",
}


def charge(store: Store, intent: Object, method: Object, *, fails: str = "") -> str:
    """Try to take the money; "" or the code it failed with. Updates the intent.

    A bank account answers later: its charge is pending, its intent processing, and its movement of
    the balance of the day it is handed in ("Changes to Balance Transaction behavior for debit
    payment methods").
    """
    pending = method["type"] == "sepa_debit"
    made = skeleton(
        stripe.Charge,
        id=new_id("py" if pending else "ch"),
        created=store.now(),
        amount=intent["amount"],
        amount_captured=0 if fails else intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        payment_intent=intent["id"],
        payment_method=method["id"],
        paid=False,
        captured=not fails,
        status="pending",
        metadata=intent["metadata"],
        billing_details=method["billing_details"],
        payment_method_details=_details(store, method),
    )
    intent |= {"latest_charge": made["id"], "payment_method": method["id"]}
    intent["payment_method_types"] = [method["type"]]
    save(store, made, parent=intent["id"])
    if not pending:
        return fail(store, intent, made, fails) if fails else succeed(store, intent, made)
    booked = book(store, made, "payment", made["amount"], days=SEPA_DAYS + 2)
    made["balance_transaction"] = booked["id"]
    save(store, made)
    intent |= {"status": "processing", "last_payment_error": None}
    save(store, intent)
    emit(store, "charge.pending", made)
    emit(store, "payment_intent.processing", intent)
    return ""


def _details(store: Store, method: Object) -> Object:
    kind = stripe.Charge.PaymentMethodDetails
    if method["type"] == "sepa_debit":
        account = method["sepa_debit"]
        known = {key: account[key] for key in ("bank_code", "country", "fingerprint", "last4")}
        known["mandate"] = store.fact(f"mandate of {method['id']}")
        return skeleton(kind, type="sepa_debit", sepa_debit=skeleton(kind.SepaDebit, **known))
    card = method["card"]
    known = {key: card[key] for key in ("brand", "fingerprint", "last4", "exp_month", "exp_year")}
    shown = skeleton(kind.Card, **known, funding="credit", country="US")
    return skeleton(kind, type="card", card=shown)


def succeed(store: Store, intent: Object, made: Object) -> str:
    made |= {"status": "succeeded", "paid": True}
    if not made["balance_transaction"]:
        made["balance_transaction"] = book(store, made, "charge", made["amount"])["id"]
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    intent["last_payment_error"] = None
    save(store, made)
    save(store, intent)
    emit(store, "charge.succeeded", made)
    emit(store, "payment_intent.succeeded", intent)
    return ""


def fail(store: Store, intent: Object, made: Object, code: str) -> str:
    made |= {"status": "failed", "paid": False, "captured": False, "amount_captured": 0}
    made |= {"failure_code": code, "failure_message": WORDS[code]}
    card = made["payment_method_details"]["type"] == "card"
    if made["balance_transaction"]:
        back = book(store, made, "payment_failure_refund", -made["amount"])
        made["failure_balance_transaction"] = back["id"]
    intent["last_payment_error"] = skeleton(
        stripe.PaymentIntent.LastPaymentError,
        type="card_error" if card else "invalid_request_error",
        code=code,
        decline_code="generic_decline" if code == "card_declined" else None,
        message=WORDS[code],
        charge=made["id"],
    )
    asks = code == "authentication_required"
    intent["status"] = "requires_action" if asks else "requires_payment_method"
    save(store, made)
    save(store, intent)
    emit(store, "charge.failed", made)
    emit(store, "payment_intent.requires_action" if asks else "payment_intent.payment_failed",
         intent)  # fmt: skip
    return code


SEPA_DAYS = 3  # until the bank has answered; in life five to fourteen


def answers_of_banks(store: Store) -> list[tuple[Object, str]]:
    """Debits whose days are over: each payment with "" or why it failed."""
    answered = []
    for made in store.all("charge", limit=100_000):
        if made["status"] != "pending" or made["created"] + SEPA_DAYS * DAY > store.now():
            continue
        intent = store.get(made["payment_intent"]) or {}
        number = store.fact(f"number of {made['payment_method']}")
        paid_before = store.fact(f"has paid {made['payment_method']}")
        code = "insufficient_funds" if number == Iban.FAILS else ""
        if number == Iban.CLOSED_LATER and paid_before:
            code = "account_closed"
            _end_mandate(store, made)
        store.set_fact(f"has paid {made['payment_method']}", "yes")
        answered.append(
            (intent, fail(store, intent, made, code) if code else succeed(store, intent, made))
        )
        if number == Iban.DISPUTED:
            dispute(store, made, status="lost")
    return answered


def _end_mandate(store: Store, made: Object) -> None:
    mandate = store.get(made["payment_method_details"]["sepa_debit"]["mandate"])
    if mandate:
        mandate["status"] = "inactive"
        emit(store, "mandate.updated", save(store, mandate))


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
    kind = "refund" if made["id"].startswith("ch_") else "payment_refund"
    save(store, made)
    save(store, entry, parent=made["id"])
    entry["balance_transaction"] = book(store, entry, kind, -amount)["id"]
    emit(store, "refund.created", save(store, entry))
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
            returned = book(store, entry, "refund_failure", entry["amount"])
            entry["failure_balance_transaction"] = returned["id"]
            save(store, made)
            emit(store, "refund.failed", save(store, entry))
    store.set_fact("refunds that fail", "")


# --- After the charge -----------------------------------------------------------------------


def aftermath(store: Store, made: Object, number: str) -> None:
    """What some cards bring about at once, here; in life it takes days or weeks."""
    if number == Card.DISPUTED:
        dispute(store, made)
    if number == Card.INQUIRY:
        dispute(store, made, status="warning_needs_response")
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

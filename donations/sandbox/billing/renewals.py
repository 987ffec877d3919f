"""Renewals by the sandbox's clock: charged, tried again when they fail, paid on Stripe's page."""

from donations.sandbox.billing.pricing import after
from donations.sandbox.billing.subscriptions import (
    cancel_subscription,
    new_invoice,
    new_invoice_payment,
    settle_invoice,
    subscription_of,
)
from donations.sandbox.contract import Refused
from donations.sandbox.objects import DAY, Card, Object, emit, save
from donations.sandbox.payments import charge, new_intent, payment_method
from donations.sandbox.store import Store

RETRY_DAYS = [3, 5, 7]  # after a failed renewal ("Smart Retries", simplified), then it ends


def run_clock(store: Store) -> int:
    """Renew, retry, resume and end whatever is due by the sandbox's clock; how many were."""
    done = 0
    for subscription in store.all("subscription", limit=10_000):
        if subscription["status"] not in ("active", "past_due", "trialing"):
            continue
        _resume_if_due(store, subscription)
        invoice = store.get(subscription["latest_invoice"] or "")
        if subscription["status"] == "past_due":
            retry_at = (invoice or {}).get("next_payment_attempt")
            if retry_at and retry_at <= store.now():
                _collect(store, subscription, invoice or {})
                done += 1
        elif subscription["items"]["data"][0]["current_period_end"] <= store.now():
            _next_period(store, subscription)
            done += 1
    return done


def _resume_if_due(store: Store, subscription: Object) -> None:
    paused = subscription["pause_collection"]
    if paused and paused["resumes_at"] and paused["resumes_at"] <= store.now():
        subscription["pause_collection"] = None
        emit(store, "customer.subscription.updated", save(store, subscription))


def _next_period(store: Store, subscription: Object) -> None:
    if subscription["cancel_at_period_end"]:
        cancel_subscription(store, subscription)
        return
    for item in subscription["items"]["data"]:
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] = after(item["current_period_end"], item["price"]["recurring"])
    subscription["status"] = "active"
    invoice = new_invoice(store, subscription, "subscription_cycle")
    save(store, subscription)
    if subscription["pause_collection"]:  # behavior “void”
        invoice |= {"status": "void", "amount_remaining": 0}
        emit(store, "invoice.voided", save(store, invoice))
        emit(store, "customer.subscription.updated", save(store, subscription))
    else:
        _collect(store, subscription, invoice)


def _collect(store: Store, subscription: Object, invoice: Object) -> None:
    """Charge what is stored for a renewal, with Stripe's retries when it fails. Of nothing there is
    neither payment nor charge."""
    if invoice["amount_due"] == 0:
        settle_invoice(store, invoice, None)
        return
    customer = store.get(subscription["customer"]) or {}
    method = store.get(subscription["default_payment_method"] or "") or {}
    known = store.fact(f"intent of {invoice['id']}")
    intent = store.get(known) if known else None
    if intent is None:
        intent = new_intent(store, invoice["amount_due"], invoice["currency"], customer, {})
        store.set_fact(f"intent of {invoice['id']}", intent["id"])
        store.set_fact(f"invoice of {intent['id']}", invoice["id"])
    new_invoice_payment(store, invoice, intent)
    number = store.fact(f"number of {method['id']}")
    fails = {Card.FAILS_LATER: "card_declined",
             Card.ALWAYS_AUTHENTICATE: "authentication_required"}.get(number, "")  # fmt: skip
    charge(store, intent, method, fails=fails)
    if intent["status"] == "processing":  # a bank debit: answered days later
        invoice |= {"attempted": True, "next_payment_attempt": None}
        save(store, invoice)
        emit(store, "customer.subscription.updated", save(store, subscription))
    elif fails:
        fail_invoice(store, invoice, fails)
    else:
        settle_invoice(store, invoice, intent)


def fail_invoice(store: Store, invoice: Object, code: str) -> None:
    """An attempt has failed: past due, to be tried again; after the last one it ends."""
    subscription = subscription_of(store, invoice)
    tries = invoice["attempt_count"] + 1
    invoice |= {"attempted": True, "attempt_count": tries}
    over = tries > len(RETRY_DAYS)
    invoice["next_payment_attempt"] = None if over else store.now() + RETRY_DAYS[tries - 1] * DAY
    save(store, invoice)
    emit(store, "invoice.payment_failed", invoice)
    if code == "authentication_required":
        emit(store, "invoice.payment_action_required", invoice)
    if subscription["status"] == "canceled":
        return
    if over:
        cancel_subscription(store, subscription)
    else:
        subscription["status"] = "past_due"
        emit(store, "customer.subscription.updated", save(store, subscription))


def pay_out_of_band(store: Store, invoice: Object) -> Object:
    """Somebody says that the money came another way ("Pay an invoice": paid_out_of_band)."""
    if invoice["status"] != "open":
        raise Refused("Invoice is already paid", "", "invoice_not_editable")
    for payment in store.all("invoice_payment"):
        if payment["invoice"] == invoice["id"]:
            intent = store.get(payment["payment"]["payment_intent"]) or {}
            intent["status"] = payment["status"] = "canceled"
            save(store, payment)
            emit(store, "payment_intent.canceled", save(store, intent))
    settle_invoice(store, invoice, None)
    return invoice


def pay_invoice(store: Store, invoice: Object, number: str) -> str:
    """The donor pays on the invoice's hosted page; "" or the code it failed with. What they pay
    with is kept for the subscription ("Hosted invoice page": save_default_payment_method)."""
    subscription = subscription_of(store, invoice)
    customer = store.get(subscription["customer"]) or {}
    method = payment_method(store, customer, number)
    intent = store.get(store.fact(f"intent of {invoice['id']}"))
    assert intent
    if intent["status"] == "processing":
        return "payment_intent_unexpected_state"  # a debit is on its way: nothing to pay
    fails = "card_declined" if number == Card.DECLINED else ""
    if charge(store, intent, method, fails=fails):
        return fails
    subscription["default_payment_method"] = method["id"]
    save(store, subscription)
    if intent["status"] == "succeeded":
        settle_invoice(store, invoice, intent)
    return ""

"""The hosted Checkout: sessions, and what pressing “Pay” does."""

import json
import time
from decimal import Decimal

import stripe

from .billing.pricing import new_price, rounded
from .billing.renewals import fail_invoice
from .billing.subscriptions import settle_invoice, subscribe
from .contract import Refused, skeleton
from .objects import DAY, Card, Object, emit, new_id, save
from .payments import WORDS, aftermath, charge, new_intent, payment_method
from .store import BASE_URL, Store


def create_session(store: Store, params: Object) -> Object:
    mode = params.get("mode")
    lines = params.get("line_items") or []
    if mode not in ("payment", "subscription"):
        raise Refused("The sandbox knows the modes payment and subscription.", "mode")
    if not lines:
        raise Refused("You must provide line_items.", "line_items", "parameter_missing")
    if not params.get("success_url"):
        raise Refused("You must provide a success_url.", "success_url", "parameter_missing")
    if mode == "payment" and "subscription_data" in params:
        raise Refused("You can not pass `subscription_data` in `payment` mode.")
    if mode == "subscription" and (
        "payment_intent_data" in params or "customer_creation" in params
    ):
        raise Refused("You can not pass `payment_intent_data` in `subscription` mode.")
    prices = [new_price(store, line, mode, "line_items[0]") for line in lines]
    now = store.now()
    # Whoever asks goes by the real clock; ours may have been set forward.
    lasts = params.get("expires_at", int(time.time()) + DAY) - int(time.time())
    if not 29 * 60 <= lasts <= DAY + 60:
        raise Refused("expires_at must be 30 minutes to 24 hours from now.", "expires_at")
    total = sum(
        rounded(Decimal(price["unit_amount_decimal"]) * line.get("quantity", 1))
        for price, line in zip(prices, lines, strict=True)
    )
    if total < 50:
        raise Refused("The amount must be at least 0.50.", code="amount_too_small")
    pk = new_id("cs_test")
    currency = prices[0]["currency"]
    session = skeleton(
        stripe.checkout.Session,
        id=pk,
        created=now,
        expires_at=now + lasts,
        mode=mode,
        status="open",
        payment_status="unpaid",
        ui_mode=params.get("ui_mode", "hosted_page"),
        amount_subtotal=total,
        amount_total=total,
        currency=currency,
        success_url=params["success_url"],
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        customer=params.get("customer"),
        customer_email=params.get("customer_email"),
        customer_creation=params.get("customer_creation", "if_required")
        if mode == "payment"
        else None,
        submit_type=params.get("submit_type"),
        metadata=params.get("metadata") or {},
        payment_method_types=["card", *(["sepa_debit"] if currency == "eur" else [])],
        locale=params.get("locale"),
        url=f"{BASE_URL}/c/pay/{pk}",
    )
    if (params.get("after_expiration") or {}).get("recovery", {}).get("enabled"):
        session["after_expiration"] = skeleton(
            stripe.checkout.Session.AfterExpiration,
            recovery=skeleton(stripe.checkout.Session.AfterExpiration.Recovery, enabled=True),
        )
    if promotions := (params.get("consent_collection") or {}).get("promotions"):
        session["consent_collection"] = skeleton(
            stripe.checkout.Session.ConsentCollection, promotions=promotions
        )
    save(store, session)
    # What Stripe keeps of the request without showing it on the session.
    store.set_fact(f"request of {pk}", json.dumps({**params, "prices": [p["id"] for p in prices]}))
    return session


def pay(store: Store, session: Object, email: str, name: str, number: str, confirmed: bool) -> str:
    """Press “Pay” on the hosted page: "paid", "authenticate", or why the card was declined."""
    request = json.loads(store.fact(f"request of {session['id']}"))
    customer = _customer_of(store, session, email, name)
    if number in (Card.AUTHENTICATE, Card.ALWAYS_AUTHENTICATE) and not confirmed:
        return "authenticate"
    method = payment_method(store, customer, number)
    metadata = (request.get("payment_intent_data") or {}).get("metadata") or {}
    intent_id = session["payment_intent"] or store.fact(f"intent of {session['id']}")
    intent = store.get(intent_id) if intent_id else None
    if intent is None:
        intent = new_intent(store, session["amount_total"], session["currency"], customer, metadata)
        store.set_fact(f"intent of {session['id']}", intent["id"])
        store.set_fact(f"session of {intent['id']}", session["id"])
    if fails := charge(store, intent, method, fails=DECLINES.get(number, "")):
        return WORDS[fails]
    made = store.get(intent["latest_charge"]) or {}
    session |= {
        "status": "complete",
        "payment_status": "paid" if intent["status"] == "succeeded" else "unpaid",
        "customer": customer["id"],
        "url": None,
        "customer_details": _details(email, name),
    }
    if session["mode"] == "subscription":
        subscription = subscribe(store, request, customer, method, intent)
        session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    else:
        session["payment_intent"] = intent["id"]
    emit(store, "checkout.session.completed", save(store, session))
    aftermath(store, made, number)
    return "paid"


DECLINES = {Card.DECLINED: "card_declined"}


def _details(email: str, name: str | None) -> Object:
    return skeleton(
        stripe.checkout.Session.CustomerDetails, email=email, name=name, tax_exempt="none"
    )


def leave(store: Store, session: Object, email: str) -> None:
    """The reader typed an address, agreed to be written to, and went away."""
    session["customer_details"] = _details(email, None)
    session["consent"] = skeleton(stripe.checkout.Session.Consent, promotions="opt_in")
    save(store, session)


def bank_has_answered(store: Store, intent: Object, fails: str) -> None:
    """What a debit's success or failure, days later, means for its session or invoice."""
    if pk := store.fact(f"session of {intent['id']}"):
        session = store.get(pk) or {}
        session["payment_status"] = "unpaid" if fails else "paid"
        outcome = "failed" if fails else "succeeded"
        emit(store, f"checkout.session.async_payment_{outcome}", save(store, session))
    invoice = store.get(store.fact(f"invoice of {intent['id']}"))
    if invoice and fails:
        fail_invoice(store, invoice, fails)
    elif invoice:
        settle_invoice(store, invoice, intent)


def expire(store: Store, session: Object) -> Object:
    if session["status"] != "open":
        raise Refused('Only Checkout Sessions with a status in ["open"] can be expired.')
    session |= {"status": "expired", "url": None}
    if after := session["after_expiration"]:
        after["recovery"]["url"] = f"{BASE_URL}/c/recover/{session['id']}"
        after["recovery"]["expires_at"] = store.now() + 30 * DAY
    emit(store, "checkout.session.expired", save(store, session))
    return session


def expire_old(store: Store) -> None:
    """Sessions whose time is over close by themselves."""
    for session in store.all("checkout.session", limit=10_000):
        if session["status"] == "open" and session["expires_at"] <= store.now():
            expire(store, session)


def recover(store: Store, session: Object) -> Object:
    """A new session with all that the expired one asked for ("Recover abandoned carts")."""
    request = json.loads(store.fact(f"request of {session['id']}"))
    del request["prices"]
    request.pop("expires_at", None)
    made = create_session(store, request)
    made["recovered_from"] = session["id"]
    return save(store, made)


def _customer_of(store: Store, session: Object, email: str, name: str) -> Object:
    known = session["customer"] or store.fact(f"customer of {session['id']}")
    if known and (customer := store.get(known)):
        return customer
    customer = skeleton(
        stripe.Customer, id=new_id("cus"), created=store.now(), email=email, name=name, balance=0
    )
    store.set_fact(f"customer of {session['id']}", customer["id"])
    emit(store, "customer.created", save(store, customer))
    return customer

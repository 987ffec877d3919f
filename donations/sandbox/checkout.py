"""The hosted Checkout: sessions, and what pressing «Pay» does."""

import json

import stripe

from .billing import new_price, subscribe
from .contract import Refused, skeleton
from .objects import DAY, Card, Object, emit, new_id, save
from .payments import aftermath, charge, new_intent, payment_method
from .store import Store


def create_session(store: Store, params: Object, base_url: str) -> Object:
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
    expires_at = params.get("expires_at", now + DAY)
    if not now + 29 * 60 <= expires_at <= now + DAY + 60:
        raise Refused("expires_at must be 30 minutes to 24 hours from now.", "expires_at")
    total = sum(
        price["unit_amount"] * line.get("quantity", 1)
        for price, line in zip(prices, lines, strict=True)
    )
    pk = new_id("cs_test")
    session = skeleton(
        stripe.checkout.Session,
        id=pk,
        created=now,
        expires_at=expires_at,
        mode=mode,
        status="open",
        payment_status="unpaid",
        ui_mode=params.get("ui_mode", "hosted_page"),
        amount_subtotal=total,
        amount_total=total,
        currency=prices[0]["currency"],
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
        payment_method_types=["card"],
        url=f"{base_url}/c/pay/{pk}",
    )
    save(store, session)
    # What Stripe keeps of the request without showing it on the session.
    store.set_fact(f"request of {pk}", json.dumps({**params, "prices": [p["id"] for p in prices]}))
    return session


def pay(store: Store, session: Object, email: str, name: str, number: str, confirmed: bool) -> str:
    """Press «Pay» on the hosted page: "paid", "authenticate", or why the card was declined."""
    request = json.loads(store.fact(f"request of {session['id']}"))
    customer = _customer_of(store, session, email, name)
    method = payment_method(store, customer, number)
    if number == Card.AUTHENTICATE and not confirmed:
        return "authenticate"
    metadata = (request.get("payment_intent_data") or {}).get("metadata") or {}
    intent_id = session["payment_intent"] or store.fact(f"intent of {session['id']}")
    intent = store.get(intent_id) if intent_id else None
    if intent is None:
        intent = new_intent(store, session["amount_total"], session["currency"], customer, metadata)
        store.set_fact(f"intent of {session['id']}", intent["id"])
    declined = charge(store, intent, method, declines=number == Card.DECLINED)
    if declined:
        return declined
    made = store.get(intent["latest_charge"]) or {}
    session |= {
        "status": "complete",
        "payment_status": "paid",
        "customer": customer["id"],
        "url": None,
        "customer_details": skeleton(
            stripe.checkout.Session.CustomerDetails, email=email, name=name, tax_exempt="none"
        ),
    }
    if session["mode"] == "subscription":
        subscription = subscribe(store, request, customer, method, intent)
        session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    else:
        session["payment_intent"] = intent["id"]
    emit(store, "checkout.session.completed", save(store, session))
    aftermath(store, made, number)
    return "paid"


def expire(store: Store, session: Object) -> Object:
    if session["status"] != "open":
        raise Refused('Only Checkout Sessions with a status in ["open"] can be expired.')
    session |= {"status": "expired", "url": None}
    emit(store, "checkout.session.expired", save(store, session))
    return session


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

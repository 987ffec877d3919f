"""How Stripe's objects come to be and change: payments, subscriptions, refunds.

Every function mirrors what Stripe documents for the pinned API version; what is assumed stands
in docs/stripe-assumptions.md. Each change stores the object and says so in an event.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

import stripe

from .contract import Refused, problems, skeleton
from .store import Store

Object = dict[str, Any]

DAY = 24 * 3600
RETRY_DAYS = [3, 5, 7]  # after a failed renewal ("Smart Retries", simplified), then it ends


class Card:
    """Stripe's test cards ("Test card numbers"), by what they do."""

    VISA = "4242424242424242"
    DECLINED = "4000000000000002"
    AUTHENTICATE = "4000002500003155"
    FAILS_LATER = "4000000000000341"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(18).replace('-', 'x').replace('_', 'y')}"


def save(store: Store, data: Object, parent: str = "") -> Object:
    """Store an object; one that breaks the contract is a bug of the sandbox and stops it."""
    if broken := problems(data):
        raise AssertionError("; ".join(broken))
    store.put(data, parent)
    return data


def emit(store: Store, kind: str, data: Object) -> None:
    """Tell about a change, with the object as it is now ("Event object")."""
    event = skeleton(
        stripe.Event,
        id=new_id("evt"),
        api_version=stripe.api_version,
        created=store.now(),
        type=kind,
        pending_webhooks=1,
        data={"object": data},
    )
    store.put(event)
    store.deliver(event["id"])


# --- Checkout -------------------------------------------------------------------------------


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
    prices = [_price(store, line, mode) for line in lines]
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


def _price(store: Store, line: Object, mode: str) -> Object:
    data = line.get("price_data")
    if not data:
        raise Refused("The sandbox takes line_items with price_data.", "line_items[0][price_data]")
    if data.get("unit_amount", 0) < 50:
        raise Refused("The amount must be at least 0.50.", code="amount_too_small")
    product = data.get("product")
    if not product or not store.get(product, "product"):
        raise Refused(f"No such product: '{product}'", "line_items[0][price_data][product]",
                      "resource_missing")  # fmt: skip
    recurring = data.get("recurring")
    if (mode == "subscription") != bool(recurring):
        raise Refused("You must provide a recurring price in `subscription` mode only.", "mode")
    price = skeleton(
        stripe.Price,
        id=new_id("price"),
        created=store.now(),
        active=True,
        currency=data["currency"],
        product=product,
        unit_amount=data["unit_amount"],
        unit_amount_decimal=str(data["unit_amount"]),
        type="recurring" if recurring else "one_time",
        billing_scheme="per_unit",
        recurring=skeleton(
            stripe.Price.Recurring,
            interval=recurring["interval"],
            interval_count=recurring.get("interval_count", 1),
            usage_type="licensed",
        )
        if recurring
        else None,
    )
    return save(store, price)


def pay(store: Store, session: Object, email: str, name: str, number: str, confirmed: bool) -> str:
    """Press «Pay» on the hosted page: "paid", "authenticate", or why the card was declined."""
    request = json.loads(store.fact(f"request of {session['id']}"))
    customer = _customer_of(store, session, email, name)
    method = _payment_method(store, customer, number)
    if number == Card.AUTHENTICATE and not confirmed:
        return "authenticate"
    metadata = (request.get("payment_intent_data") or {}).get("metadata") or {}
    intent_id = session["payment_intent"] or store.fact(f"intent of {session['id']}")
    intent = store.get(intent_id) if intent_id else None
    if intent is None:
        intent = _intent(store, session["amount_total"], session["currency"], customer, metadata)
        store.set_fact(f"intent of {session['id']}", intent["id"])
    declined = charge(store, intent, method, declines=number == Card.DECLINED)
    if declined:
        return declined
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
        subscription = _subscribe(store, request, customer, method, intent)
        session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    else:
        session["payment_intent"] = intent["id"]
    emit(store, "checkout.session.completed", save(store, session))
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


def _payment_method(store: Store, customer: Object, number: str) -> Object:
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


# --- Payments -------------------------------------------------------------------------------


def _intent(store: Store, amount: int, currency: str, customer: Object, metadata: Object) -> Object:
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
    made["balance_transaction"] = _balance_transaction(store, made)["id"]
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    intent |= {"payment_method": method["id"], "last_payment_error": None}
    save(store, made, parent=intent["id"])
    save(store, intent)
    emit(store, "charge.succeeded", made)
    emit(store, "payment_intent.succeeded", intent)
    return ""


def _balance_transaction(store: Store, made: Object) -> Object:
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
        metadata=params.get("metadata") or {},
    )
    save(store, made)
    emit(store, "refund.created", save(store, entry, parent=made["id"]))
    emit(store, "charge.refunded", made)
    return entry


# --- Subscriptions --------------------------------------------------------------------------


def _subscribe(
    store: Store, request: Object, customer: Object, method: Object, intent: Object
) -> Object:
    price = store.get(request["prices"][0])
    assert price and price["recurring"]
    now = store.now()
    pk = new_id("sub")
    item = skeleton(
        stripe.SubscriptionItem,
        id=new_id("si"),
        created=now,
        current_period_start=now,
        current_period_end=after(now, price["recurring"]["interval"]),
        price=price,
        quantity=1,
        subscription=pk,
    )
    item["plan"] |= {"id": price["id"], "currency": price["currency"], "active": True}
    item["plan"] |= {"interval": price["recurring"]["interval"], "amount": price["unit_amount"]}
    subscription = skeleton(
        stripe.Subscription,
        id=pk,
        created=now,
        start_date=now,
        billing_cycle_anchor=now,
        currency=price["currency"],
        customer=customer["id"],
        default_payment_method=method["id"],
        metadata=(request.get("subscription_data") or {}).get("metadata") or {},
        status="active",
        collection_method="charge_automatically",
        items={"object": "list", "data": [item], "has_more": False, "url": ""},
    )
    subscription["billing_mode"]["type"] = "flexible"
    invoice = _invoice(store, subscription, "subscription_create")
    emit(store, "customer.subscription.created", save(store, subscription))
    _settle_invoice(store, subscription, invoice, intent)
    return subscription


def _invoice(store: Store, subscription: Object, reason: str) -> Object:
    price = subscription["items"]["data"][0]["price"]
    customer = store.get(subscription["customer"]) or {}
    amount = price["unit_amount"]
    invoice = skeleton(
        stripe.Invoice,
        id=new_id("in"),
        created=store.now(),
        customer=subscription["customer"],
        customer_email=customer.get("email"),
        customer_name=customer.get("name"),
        currency=subscription["currency"],
        amount_due=amount,
        amount_remaining=amount,
        subtotal=amount,
        total=amount,
        status="open",
        attempt_count=0,
        billing_reason=reason,
        collection_method="charge_automatically",
        parent=skeleton(
            stripe.Invoice.Parent,
            type="subscription_details",
            subscription_details=skeleton(
                stripe.Invoice.Parent.SubscriptionDetails,
                subscription=subscription["id"],
                metadata=subscription["metadata"],
            ),
        ),
    )
    subscription["latest_invoice"] = invoice["id"]
    save(store, invoice, parent=subscription["id"])
    emit(store, "invoice.created", invoice)
    return invoice


def _settle_invoice(store: Store, subscription: Object, invoice: Object, intent: Object) -> None:
    """The invoice's payment has succeeded: book it on the invoice."""
    payment = _invoice_payment(store, invoice, intent)
    payment |= {"status": "paid", "amount_paid": invoice["total"]}
    save(store, payment)
    emit(store, "invoice_payment.paid", payment)
    invoice |= {"status": "paid", "amount_paid": invoice["total"], "amount_remaining": 0}
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    invoice["status_transitions"]["paid_at"] = store.now()
    invoice["next_payment_attempt"] = None
    subscription["status"] = "active"
    emit(store, "invoice.paid", save(store, invoice))
    emit(store, "customer.subscription.updated", save(store, subscription))


def _invoice_payment(store: Store, invoice: Object, intent: Object) -> Object:
    """What ties a payment to its invoice, there from the first try on."""
    if known := store.all("invoice_payment", parent=intent["id"]):
        return known[0]
    payment = skeleton(
        stripe.InvoicePayment,
        id=new_id("inpay"),
        created=store.now(),
        amount_requested=invoice["total"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        status="open",
        payment=skeleton(
            stripe.InvoicePayment.Payment, type="payment_intent", payment_intent=intent["id"]
        ),
    )
    return save(store, payment, parent=intent["id"])


def update_subscription(store: Store, subscription: Object, params: Object) -> Object:
    if "cancel_at_period_end" in params:
        ends = subscription["items"]["data"][0]["current_period_end"]
        stops = params["cancel_at_period_end"]
        subscription["cancel_at_period_end"] = stops
        subscription["cancel_at"] = ends if stops else None
        subscription["canceled_at"] = store.now() if stops else None
    subscription["metadata"] |= params.get("metadata") or {}
    emit(store, "customer.subscription.updated", save(store, subscription))
    return subscription


def cancel_subscription(store: Store, subscription: Object) -> Object:
    now = store.now()
    subscription |= {"status": "canceled", "ended_at": now, "canceled_at": now}
    emit(store, "customer.subscription.deleted", save(store, subscription))
    return subscription


def run_clock(store: Store) -> int:
    """Renew, retry and end whatever is due by the sandbox's clock; how many were."""
    done = 0
    for subscription in store.all("subscription", limit=10_000):
        if subscription["status"] not in ("active", "past_due"):
            continue
        item = subscription["items"]["data"][0]
        invoice = store.get(subscription["latest_invoice"] or "")
        retry_at = (invoice or {}).get("next_payment_attempt")
        if subscription["status"] == "past_due":
            if retry_at and retry_at <= store.now():
                _collect(store, subscription, invoice or {})
                done += 1
        elif item["current_period_end"] <= store.now():
            if subscription["cancel_at_period_end"]:
                cancel_subscription(store, subscription)
            else:
                interval = item["price"]["recurring"]["interval"]
                item["current_period_start"] = item["current_period_end"]
                item["current_period_end"] = after(item["current_period_end"], interval)
                _collect(store, subscription, _invoice(store, subscription, "subscription_cycle"))
            done += 1
    return done


def _collect(store: Store, subscription: Object, invoice: Object) -> None:
    """Charge the stored card for a renewal, with Stripe's retries when it fails."""
    customer = store.get(subscription["customer"]) or {}
    method = store.get(subscription["default_payment_method"] or "") or {}
    known = store.fact(f"intent of {invoice['id']}")
    intent = store.get(known) if known else None
    if intent is None:
        intent = _intent(store, invoice["total"], invoice["currency"], customer, {})
        store.set_fact(f"intent of {invoice['id']}", intent["id"])
    _invoice_payment(store, invoice, intent)
    declines = store.fact(f"number of {method['id']}") == Card.FAILS_LATER
    if not charge(store, intent, method, declines=declines):
        _settle_invoice(store, subscription, invoice, intent)
        return
    tries = invoice["attempt_count"] + 1
    invoice |= {"attempted": True, "attempt_count": tries}
    over = tries > len(RETRY_DAYS)
    invoice["next_payment_attempt"] = None if over else store.now() + RETRY_DAYS[tries - 1] * DAY
    emit(store, "invoice.payment_failed", save(store, invoice))
    if over:
        cancel_subscription(store, subscription)
    else:
        subscription["status"] = "past_due"
        emit(store, "customer.subscription.updated", save(store, subscription))


def after(moment: int, interval: str) -> int:
    """The same day a month or year on; the last of a shorter month ("Billing cycle anchor")."""
    start = datetime.fromtimestamp(moment, UTC)
    months = start.month - 1 + {"month": 1, "year": 12}[interval]
    year, month = start.year + months // 12, months % 12 + 1
    for day in range(start.day, 27, -1):
        try:
            return int(start.replace(year=year, month=month, day=day).timestamp())
        except ValueError:
            continue
    return int(start.replace(year=year, month=month).timestamp())

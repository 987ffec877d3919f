"""Subscriptions and their invoices: renewals and retries on the sandbox's clock."""

from datetime import UTC, datetime

import stripe

from .contract import Refused, skeleton
from .objects import Object, emit, new_id, save
from .payments import payment_method
from .store import BASE_URL, Store


def new_price(store: Store, line: Object, mode: str, where: str) -> Object:
    data = line.get("price_data")
    if not data:
        raise Refused("The sandbox takes price_data.", f"{where}[price_data]")
    if data.get("unit_amount", 0) < 50:
        raise Refused("The amount must be at least 0.50.", code="amount_too_small")
    product = data.get("product")
    if not product or not store.get(product, "product"):
        raise Refused(f"No such product: '{product}'", f"{where}[price_data][product]",
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


def subscribe(
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
    invoice = new_invoice(store, subscription, "subscription_create")
    emit(store, "customer.subscription.created", save(store, subscription))
    store.set_fact(f"invoice of {intent['id']}", invoice["id"])
    store.set_fact(f"intent of {invoice['id']}", intent["id"])
    if intent["status"] == "succeeded":
        settle_invoice(store, invoice, intent)
    else:
        new_invoice_payment(store, invoice, intent)  # a bank debit: active while it is on its way
    return store.get(pk) or subscription


def new_invoice(store: Store, subscription: Object, reason: str) -> Object:
    price = subscription["items"]["data"][0]["price"]
    customer = store.get(subscription["customer"]) or {}
    amount = price["unit_amount"]
    pk = new_id("in")
    invoice = skeleton(
        stripe.Invoice,
        id=pk,
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
        hosted_invoice_url=f"{BASE_URL}/invoice/{pk}",
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


def subscription_of(store: Store, invoice: Object) -> Object:
    details = invoice["parent"]["subscription_details"]
    found = store.get(details["subscription"])
    assert found
    return found


def settle_invoice(store: Store, invoice: Object, intent: Object) -> None:
    """The invoice's payment has succeeded: book it on the invoice."""
    subscription = subscription_of(store, invoice)
    payment = new_invoice_payment(store, invoice, intent)
    payment |= {"status": "paid", "amount_paid": invoice["total"]}
    payment["status_transitions"]["paid_at"] = store.now()
    save(store, payment)
    emit(store, "invoice_payment.paid", payment)
    invoice |= {"status": "paid", "amount_paid": invoice["total"], "amount_remaining": 0}
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    invoice["status_transitions"]["paid_at"] = store.now()
    invoice["next_payment_attempt"] = None
    emit(store, "invoice.paid", save(store, invoice))
    if subscription["status"] != "canceled":
        subscription["status"] = "active"
        emit(store, "customer.subscription.updated", save(store, subscription))


def new_invoice_payment(store: Store, invoice: Object, intent: Object) -> Object:
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
    """ "Update a subscription": what the app uses of it. Nothing is prorated."""
    if subscription["status"] == "canceled":
        raise Refused("A canceled subscription can only update its metadata.", "id")
    item = subscription["items"]["data"][0]
    if "items" in params:
        _change_price(store, subscription, item, params)
    if "trial_end" in params:  # the next charge comes then, none before
        ends = params["trial_end"]
        if not isinstance(ends, int) or ends < store.now() - 60:
            raise Refused("trial_end must be in the future.", "trial_end")
        item["current_period_end"] = subscription["trial_end"] = ends
        subscription["billing_cycle_anchor"] = ends
        subscription["status"] = "trialing"
    if "pause_collection" in params:
        asked = params["pause_collection"] or None
        subscription["pause_collection"] = asked and {"resumes_at": None, **asked}
    if "cancel_at_period_end" in params:
        ends = item["current_period_end"]
        stops = params["cancel_at_period_end"]
        subscription["cancel_at_period_end"] = stops
        subscription["cancel_at"] = ends if stops else None
        subscription["canceled_at"] = store.now() if stops else None
    if details := params.get("cancellation_details"):
        subscription["cancellation_details"] |= details
    subscription["metadata"] |= params.get("metadata") or {}
    emit(store, "customer.subscription.updated", save(store, subscription))
    return subscription


def _change_price(store: Store, subscription: Object, item: Object, params: Object) -> None:
    [line] = params["items"]
    if line.get("id") != item["id"]:
        raise Refused("The sandbox changes the one item there is.", "items[0][id]")
    if params.get("proration_behavior") != "none":
        raise Refused("The sandbox prorates nothing: say so.", "proration_behavior")
    price = new_price(store, line, "subscription", "items[0]")
    if price["currency"] != subscription["currency"]:
        raise Refused("The currency of a subscription can't change.", "items[0][price_data]")
    same = price["recurring"]["interval"] == item["price"]["recurring"]["interval"]
    if not same and "trial_end" not in params:
        raise Refused("Another interval would charge at once: give a trial_end.", "trial_end")
    item["price"] = price
    item["plan"] |= {"id": price["id"], "amount": price["unit_amount"]}
    item["plan"] |= {"interval": price["recurring"]["interval"]}


def cancel_subscription(store: Store, subscription: Object) -> Object:
    now = store.now()
    subscription |= {"status": "canceled", "ended_at": now, "canceled_at": now}
    emit(store, "customer.subscription.deleted", save(store, subscription))
    return subscription


def change_method(store: Store, customer: Object, number: str) -> None:
    """Another card or account for everything of theirs, on the portal."""
    method = payment_method(store, customer, number)
    for subscription in store.all("subscription", limit=10_000):
        if subscription["customer"] == customer["id"] and subscription["status"] != "canceled":
            subscription["default_payment_method"] = method["id"]
            emit(store, "customer.subscription.updated", save(store, subscription))
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    emit(store, "customer.updated", save(store, customer))


def update_customer(store: Store, customer: Object, params: Object) -> Object:
    """ "Update a customer": their address or name. What is paid already keeps its own."""
    customer |= {name: params[name] or None for name in ("email", "name") if name in params}
    emit(store, "customer.updated", save(store, customer))
    return customer


def delete_customer(store: Store, customer: Object) -> Object:
    for subscription in store.all("subscription", limit=10_000):
        if subscription["customer"] == customer["id"] and subscription["status"] != "canceled":
            cancel_subscription(store, subscription)
    if not store.fact(f"deleted {customer['id']}"):
        emit(store, "customer.deleted", customer)
    store.set_fact(f"deleted {customer['id']}", "yes")
    return {"id": customer["id"], "object": "customer", "deleted": True}


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

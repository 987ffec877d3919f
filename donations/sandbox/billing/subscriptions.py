"""Subscriptions: begun, changed, ended; and their invoices."""

import stripe

from donations.sandbox.billing.pricing import (
    after,
    amounts_of,
    discount,
    new_price,
    use_up_discounts,
)
from donations.sandbox.contract import Refused, skeleton
from donations.sandbox.objects import Object, emit, new_id, save
from donations.sandbox.payments import payment_method
from donations.sandbox.store import BASE_URL, Store


def subscribe(
    store: Store, request: Object, customer: Object, method: Object, intent: Object
) -> Object:
    now = store.now()
    pk = new_id("sub")
    items = [
        new_item(store, pk, store.get(price) or {}, line.get("quantity", 1), now)
        for price, line in zip(request["prices"], request["line_items"], strict=True)
    ]
    subscription = skeleton(
        stripe.Subscription,
        id=pk,
        created=now,
        start_date=now,
        billing_cycle_anchor=now,
        currency=items[0]["price"]["currency"],
        customer=customer["id"],
        default_payment_method=method["id"],
        metadata=(request.get("subscription_data") or {}).get("metadata") or {},
        status="active",
        collection_method="charge_automatically",
        items={"object": "list", "data": items, "has_more": False, "url": ""},
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


def new_item(store: Store, subscription: str, price: Object, quantity: int, start: int) -> Object:
    item = skeleton(
        stripe.SubscriptionItem,
        id=new_id("si"),
        created=store.now(),
        current_period_start=start,
        current_period_end=after(start, price["recurring"]),
        subscription=subscription,
    )
    return _sell(item, price, quantity)


def _sell(item: Object, price: Object, quantity: int) -> Object:
    item |= {"price": price, "quantity": quantity}
    item["plan"] |= {"id": price["id"], "currency": price["currency"], "active": True}
    item["plan"] |= {"interval": price["recurring"]["interval"], "amount": price["unit_amount"]}
    return item


def new_invoice(store: Store, subscription: Object, reason: str) -> Object:
    customer = store.get(subscription["customer"]) or {}
    pk = new_id("in")
    invoice = skeleton(
        stripe.Invoice,
        id=pk,
        created=store.now(),
        customer=subscription["customer"],
        customer_email=customer.get("email"),
        customer_name=customer.get("name"),
        currency=subscription["currency"],
        **amounts_of(store, subscription),
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
    if reason == "upcoming":  # a preview: nothing is kept of it
        return invoice
    subscription["latest_invoice"] = invoice["id"]
    use_up_discounts(store, subscription)
    save(store, invoice, parent=subscription["id"])
    emit(store, "invoice.created", invoice)
    return invoice


def subscription_of(store: Store, invoice: Object) -> Object:
    details = invoice["parent"]["subscription_details"]
    found = store.get(details["subscription"])
    assert found
    return found


def settle_invoice(store: Store, invoice: Object, intent: Object | None) -> None:
    """Paid: by a payment that has succeeded, or by none, when nothing was due or the money came
    another way (``paid_out_of_band``)."""
    subscription = subscription_of(store, invoice)
    if intent:
        _book_payment(store, invoice, intent)
    elif invoice["amount_due"]:
        invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    invoice["status_transitions"]["paid_at"] = store.now()
    invoice["next_payment_attempt"] = None
    emit(store, "invoice.paid", save(store, invoice))
    if subscription["status"] != "canceled":
        subscription["status"] = "active"
        emit(store, "customer.subscription.updated", save(store, subscription))


def _book_payment(store: Store, invoice: Object, intent: Object) -> None:
    payment = new_invoice_payment(store, invoice, intent)
    payment |= {"status": "paid", "amount_paid": invoice["amount_due"]}
    payment["status_transitions"]["paid_at"] = store.now()
    save(store, payment)
    emit(store, "invoice_payment.paid", payment)


def new_invoice_payment(store: Store, invoice: Object, intent: Object) -> Object:
    """What ties a payment to its invoice, there from the first try on."""
    if known := store.all("invoice_payment", parent=intent["id"]):
        return known[0]
    payment = skeleton(
        stripe.InvoicePayment,
        id=new_id("inpay"),
        created=store.now(),
        amount_requested=invoice["amount_due"],
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
        _change_items(store, subscription, params)
    if "discounts" in params:
        coupons = [store.get(one["coupon"], "coupon") for one in params["discounts"] or []]
        if None in coupons:
            raise Refused("No such coupon", "discounts[0][coupon]", "resource_missing")
        subscription["discounts"] = [discount(store, subscription, one) for one in coupons if one]
    if "default_tax_rates" in params:
        rates = [store.get(pk, "tax_rate") for pk in params["default_tax_rates"] or []]
        subscription["default_tax_rates"] = rates
    if "trial_end" in params:  # the next charge comes then, none before
        ends = params["trial_end"]
        if not isinstance(ends, int) or ends < store.now() - 60:
            raise Refused("trial_end must be in the future.", "trial_end")
        subscription["trial_end"] = ends
        for item in subscription["items"]["data"]:
            item["current_period_end"] = ends
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


def _change_items(store: Store, subscription: Object, params: Object) -> None:
    """Change, add or take away what is sold, from the next invoice on."""
    if params.get("proration_behavior") != "none":
        raise Refused("The sandbox prorates nothing: say so.", "proration_behavior")
    items = subscription["items"]["data"]
    known = {item["id"]: item for item in items}
    for number, line in enumerate(params["items"]):
        where = f"items[{number}]"
        if "id" in line and line["id"] not in known:
            raise Refused("No such subscription item.", f"{where}[id]", "resource_missing")
        item = known.get(line.get("id"))
        if item and line.get("deleted"):
            items.remove(item)
            continue
        sold = "price_data" in line or item is None
        price = new_price(store, line, "subscription", where) if sold else (item or {})["price"]
        if price["currency"] != subscription["currency"]:
            raise Refused("The currency of a subscription can't change.", f"{where}[price_data]")
        if item is None:
            start = items[0]["current_period_start"]
            items.append(new_item(store, subscription["id"], price, line.get("quantity", 1), start))
            continue
        same = price["recurring"]["interval"] == item["price"]["recurring"]["interval"]
        if not same and "trial_end" not in params:
            raise Refused("Another interval would charge at once: give a trial_end.", "trial_end")
        _sell(item, price, line.get("quantity", item["quantity"]))


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


def delete_customer(store: Store, customer: Object) -> Object:
    for subscription in store.all("subscription", limit=10_000):
        if subscription["customer"] == customer["id"] and subscription["status"] != "canceled":
            cancel_subscription(store, subscription)
    if not store.fact(f"deleted {customer['id']}"):
        emit(store, "customer.deleted", customer)
    store.set_fact(f"deleted {customer['id']}", "yes")
    return {"id": customer["id"], "object": "customer", "deleted": True}


def update_customer(store: Store, customer: Object, params: Object) -> Object:
    """ "Update a customer": their address or name. What is paid already keeps its own."""
    if customer.get("deleted"):
        raise Refused(f"No such customer: '{customer['id']}'", "id", "resource_missing", 404)
    customer |= {name: params[name] or None for name in ("email", "name") if name in params}
    emit(store, "customer.updated", save(store, customer))
    return customer

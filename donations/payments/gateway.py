"""The only module that calls Stripe, but for its balance (balance.py).

Time limits on every call, retries with an idempotency key on those that change something, the
API version that the library pins. Nothing here touches the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

import stripe
from django.conf import settings
from django.utils.translation import gettext_lazy as _

stripe.enable_telemetry = False  # would write to the home directory and send timings

CONNECT_SECONDS, ANSWER_SECONDS = 3.05, 20
# Of our languages, those of Stripe's pages ("Create a Checkout Session" and "Create a portal
# session": locale).
STRIPE_SPEAKS = {"de", "en", "es", "fr", "pl", "ru"}
INTERVALS = {"monthly": "month", "annual": "year"}
PRODUCTS = {
    "once": ("contribution_once", "Contribution"),
    "monthly": ("contribution_monthly", "Monthly contribution"),
    "annual": ("contribution_annual", "Annual contribution"),
}

BUSY = _("Our payment provider does not answer just now. Nothing was charged. Please try again.")


class Unavailable(Exception):
    """Stripe does not answer, or is too busy: nothing is known to have happened; try again."""


FAILURES = (Unavailable, stripe.StripeError)  # no answer, or “no”


def stripes_language(language: str) -> str:
    """Ours, if Stripe's pages speak it; “auto” asks the browser."""
    return language if language in STRIPE_SPEAKS else "auto"


@cache
def client() -> stripe.StripeClient:
    addresses: Any = {"api": settings.STRIPE_SANDBOX} if settings.STRIPE_SANDBOX else {}
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses=addresses,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )


def id_of(expandable: Any) -> str:
    """The id of what may have come whole ("Expanding Responses")."""
    return expandable if isinstance(expandable, str) else str(expandable.id)


def put_product(frequency: str, statement_descriptor: str) -> None:
    """The one Product of a frequency, as it is to be. Its id is ours, so that there is never a
    second ("Create a product": id). An empty descriptor is the account's own."""
    pk, name = PRODUCTS[frequency]
    products = client().v1.products
    with known_or_unavailable():
        try:
            products.update(pk, params={"statement_descriptor": statement_descriptor})
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            products.create(params={"id": pk, "name": name})
            products.update(pk, params={"statement_descriptor": statement_descriptor})


def create_session(
    key: str,
    *,
    frequency: str,
    amount: int,
    currency: str,
    success_url: str,
    cancel_url: str,
    metadata: dict[str, str],
    language: str,
    expires_at: datetime,
    statement_descriptor: str = "",
    recovery: bool = False,
) -> stripe.checkout.Session:
    """A hosted Checkout Session. The same ``key`` and parameters give the same session.

    ``expires_at`` is 30 minutes to 24 hours away. With ``recovery`` Stripe asks the reader, where
    the law lets it, whether they may be written to should they not finish ("Recover abandoned
    carts"). Raises Unavailable, or stripe.StripeError for a request that Stripe refuses.
    """
    price: Any = price_data(frequency, amount, currency)
    params: Any = {
        "mode": "payment" if frequency == "once" else "subscription",
        "line_items": [{"price_data": price, "quantity": 1}],
        "submit_type": "donate",
        "success_url": success_url,
        "cancel_url": cancel_url,
        "client_reference_id": metadata["checkout"],
        "metadata": metadata,
        "locale": stripes_language(language),
        "expires_at": int(expires_at.timestamp()),
        "adaptive_pricing": {"enabled": False},  # charge what was asked for
    }
    if recovery:
        params["after_expiration"] = {"recovery": {"enabled": True}}
        params["consent_collection"] = {"promotions": "auto"}
    if frequency == "once":
        payment: dict[str, Any] = {"metadata": metadata}
        if statement_descriptor:
            payment["statement_descriptor_suffix"] = statement_descriptor
        params |= {"customer_creation": "always", "payment_intent_data": payment}
    else:
        params["subscription_data"] = {"metadata": metadata}
    with known_or_unavailable():
        options: Any = {"idempotency_key": key}
        return client().v1.checkout.sessions.create(params=params, options=options)


def expire_session(pk: str) -> None:
    """Close a session nobody has paid. Raises stripe.InvalidRequestError when it is over."""
    client().v1.checkout.sessions.expire(pk)


def session(pk: str) -> stripe.checkout.Session:
    """With its invoice and what ties payments to that."""
    return client().v1.checkout.sessions.retrieve(pk, params={"expand": ["invoice.payments"]})


def payment_intent(pk: str) -> stripe.PaymentIntent:
    """With its newest charge and its customer."""
    params: Any = {"expand": ["latest_charge", "customer"]}
    return client().v1.payment_intents.retrieve(pk, params=params)


def charge(pk: str) -> stripe.Charge:
    return client().v1.charges.retrieve(pk)


def subscription(pk: str) -> stripe.Subscription:
    """With its customer, the card it is paid with, its newest invoice and the bills of that."""
    wanted: Any = ["customer", "default_payment_method", "latest_invoice.payments"]
    return client().v1.subscriptions.retrieve(pk, params={"expand": wanted})


def next_payment(subscription_id: str) -> int | None:
    """What its next invoice takes ("Create a preview invoice"); None if there will be none. Its
    total may be below nothing, after a change that was prorated: then none is due."""
    params: Any = {"subscription": subscription_id}
    try:
        return client().v1.invoices.create_preview(params=params).amount_due
    except stripe.InvalidRequestError:
        return None


def refund(pk: str) -> stripe.Refund:
    return client().v1.refunds.retrieve(pk)


def dispute(pk: str) -> stripe.Dispute:
    return client().v1.disputes.retrieve(pk)


def disputes_of(charge_id: str) -> list[stripe.Dispute]:
    found: Any = {"charge": charge_id, "limit": 100}
    return list(client().v1.disputes.list(params=found).data)


def refunds_of(charge_id: str) -> list[stripe.Refund]:
    """With what was booked when one of them failed."""
    found: Any = {"charge": charge_id, "limit": 100}
    found["expand"] = ["data.failure_balance_transaction"]
    return list(client().v1.refunds.list(params=found).auto_paging_iter())


def succeeded_at(intent_id: str, since: datetime) -> int | None:
    """When a payment that began then succeeded, in seconds since 1970; None when Stripe has
    forgotten it ("List all events": 30 days)."""
    params: Any = {"type": "payment_intent.succeeded", "limit": 100}
    params["created"] = {"gte": int(since.timestamp())}
    for event in client().v1.events.list(params=params).auto_paging_iter():
        told: Any = event.data.object
        if told.id == intent_id:
            return event.created
    return None


def available_on(charge_id: str) -> int | None:
    """When a charge's money can be paid out, in seconds since 1970; None when it is not booked."""
    params: Any = {"expand": ["balance_transaction"]}
    booked: Any = client().v1.charges.retrieve(charge_id, params=params).balance_transaction
    return booked.available_on if booked else None


def payout(pk: str) -> stripe.Payout:
    return client().v1.payouts.retrieve(pk)


def fraud_warning(pk: str) -> stripe.radar.EarlyFraudWarning:
    return client().v1.radar.early_fraud_warnings.retrieve(pk)


def change_subscription(pk: str, /, key: str, **params: Any) -> stripe.Subscription:
    """Raises Unavailable when nobody knows yet, stripe.StripeError when Stripe refuses."""
    options: Any = {"idempotency_key": key}
    with known_or_unavailable():
        return client().v1.subscriptions.update(pk, params=params, options=options)  # type: ignore[arg-type]


def end_subscription(pk: str, key: str) -> stripe.Subscription:
    """At once, with no further attempt at what is unpaid."""
    with known_or_unavailable():
        return client().v1.subscriptions.cancel(pk, options={"idempotency_key": key})


def price_data(frequency: str, amount: int, currency: str) -> dict[str, Any]:
    """Of a Product that products.py has made."""
    data = {"currency": currency, "unit_amount": amount, "product": PRODUCTS[frequency][0]}
    if frequency in INTERVALS:
        data["recurring"] = {"interval": INTERVALS[frequency]}
    return data


@contextmanager
def known_or_unavailable() -> Iterator[None]:
    """Stripe's own failures are no answer: the call is to be repeated under the same key."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise Unavailable from error


def events_since(moment: datetime) -> Iterator[stripe.Event]:
    """Newest first, at most 30 days deep ("List all events")."""
    params: Any = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
    return client().v1.events.list(params=params).auto_paging_iter()


def objects_since(kind: str, moment: datetime) -> Iterator[str]:
    """The ids of objects made since; ``kind`` is the client's name for their list. Every
    subscription, whatever its age: it lives on."""
    params: Any = {"limit": 100}
    if kind == "subscriptions":
        params["status"] = "all"
    else:
        params["created"] = {"gte": int(moment.timestamp())}
    listing = attrgetter(kind)(client().v1).list(params=params)
    return (found.id for found in listing.auto_paging_iter())


def invoice(pk: str) -> stripe.Invoice:
    """With what ties payments to it."""
    return client().v1.invoices.retrieve(pk, params={"expand": ["payments"]})


def bill_of_payment(intent_id: str) -> stripe.InvoicePayment | None:
    """What ties a payment to its invoice, with that; None for a contribution given once."""
    wanted: Any = {"type": "payment_intent", "payment_intent": intent_id}
    payments = client().v1.invoice_payments.list(
        params={"payment": wanted, "limit": 1, "expand": ["data.invoice"]}
    )
    return payments.data[0] if payments.data else None


def invoice_of_invoice_payment(pk: str) -> str:
    return id_of(client().v1.invoice_payments.retrieve(pk).invoice)


def bills_of(invoice: stripe.Invoice) -> list[stripe.InvoicePayment]:
    """Of an invoice that came with the first of them: those by a PaymentIntent."""
    payments: Any = invoice.payments
    if payments.has_more:
        payments = client().v1.invoice_payments.list(params={"invoice": invoice.id, "limit": 100})
    return [bill for bill in payments.data if bill.payment.payment_intent]


def open_invoice_url(subscription_id: str) -> str:
    """Stripe's page where an unpaid renewal is paid or confirmed, "" when nothing is open."""
    invoice: Any = subscription(subscription_id).latest_invoice
    return str(invoice.hosted_invoice_url or "") if invoice and invoice.status == "open" else ""


def customer_of_method(pk: str) -> str:
    """Whose payment method it is, "" when it has been detached from them."""
    customer = client().v1.payment_methods.retrieve(pk).customer
    return id_of(customer) if customer else ""


def method_of_mandate(pk: str) -> str:
    return id_of(client().v1.mandates.retrieve(pk).payment_method)


def change_address(pk: str, email: str) -> None:
    with known_or_unavailable():
        client().v1.customers.update(pk, params={"email": email})


def delete_customer(pk: str) -> None:
    """Their name and address at Stripe are gone, their subscriptions end ("Delete a customer")."""
    try:
        with known_or_unavailable():
            client().v1.customers.delete(pk)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":  # gone already
            raise


def enabled_payment_methods() -> list[str]:
    """What the account's default configuration has turned on: “card”, “apple_pay” …"""
    names = []
    for configuration in client().v1.payment_method_configurations.list().data:
        if configuration.is_default:
            for name, method in configuration.to_dict().items():
                shown = method.get("display_preference") if isinstance(method, dict) else None
                if shown and shown["value"] == "on":
                    names.append(name)
    return names


def webhook_endpoints() -> list[stripe.WebhookEndpoint]:
    """Where Stripe tells of events ("List all webhook endpoints")."""
    with known_or_unavailable():
        return list(client().v1.webhook_endpoints.list(params={"limit": 100}).data)


def stripe_portal_url(customer: str, return_url: str, language: str) -> str:
    """Where the donor changes their card or cancels, on Stripe's pages."""
    params: Any = {"customer": customer, "return_url": return_url}
    params["locale"] = stripes_language(language)
    return client().v1.billing_portal.sessions.create(params=params).url


def customer(pk: str) -> stripe.Customer:
    """One that was deleted says only so."""
    return client().v1.customers.retrieve(pk)

"""The only module that calls Stripe.

Time limits on every call, retries with an idempotency key on those that change something, the
API version that the library pins. Nothing here touches the database.
"""

from functools import cache
from typing import Any

import stripe
from django.conf import settings

stripe.enable_telemetry = False  # would write to the home directory and send timings

CONNECT_SECONDS, ANSWER_SECONDS = 3.05, 20
INTERVALS = {"monthly": "month", "annual": "year"}
PRODUCTS = {
    "once": ("gift_once", "Contribution"),
    "monthly": ("gift_monthly", "Monthly contribution"),
    "annual": ("gift_annual", "Annual contribution"),
}


class Unavailable(Exception):
    """Stripe does not answer, or is too busy: nothing is known to have happened; try again."""


@cache
def client() -> stripe.StripeClient:
    addresses: Any = {"api": settings.STRIPE_SANDBOX} if settings.STRIPE_SANDBOX else {}
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses=addresses,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )


@cache
def product(frequency: str) -> str:
    """The one Product of a frequency, made when first needed. Its id is ours, so that it is
    never made twice ("Create a product": id)."""
    pk, name = PRODUCTS[frequency]
    try:
        client().v1.products.create(params={"id": pk, "name": name})
    except stripe.InvalidRequestError as error:
        if error.code != "resource_already_exists":
            raise
    return pk


def create_session(
    *,
    key: str,
    frequency: str,
    amount: int,
    currency: str,
    success_url: str,
    cancel_url: str,
    metadata: dict[str, str],
) -> stripe.checkout.Session:
    """A hosted Checkout Session. The same ``key`` and parameters give the same session.

    Raises Unavailable, or stripe.StripeError for a request that Stripe refuses.
    """
    price: Any = {"currency": currency, "unit_amount": amount, "product": product(frequency)}
    params: Any = {
        "mode": "payment" if frequency == "once" else "subscription",
        "line_items": [{"price_data": price, "quantity": 1}],
        "submit_type": "donate",
        "success_url": success_url,
        "cancel_url": cancel_url,
        "client_reference_id": metadata["checkout"],
        "metadata": metadata,
        "adaptive_pricing": {"enabled": False},  # charge what was asked for
    }
    if frequency == "once":
        params |= {"customer_creation": "always", "payment_intent_data": {"metadata": metadata}}
    else:
        price["recurring"] = {"interval": INTERVALS[frequency]}
        params["subscription_data"] = {"metadata": metadata}
    try:
        return client().v1.checkout.sessions.create(params=params, options={"idempotency_key": key})
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise Unavailable from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":  # the account was changed under our feet
            product.cache_clear()
        raise


def session(pk: str) -> stripe.checkout.Session:
    return client().v1.checkout.sessions.retrieve(pk)


def payment_intent(pk: str) -> stripe.PaymentIntent:
    """With its newest charge and its customer."""
    return client().v1.payment_intents.retrieve(
        pk, params={"expand": ["latest_charge", "customer"]}
    )


def charge(pk: str) -> stripe.Charge:
    return client().v1.charges.retrieve(pk)


def subscription(pk: str) -> stripe.Subscription:
    return client().v1.subscriptions.retrieve(pk, params={"expand": ["customer"]})


def invoice(pk: str) -> stripe.Invoice:
    return client().v1.invoices.retrieve(pk)


def invoice_of_payment(intent_id: str) -> str:
    """The invoice that a payment is for, "" for a gift given once."""
    payments = client().v1.invoice_payments.list(
        params={"payment": {"type": "payment_intent", "payment_intent": intent_id}, "limit": 1}
    )
    if not payments.data:
        return ""
    found = payments.data[0].invoice
    return found if isinstance(found, str) else str(found.id)


def payments_of_invoice(invoice_id: str) -> list[str]:
    """The PaymentIntents of an invoice."""
    payments = client().v1.invoice_payments.list(params={"invoice": invoice_id, "limit": 100})
    intents = [payment.payment.payment_intent for payment in payments.data]
    return [intent if isinstance(intent, str) else intent.id for intent in intents if intent]


def portal_url(customer: str, return_url: str) -> str:
    """Where the donor changes her card or cancels, on Stripe's pages."""
    params: Any = {"customer": customer, "return_url": return_url}
    return client().v1.billing_portal.sessions.create(params=params).url


def verified_event(payload: bytes, signature: str | None) -> stripe.Event:
    """The event in a webhook's body. Two secrets are tried while one is being replaced.

    Raises stripe.SignatureVerificationError or ValueError ("Webhooks": verify signatures).
    """
    *others, last = settings.STRIPE_WEBHOOK_SECRETS
    for secret in others:
        try:
            return client().construct_event(payload, signature, secret)
        except stripe.SignatureVerificationError:
            continue
    return client().construct_event(payload, signature, last)

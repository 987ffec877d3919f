"""The API: authentication, idempotency, expansion, lists, errors in Stripe's shape."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import stripe
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from stripe.params import (
    BalanceRetrieveParams,
    BalanceTransactionListParams,
    ChargeListParams,
    CouponCreateParams,
    CustomerDeleteParams,
    CustomerListParams,
    CustomerUpdateParams,
    DisputeListParams,
    EventListParams,
    InvoiceCreatePreviewParams,
    InvoiceListParams,
    InvoicePaymentListParams,
    InvoicePayParams,
    PaymentIntentListParams,
    PaymentMethodConfigurationListParams,
    PayoutListParams,
    ProductCreateParams,
    ProductUpdateParams,
    RefundCreateParams,
    RefundListParams,
    SubscriptionCancelParams,
    SubscriptionListParams,
    SubscriptionUpdateParams,
    TaxRateCreateParams,
    WebhookEndpointListParams,
)
from stripe.params.billing_portal import SessionCreateParams as PortalSessionCreateParams
from stripe.params.checkout import SessionCreateParams, SessionExpireParams, SessionListParams
from stripe.params.radar import EarlyFraudWarningListParams

from . import balance, checkout, faults, objects, payments
from .answers import expand, listed, stored
from .billing import pricing, renewals, subscriptions
from .contract import Refused, decode, parse, skeleton
from .objects import Object
from .store import BASE_URL, RATE, WEBHOOK_URL, store

LOOKS_ON = "Bearer sk_test_looks_on"  # a test that compares: no fault and no limit befalls it
rate_limit = faults.RateLimit(RATE)


def api(view: Callable[..., Object]) -> Callable[..., HttpResponseBase]:
    """An API call, with whatever has been ordered to go wrong."""

    def wrapped(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        key = request.headers.get("Authorization", "")
        if not key.startswith("Bearer sk_test_"):
            message = "Invalid API Key provided."
            return error({"type": "invalid_request_error", "message": message}, 401)
        if key == LOOKS_ON:
            return act(request, view, kwargs)
        with store.transaction():
            limited = faults.befalls(store, faults.RATE_LIMIT, request.path)
            broken = faults.befalls(store, faults.BEFORE, request.path)
            lost = faults.befalls(store, faults.LOST, request.path)
        if rate_limit.exceeded() or limited:
            message = "Too many requests hit the API too quickly."
            return error({"type": "invalid_request_error", "code": "rate_limit",
                          "message": message}, 429)  # fmt: skip
        if broken:
            return error({"type": "api_error", "message": "An error occurred."}, 500)
        answer = act(request, view, kwargs)
        return cut_off() if lost else answer

    wrapped.csrf_exempt = True  # type: ignore[attr-defined]
    return wrapped


def act(request: HttpRequest, view: Callable[..., Object], kwargs: dict[str, str]) -> HttpResponse:
    """Do what is asked, or repeat the answer that its idempotency key got ("Idempotent
    requests"), while that is kept."""
    body = request.body.decode()
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    asked = f"{request.path}\n{body}"
    try:
        with store.transaction():
            if key and (known := store.answer(key)):
                if known[0] != asked:
                    return error({"type": "idempotency_error", "message": (
                        "Keys for idempotent requests can only be used with the same parameters "
                        "they were first used with.")}, 400)  # fmt: skip
                replay = HttpResponse(known[2], status=known[1], content_type="application/json")
                replay["Idempotent-Replayed"] = "true"
                return replay
            pairs = parse_qsl(body or request.META["QUERY_STRING"], keep_blank_values=True)
            raw = decode(pairs)
            expand_paths = raw.pop("expand", [])
            response: HttpResponse = JsonResponse(expand(view(raw, **kwargs), expand_paths))
            if key:
                store.remember(key, asked, 200, response.content.decode())
    except Refused as refused:
        response = error(refused.error, refused.status)
        if key and refused.executed:  # the refusal is the answer, for as long as the key lives
            with store.transaction():
                store.remember(key, asked, refused.status, response.content.decode())
        return response
    response["Request-Id"] = objects.new_id("req")
    return response


def cut_off() -> HttpResponseBase:
    """An answer that breaks off: the caller can't know that we acted."""

    def broken() -> Iterator[bytes]:
        yield b"{"
        raise ConnectionAbortedError

    response = StreamingHttpResponse(broken(), content_type="application/json")
    response["Content-Length"] = "1000"
    return response


def error(body: dict[str, str], status: int) -> HttpResponse:
    return JsonResponse({"error": body}, status=status)


def retrieve(kind: str) -> Callable[..., HttpResponseBase]:
    def view(raw: Object, pk: str) -> Object:
        if raw:
            name = next(iter(raw))
            raise Refused(f"Received unknown parameter: {name}", name, "parameter_unknown")
        return stored(kind, pk)

    return by_method(GET=view)


def by_method(**views: Callable[..., Object]) -> Callable[..., HttpResponseBase]:
    wrapped = {method: api(view) for method, view in views.items()}

    def dispatch(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        view = wrapped.get(request.method or "")
        if view is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            return error({"type": "invalid_request_error", "message": message}, 404)
        return view(request, **kwargs)

    dispatch.csrf_exempt = True  # type: ignore[attr-defined]
    return dispatch


def create_session(raw: Object) -> Object:
    return checkout.create_session(store, parse(SessionCreateParams, raw))


def expire_session(raw: Object, pk: str) -> Object:
    parse(SessionExpireParams, raw)
    return checkout.expire(store, stored("checkout.session", pk))


def create_product(raw: Object) -> Object:
    params = parse(ProductCreateParams, raw)
    pk = params.get("id") or objects.new_id("prod")
    if store.get(pk):
        raise Refused("Product already exists.", "id", "resource_already_exists")
    now = store.now()
    product = skeleton(
        stripe.Product,
        id=pk,
        name=params["name"],
        created=now,
        updated=now,
        active=True,
        statement_descriptor=params.get("statement_descriptor"),
    )
    return objects.save(store, product)


def update_product(raw: Object, pk: str) -> Object:
    product = stored("product", pk) | parse(ProductUpdateParams, raw)
    return objects.save(store, product)


def update_customer(raw: Object, pk: str) -> Object:
    params = parse(CustomerUpdateParams, raw)
    return subscriptions.update_customer(store, stored("customer", pk), params)


def delete_customer(raw: Object, pk: str) -> Object:
    """Gone for good, their subscriptions ended at once ("Delete a customer")."""
    parse(CustomerDeleteParams, raw)
    return subscriptions.delete_customer(store, stored("customer", pk))


def enabled_payment_methods(raw: Object) -> Object:
    """What the account has turned on in its dashboard."""
    parse(PaymentMethodConfigurationListParams, raw)
    kind = stripe.PaymentMethodConfiguration
    methods = {}
    for name in ("card", "apple_pay", "google_pay", "sepa_debit"):
        part = skeleton(getattr(kind, name.title().replace("_", "")), available=True)
        part["display_preference"] |= {"preference": "on", "value": "on"}
        methods[name] = part
    configuration = skeleton(
        kind, id="pmc_sandbox", name="Default", active=True, is_default=True, **methods
    )
    return listed([configuration], "/v1/payment_method_configurations")


def list_webhook_endpoints(raw: Object) -> Object:
    """The one that is told of everything."""
    parse(WebhookEndpointListParams, raw)
    endpoint = skeleton(
        stripe.WebhookEndpoint,
        id="we_sandbox",
        enabled_events=["*"],
        status="enabled",
        url=WEBHOOK_URL,
    )
    return listed([endpoint] if WEBHOOK_URL else [], "/v1/webhook_endpoints")


def get_balance(raw: Object) -> Object:
    parse(BalanceRetrieveParams, raw)
    return balance.balance(store)


def create_refund(raw: Object) -> Object:
    return payments.refund(store, parse(RefundCreateParams, raw))


def update_subscription(raw: Object, pk: str) -> Object:
    params = parse(SubscriptionUpdateParams, raw)
    return subscriptions.update_subscription(store, stored("subscription", pk), params)


def cancel_subscription(raw: Object, pk: str) -> Object:
    parse(SubscriptionCancelParams, raw)
    return subscriptions.cancel_subscription(store, stored("subscription", pk))


def create_coupon(raw: Object) -> Object:
    return pricing.new_coupon(store, parse(CouponCreateParams, raw))


def create_tax_rate(raw: Object) -> Object:
    return pricing.new_tax_rate(store, parse(TaxRateCreateParams, raw))


def preview_invoice(raw: Object) -> Object:
    """What a subscription's next invoice will be ("Create a preview invoice")."""
    params = parse(InvoiceCreatePreviewParams, raw)
    subscription = stored("subscription", params.get("subscription", ""))
    if subscription["status"] == "canceled" or subscription["cancel_at_period_end"]:
        raise Refused("No upcoming invoices", "", "invoice_upcoming_none", 404)
    return subscriptions.new_invoice(store, subscription, "upcoming")


def pay_invoice(raw: Object, pk: str) -> Object:
    if not parse(InvoicePayParams, raw).get("paid_out_of_band"):
        raise Refused("The sandbox's invoices are paid on their page.", "paid_out_of_band")
    return renewals.pay_out_of_band(store, stored("invoice", pk))


def list_invoice_payments(raw: Object) -> Object:
    params = parse(InvoicePaymentListParams, raw)
    payment = params.get("payment") or {}
    items = store.all("invoice_payment", parent=payment.get("payment_intent"))
    if wanted := params.get("invoice"):
        items = [item for item in items if item["invoice"] == wanted]
    return listed(items, "/v1/invoice_payments", params.get("limit", 10))


# Kind -> where its list is, and what it may be asked for.
LISTS = {
    "event": ("events", EventListParams),
    "payment_intent": ("payment_intents", PaymentIntentListParams),
    "subscription": ("subscriptions", SubscriptionListParams),
    "refund": ("refunds", RefundListParams),
    "dispute": ("disputes", DisputeListParams),
    "charge": ("charges", ChargeListParams),
    "customer": ("customers", CustomerListParams),
    "invoice": ("invoices", InvoiceListParams),
    "checkout.session": ("checkout/sessions", SessionListParams),
    "balance_transaction": ("balance_transactions", BalanceTransactionListParams),
    "payout": ("payouts", PayoutListParams),
    "radar.early_fraud_warning": ("radar/early_fraud_warnings", EarlyFraudWarningListParams),
}
# Filters on a field of that name.
ALIKE = ("type", "customer", "charge", "payment_intent", "subscription", "source", "currency")


def list_of(kind: str) -> Callable[..., Object]:
    """Newest first, in pages ("Pagination"); by time and by whatever else is in ALIKE."""
    place, params_class = LISTS[kind]

    def view(raw: Object) -> Object:
        params = parse(params_class, raw)
        if (payout := params.get("payout")) and not stored("payout", payout)["automatic"]:
            message = "Balance transaction history can only be filtered on automatic payouts."
            raise Refused(message, "payout")
        items = store.all(kind, payout, limit=100_000)
        for name in ALIKE:
            if wanted := params.get(name):
                items = [item for item in items if item.get(name) == wanted]
        status = params.get("status", "")
        if kind == "subscription" and not status:
            items = [item for item in items if item["status"] != "canceled"]
        elif status and status != "all":
            items = [item for item in items if item["status"] == status]
        since = (params.get("created") or {}).get("gte", 0)
        items = [item for item in items if item["created"] >= since]
        if after := params.get("starting_after"):
            ids = [item["id"] for item in items]
            if after not in ids:
                message = f"No such {kind}: '{after}'"
                raise Refused(message, "starting_after", "resource_missing")
            items = items[ids.index(after) + 1 :]
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refused("Invalid limit: must be 1 to 100", "limit")
        return listed(items, f"/v1/{place}", limit)

    return view


def create_portal_session(raw: Object) -> Object:
    params = parse(PortalSessionCreateParams, raw)
    if not params.get("customer"):
        raise Refused("Missing required param: customer.", "customer", "parameter_missing")
    stored("customer", params["customer"])
    pk = objects.new_id("bps")
    session = skeleton(
        stripe.billing_portal.Session,
        id=pk,
        created=store.now(),
        customer=params["customer"],
        configuration="bpc_sandbox",
        locale=params.get("locale"),
        return_url=params.get("return_url"),
        url=f"{BASE_URL}/p/session/{pk}",
    )
    return objects.save(store, session)

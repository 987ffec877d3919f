"""A local Stripe: the API calls we make, hosted pages to click through, signed webhooks, a clock.

A Django project of its own in one module, which knows nothing of the newsroom. Configured by the
environment: SANDBOX_FILE (its SQLite file), SANDBOX_URL (where it is reached), WEBHOOK_URL and
WEBHOOK_SECRET (where it sends events, how it signs them).
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
import stripe
from django.conf import settings

if not settings.configured:  # a test may import this below another project's settings
    settings.configure(
        SECRET_KEY="sandbox",  # signs nothing: there are no sessions
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="donations.sandbox.app",
        USE_TZ=True,
        TIME_ZONE="UTC",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).parent / "templates"],
            }
        ],
        DATA_UPLOAD_MAX_MEMORY_SIZE=1_000_000,
        LOGGING_CONFIG=None,
    )

import django
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, re_path
from django.views.decorators.http import require_POST
from stripe.params import (
    DisputeListParams,
    EventListParams,
    InvoicePaymentListParams,
    PaymentIntentListParams,
    ProductCreateParams,
    RefundCreateParams,
    RefundListParams,
    SubscriptionCancelParams,
    SubscriptionListParams,
    SubscriptionUpdateParams,
)
from stripe.params.billing_portal import (
    SessionCreateParams as PortalSessionCreateParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
)

from . import billing, checkout, objects, payments
from .contract import Refused, decode, parse, skeleton
from .objects import Card, Object
from .store import Store

log = logging.getLogger("stripe-sandbox")
store = Store(Path(os.environ.get("SANDBOX_FILE", "stripe-sandbox.sqlite3")))
BASE_URL = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8420")
WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "")
WEBHOOK_SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_sandbox")

# Seconds until an undelivered event is sent again; Stripe goes on for three days.
DELIVERY_RETRIES = [1, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 24 * 3600]


# --- The API --------------------------------------------------------------------------------


def api(view: Callable[..., Object]) -> Callable[..., HttpResponse]:
    """An API call: authentication, idempotency, expansion, and errors in Stripe's shape."""

    def wrapped(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if not request.headers.get("Authorization", "").startswith("Bearer sk_test_"):
            message = "Invalid API Key provided."
            return error({"type": "invalid_request_error", "message": message}, 401)
        body = request.body.decode()
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        asked = f"{request.path}\n{body}"
        with store.transaction():
            if key and (known := store.answer(key)):
                if known[0] != asked:
                    return error({"type": "idempotency_error", "message": (
                        "Keys for idempotent requests can only be used with the same parameters "
                        "they were first used with.")}, 400)  # fmt: skip
                replay = HttpResponse(known[2], status=known[1], content_type="application/json")
                replay["Idempotent-Replayed"] = "true"
                return replay
        try:
            with store.transaction():
                pairs = parse_qsl(body or request.META["QUERY_STRING"], keep_blank_values=True)
                raw = decode(pairs)
                expand_paths = raw.pop("expand", [])
                answer = expand(view(raw, **kwargs), expand_paths)
                response = JsonResponse(answer)
                if key:
                    store.remember(key, asked, 200, response.content.decode())
        except Refused as refused:
            return error(refused.error, refused.status)
        response["Request-Id"] = objects.new_id("req")
        return response

    wrapped.csrf_exempt = True  # type: ignore[attr-defined]
    return wrapped


def error(body: dict[str, str], status: int) -> HttpResponse:
    return JsonResponse({"error": body}, status=status)


def expand(data: Object, paths: list[str]) -> Object:
    """Put whole objects in place of ids ("Expanding Responses")."""
    for dotted in paths:
        _expand(data, dotted.split("."), dotted)
    return data


def _expand(data: Any, names: list[str], dotted: str) -> None:
    name, *rest = names
    if isinstance(data, list):
        for item in data:
            _expand(item, names, dotted)
        return
    if not isinstance(data, dict) or name not in data:
        raise Refused(f"This property cannot be expanded ({dotted}).", "expand")
    if isinstance(data[name], str):
        data[name] = store.get(data[name]) or data[name]
    if rest and data[name] is not None:
        _expand(data[name], rest, dotted)


def stored(kind: str, pk: str) -> Object:
    found = store.get(pk, kind)
    if found is None:
        raise Refused(f"No such {kind}: '{pk}'", "id", "resource_missing", 404)
    return found


def listed(items: list[Object], url: str, limit: int = 10) -> Object:
    page = items[: limit or 10]
    return {"object": "list", "data": page, "has_more": len(items) > len(page), "url": url}


def retrieve(kind: str) -> Callable[..., HttpResponse]:
    def view(raw: Object, pk: str) -> Object:
        if raw:
            name = next(iter(raw))
            raise Refused(f"Received unknown parameter: {name}", name, "parameter_unknown")
        return stored(kind, pk)

    return by_method(GET=view)


def by_method(**views: Callable[..., Object]) -> Callable[..., HttpResponse]:
    wrapped = {method: api(view) for method, view in views.items()}

    def dispatch(request: HttpRequest, **kwargs: str) -> HttpResponse:
        view = wrapped.get(request.method or "")
        if view is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            return error({"type": "invalid_request_error", "message": message}, 404)
        return view(request, **kwargs)

    dispatch.csrf_exempt = True  # type: ignore[attr-defined]
    return dispatch


def create_session(raw: Object) -> Object:
    return checkout.create_session(store, parse(SessionCreateParams, raw), BASE_URL)


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
        stripe.Product, id=pk, name=params["name"], created=now, updated=now, active=True
    )
    return objects.save(store, product)


def create_refund(raw: Object) -> Object:
    return payments.refund(store, parse(RefundCreateParams, raw))


def update_subscription(raw: Object, pk: str) -> Object:
    params = parse(SubscriptionUpdateParams, raw)
    return billing.update_subscription(store, stored("subscription", pk), params)


def cancel_subscription(raw: Object, pk: str) -> Object:
    parse(SubscriptionCancelParams, raw)
    return billing.cancel_subscription(store, stored("subscription", pk))


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
}
ALIKE = ("type", "customer", "charge", "payment_intent")  # filters on a field of that name


def list_of(kind: str) -> Callable[..., Object]:
    """Newest first, in pages ("Pagination"); by time and by whatever else is in ALIKE."""
    place, params_class = LISTS[kind]

    def view(raw: Object) -> Object:
        params = parse(params_class, raw)
        items = store.all(kind, limit=100_000)
        for name in ALIKE:
            if wanted := params.get(name):
                items = [item for item in items if item.get(name) == wanted]
        if kind == "subscription" and params.get("status") != "all":
            items = [item for item in items if item["status"] != "canceled"]
        since = (params.get("created") or {}).get("gte", 0)
        items = [item for item in items if item["created"] >= since]
        if after := params.get("starting_after"):
            ids = [item["id"] for item in items]
            items = items[ids.index(after) + 1 :] if after in ids else []
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refused("Invalid limit: must be 1 to 100", "limit")
        return listed(items, f"/v1/{place}", limit)

    return view


def close_dispute_from_dashboard(request: HttpRequest) -> HttpResponse:
    found = store.get(request.POST.get("dispute", ""), "dispute")
    if request.method == "POST" and found and found["status"] not in ("won", "lost"):
        with store.transaction():
            payments.close_dispute(store, found, won=request.POST.get("outcome") == "won")
    return redirect("/")


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
        return_url=params.get("return_url"),
        url=f"{BASE_URL}/p/session/{pk}",
    )
    return objects.save(store, session)


# --- Hosted pages ---------------------------------------------------------------------------


def checkout_page(request: HttpRequest, pk: str) -> HttpResponse:
    """Stripe's hosted Checkout: card, name, address; and the bank's own page for some cards."""
    session = store.get(pk, "checkout.session")
    if session is None:
        raise Http404
    context: dict[str, Any] = {"session": session, "cards": CARDS, **_shown(session)}
    if session["status"] != "open":
        return render(request, "over.html", context)
    if request.method != "POST":
        return render(request, "checkout.html", context)
    email, name = request.POST.get("email", ""), request.POST.get("name", "")
    number = request.POST.get("card", "").replace(" ", "")
    context["typed"] = {"email": email, "name": name, "card": number}
    if "@" not in email or number not in {card[0] for card in CARDS}:
        context["error"] = "Please fill in an e-mail address and one of the test cards."
        return render(request, "checkout.html", context)
    step = request.POST.get("bank")
    if step == "fail":
        context["error"] = "We are unable to authenticate your payment method."
        return render(request, "checkout.html", context)
    with store.transaction():
        answer = checkout.pay(store, session, email, name, number, confirmed=step == "approve")
    if answer == "paid":
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", pk))
    if answer == "authenticate":
        return render(request, "bank.html", context)
    context["error"] = answer
    return render(request, "checkout.html", context)


CARDS = [
    (Card.VISA, "succeeds"),
    (Card.DECLINED, "is declined"),
    (Card.AUTHENTICATE, "asks the bank"),
    (Card.FAILS_LATER, "succeeds once, renewals fail"),
    (Card.DISPUTED, "succeeds, and is disputed"),
    (Card.FRAUD_WARNING, "succeeds, with an early fraud warning"),
    (Card.REFUND_FAILS, "succeeds; a refund of it fails"),
]


def _shown(session: Object) -> dict[str, Any]:
    zero = session["currency"] in ("jpy", "krw", "clp", "vnd")
    amount = session["amount_total"] / (1 if zero else 100)
    return {"amount": f"{amount:,.{0 if zero else 2}f} {session['currency'].upper()}"}


def portal_page(request: HttpRequest, pk: str) -> HttpResponse:
    """Stripe's customer portal: see and cancel what one gives."""
    session = store.get(pk, "billing_portal.session")
    if session is None:
        raise Http404
    own = [s for s in store.all("subscription") if s["customer"] == session["customer"]]
    if request.method == "POST":
        chosen = next((s for s in own if s["id"] == request.POST.get("subscription")), None)
        if chosen:
            stops = request.POST.get("do") == "cancel"
            with store.transaction():
                billing.update_subscription(store, chosen, {"cancel_at_period_end": stops})
        return redirect(request.path)
    return render(request, "portal.html", {"session": session, "subscriptions": own})


def dashboard(request: HttpRequest) -> HttpResponse:
    """What the account has seen: payments, subscriptions, events; and the clock."""
    events = store.all("event", limit=60)
    deliveries = [(event, store.delivery_of(event["id"])) for event in events]
    context = {
        "now": time.strftime("%Y-%m-%d %H:%M", time.gmtime(store.now())),
        "payments": store.all("payment_intent", limit=50),
        "subscriptions": store.all("subscription", limit=50),
        "disputes": store.all("dispute", limit=20),
        "deliveries": deliveries,
        "webhook_url": WEBHOOK_URL,
    }
    return render(request, "dashboard.html", context)


def object_page(request: HttpRequest, pk: str) -> HttpResponse:
    """One object as JSON, where the dashboard's links lead."""
    found = store.get(pk)
    if found is None:
        raise Http404
    context = {"object": found, "json": json.dumps(found, indent=2, ensure_ascii=False)}
    return render(request, "object.html", context)


@require_POST
def advance(request: HttpRequest) -> HttpResponse:
    """Set the clock forward by ``days``, renewing on the way as each day comes."""
    days = min(max(int(request.POST.get("days") or 0), 0), 4000)
    for _ in range(days):
        with store.transaction():
            store.advance(24 * 3600)
            billing.run_clock(store)
    return redirect("/")


@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    store.reset()
    return redirect("/")


@require_POST
def refund_from_dashboard(request: HttpRequest) -> HttpResponse:
    try:
        with store.transaction():
            payments.refund(store, {"payment_intent": request.POST.get("payment_intent", "")})
    except Refused as refused:
        return HttpResponse(str(refused), status=400, content_type="text/plain")
    return redirect("/")


@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    if event := store.get(request.POST.get("event", ""), "event"):
        store.deliver(event["id"])
    return redirect("/")


# --- Webhooks -------------------------------------------------------------------------------


def deliver_for_ever() -> None:
    """Send each event until it is taken: at least once, in no promised order."""
    session = requests.Session()
    while True:
        try:
            due = store.due_deliveries()
            for event_id, tries in due:
                deliver(session, event_id, tries)
        except Exception:
            log.exception("Delivery failed")
        if not due:
            time.sleep(0.1)


def deliver(session: requests.Session, event_id: str, tries: int) -> None:
    payload = json.dumps(store.get(event_id), indent=2)
    signature = stripe.WebhookSignature.generate_signature_header(payload, WEBHOOK_SECRET)
    try:
        answer = session.post(
            WEBHOOK_URL,
            data=payload.encode(),
            headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
            timeout=10,
        )
        said, taken = str(answer.status_code), answer.ok
    except requests.RequestException as failure:
        said, taken = type(failure).__name__, False
    retry = None
    if not taken and tries < len(DELIVERY_RETRIES):
        retry = time.time() + DELIVERY_RETRIES[tries]
    store.delivered(event_id, said, retry)


if WEBHOOK_URL:
    threading.Thread(target=deliver_for_ever, daemon=True).start()


urlpatterns = [
    path("v1/checkout/sessions", by_method(POST=create_session)),
    path("v1/checkout/sessions/<str:pk>", retrieve("checkout.session")),
    path("v1/checkout/sessions/<str:pk>/expire", by_method(POST=expire_session)),
    path("v1/products", by_method(POST=create_product)),
    path("v1/products/<str:pk>", retrieve("product")),
    path("v1/customers/<str:pk>", retrieve("customer")),
    path("v1/payment_intents/<str:pk>", retrieve("payment_intent")),
    path("v1/charges/<str:pk>", retrieve("charge")),
    path("v1/invoices/<str:pk>", retrieve("invoice")),
    path("v1/invoice_payments", by_method(GET=list_invoice_payments)),
    path("v1/balance_transactions/<str:pk>", retrieve("balance_transaction")),
    path(
        "v1/subscriptions/<str:pk>",
        by_method(
            GET=lambda raw, pk: stored("subscription", pk),
            POST=update_subscription,
            DELETE=cancel_subscription,
        ),
    ),
    path("v1/refunds", by_method(GET=list_of("refund"), POST=create_refund)),
    path("v1/refunds/<str:pk>", retrieve("refund")),
    path("v1/disputes", by_method(GET=list_of("dispute"))),
    path("v1/disputes/<str:pk>", retrieve("dispute")),
    path("v1/radar/early_fraud_warnings/<str:pk>", retrieve("radar.early_fraud_warning")),
    path("v1/payment_intents", by_method(GET=list_of("payment_intent"))),
    path("v1/subscriptions", by_method(GET=list_of("subscription"))),
    path("v1/events", by_method(GET=list_of("event"))),
    path("v1/events/<str:pk>", retrieve("event")),
    path("v1/billing_portal/sessions", by_method(POST=create_portal_session)),
    re_path("^v1/", by_method()),
    path("c/pay/<str:pk>", checkout_page),
    path("p/session/<str:pk>", portal_page),
    path("", dashboard),
    path("advance", advance),
    path("refund", refund_from_dashboard),
    path("send-again", send_again),
    path("start-over", start_over),
    path("close-dispute", close_dispute_from_dashboard),
    path("payments/<str:pk>", object_page),
    path("subscriptions/<str:pk>", object_page),
    path("customers/<str:pk>", object_page),
    path("invoices/<str:pk>", object_page),
    path("events/<str:pk>", object_page),
]

django.setup()
application = get_wsgi_application()

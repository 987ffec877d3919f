"""What people see: Checkout, the bank, invoices, the portal; and the account's dashboard."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from . import balance, checkout, disputes, faults, payments
from .billing import renewals, subscriptions
from .contract import Refused
from .objects import Card, Iban, Object
from .store import WEBHOOK_URL, store


def checkout_page(request: HttpRequest, pk: str) -> HttpResponse:
    """Stripe's hosted Checkout: card, name, address; and the bank's own page for some cards."""
    session = store.get(pk, "checkout.session")
    if session is None:
        raise Http404
    numbers = CARDS + (ACCOUNTS if "sepa_debit" in session["payment_method_types"] else [])
    context: dict[str, Any] = {"session": session, "numbers": numbers, **_shown(session)}
    if session["status"] != "open":
        return render(request, "over.html", context)
    if request.method != "POST":
        return render(request, "checkout.html", context)
    email, name = request.POST.get("email", ""), request.POST.get("name", "")
    number = request.POST.get("card", "").replace(" ", "")
    context["typed"] = {"email": email, "name": name, "card": number}
    if "leave" in request.POST:
        checkout.leave(store, session, email)
        return redirect(session["cancel_url"] or "/")
    if "@" not in email or number not in {found for found, _ in numbers}:
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
    (Card.INQUIRY, "succeeds, and the bank asks what it was"),
    (Card.FRAUD_WARNING, "succeeds, with an early fraud warning"),
    (Card.REFUND_FAILS, "succeeds; a refund of it fails"),
    (Card.ALWAYS_AUTHENTICATE, "asks the bank, at renewals too"),
]
ACCOUNTS = [
    (Iban.PAYS, "pays after three days"),
    (Iban.FAILS, "fails after three days"),
    (Iban.DISPUTED, "pays, and is returned"),
    (Iban.CLOSED_LATER, "pays once, then the account is closed"),
]


def _shown(session: Object) -> dict[str, Any]:
    decimals = balance.DECIMALS.get(session["currency"], 2)
    amount = session["amount_total"] / 10**decimals
    return {"amount": f"{amount:,.{decimals}f} {session['currency'].upper()}"}


def portal_page(request: HttpRequest, pk: str) -> HttpResponse:
    """Stripe's customer portal: another card, and the subscriptions."""
    session = store.get(pk, "billing_portal.session")
    if session is None:
        raise Http404
    own = [s for s in store.all("subscription") if s["customer"] == session["customer"]]
    if request.method == "POST":
        customer = store.get(session["customer"])
        chosen = next((s for s in own if s["id"] == request.POST.get("subscription")), None)
        if "@" in (email := request.POST.get("email", "")) and customer:
            with store.transaction():
                subscriptions.update_customer(store, customer, {"email": email})
        elif request.POST.get("card") in dict(CARDS) and customer:
            with store.transaction():
                subscriptions.change_method(store, customer, request.POST["card"])
        elif chosen:
            stops = request.POST.get("do") == "cancel"
            with store.transaction():
                subscriptions.update_subscription(store, chosen, {"cancel_at_period_end": stops})
        return redirect(request.path)
    context = {"session": session, "subscriptions": own, "numbers": CARDS}
    return render(request, "portal.html", context)


def invoice_page(request: HttpRequest, pk: str) -> HttpResponse:
    """The hosted invoice page: pay what is open, or let the bank ask."""
    invoice = store.get(pk, "invoice")
    if invoice is None:
        raise Http404
    context: dict[str, Any] = {
        "invoice": invoice,
        "numbers": CARDS,
        **_shown(invoice | {"amount_total": invoice["total"]}),
    }
    if request.method == "POST" and invoice["status"] == "open":
        number = request.POST.get("card", "")
        if number not in dict(CARDS):
            context["error"] = "Please choose one of the test cards."
        else:
            with store.transaction():
                renewals.pay_invoice(store, invoice, number)
            return redirect(request.path)
    return render(request, "invoice.html", context)


def recover(request: HttpRequest, pk: str) -> HttpResponse:
    """Where a recovery mail leads: a new session with all the old one asked for."""
    session = store.get(pk, "checkout.session")
    if session is None or session["status"] != "expired":
        raise Http404
    with store.transaction():
        return redirect(checkout.recover(store, session)["url"])


def dashboard(request: HttpRequest) -> HttpResponse:
    """What the account has seen: payments, subscriptions, events; and the clock."""
    events = store.all("event", limit=60)
    deliveries = [(event, store.delivery_of(event["id"])) for event in events]
    context = {
        "now": time.strftime("%Y-%m-%d %H:%M", time.gmtime(store.now())),
        "payments": store.all("payment_intent", limit=50),
        "subscriptions": store.all("subscription", limit=50),
        "disputes": store.all("dispute", limit=20),
        "payouts": store.all("payout", limit=20),
        "deliveries": deliveries,
        "webhook_url": WEBHOOK_URL,
    }
    return render(request, "dashboard.html", context)


def object_page(request: HttpRequest, pk: str) -> HttpResponse:
    """One object as JSON, where the dashboard's links lead."""
    found = store.get(pk)
    if found is None:
        raise Http404
    return _as_json(request, found)


def balance_page(request: HttpRequest) -> HttpResponse:
    return _as_json(request, balance.balance(store))


def _as_json(request: HttpRequest, found: Object) -> HttpResponse:
    context = {"object": found, "json": json.dumps(found, indent=2, ensure_ascii=False)}
    return render(request, "object.html", context)


@require_POST
def advance(request: HttpRequest) -> HttpResponse:
    """Set the clock forward by ``days``, renewing on the way as each day comes."""
    days = min(max(int(request.POST.get("days") or 0), 0), 4000)
    for _ in range(days):
        with store.transaction():
            store.advance(24 * 3600)
            payments.fail_refunds(store)
            for intent, fails in payments.answers_of_banks(store):
                checkout.bank_has_answered(store, intent, fails)
            renewals.run_clock(store)
            checkout.expire_old(store)
            balance.pay_out(store)
    return redirect("/")


@require_POST
def inject_fault(request: HttpRequest) -> HttpResponse:
    mode = request.POST.get("mode", "")
    if mode not in faults.MODES:
        words = f"Choose a mode: {', '.join(faults.MODES)}."
        return HttpResponse(words, status=400, content_type="text/plain")
    numbers = {name: int(request.POST.get(name) or default)
               for name, default in (("times", 1), ("days", 0))}  # fmt: skip
    with store.transaction():
        faults.inject(store, mode, path=request.POST.get("path", ""), **numbers)
    return redirect("/")


@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """``new``: as an account that has no products either."""
    store.reset(keep="" if request.POST.get("new") else "product")
    return redirect("/")


@require_POST
def refund_from_dashboard(request: HttpRequest) -> HttpResponse:
    wanted: Object = {"payment_intent": request.POST.get("payment_intent", "")}
    if amount := request.POST.get("amount"):
        wanted["amount"] = int(amount)
    return _done(lambda: payments.refund(store, wanted))


@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    if event := store.get(request.POST.get("event", ""), "event"):
        store.deliver(event["id"])
    return redirect("/")


@require_POST
def open_dispute(request: HttpRequest) -> HttpResponse:
    """The donor's bank disputes a payment, all or an ``amount`` of it."""
    intent = store.get(request.POST.get("payment_intent", ""), "payment_intent")
    made = store.get((intent or {}).get("latest_charge") or "")
    if made and made["status"] == "succeeded":
        with store.transaction():
            disputes.dispute(
                store,
                made,
                status=request.POST.get("status", "needs_response"),
                amount=int(request.POST.get("amount") or 0),
            )
    return redirect("/")


@require_POST
def go_on_with_dispute(request: HttpRequest) -> HttpResponse:
    """What comes next (``outcome``): won, lost, closed; or of an inquiry that it becomes a dispute;
    or that it is answered, or its deadline moves by ``days``; or, of a lost one, that we appeal."""
    found = store.get(request.POST.get("dispute", ""), "dispute")
    outcome = request.POST.get("outcome")
    over = ("won", "warning_closed") if outcome == "appealed" else ("won", "lost", "warning_closed")
    if found is None or found["status"] in over:
        return redirect("/")
    with store.transaction():
        if outcome == "appealed":
            disputes.appeal(store, found)
        elif outcome == "disputed":
            disputes.take_disputed(store, found)
        elif outcome in ("answered", "later"):
            days = int(request.POST.get("days") or 1) if outcome == "later" else 0
            disputes.answer_dispute(store, found, later=days)
        else:
            disputes.close_dispute(store, found, won=outcome == "won")
    return redirect("/")


@require_POST
def undo_payout(request: HttpRequest) -> HttpResponse:
    """The bank sends a payout back (``failed``), or it is called off (``canceled``)."""
    payout = store.get(request.POST.get("payout", ""), "payout")
    status = request.POST.get("status", "failed")
    if payout is None or status not in ("failed", "canceled"):
        raise Http404
    return _done(lambda: balance.undo_payout(store, payout, status))


@require_POST
def pay_out(request: HttpRequest) -> HttpResponse:
    """By hand."""
    amount, currency = int(request.POST["amount"]), request.POST.get("currency", "usd")
    return _done(lambda: balance.pay_out_by_hand(store, amount, currency))


@require_POST
def bill_fee(request: HttpRequest) -> HttpResponse:
    form = request.POST
    amount, currency = int(form["amount"]), form.get("currency", "usd")
    kind, words = form.get("kind", "stripe_fee"), form.get("description", "Billing")
    return _done(lambda: balance.book_fee(store, kind, amount, currency, words))


@require_POST
def set_rate(request: HttpRequest) -> HttpResponse:
    """What a unit of a currency is worth in dollars, from now on."""
    rate = str(Decimal(request.POST["rate"]))
    return _done(lambda: balance.set_rate(store, request.POST["currency"], rate))


@require_POST
def settle_in(request: HttpRequest) -> HttpResponse:
    """The account gets a balance, and a bank account, in one more currency."""
    return _done(lambda: balance.settle_in(store, request.POST["currency"]))


def _done(do: Callable[[], object]) -> HttpResponse:
    try:
        with store.transaction():
            do()
    except Refused as refused:
        return HttpResponse(str(refused), status=400, content_type="text/plain")
    return redirect("/")

"""The giving page and all that a donor meets, Stripe's own pages apart."""

import logging
from typing import Any
from urllib.parse import urlsplit

import stripe
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from donations import ask, emails, gateway, money, promises, reminders, sync
from donations.checkout import GiveForm, start
from donations.models import (
    Appeal,
    Contribution,
    Deferral,
    Donor,
    Frequency,
    RecurringContribution,
)
from donations.promises import PromiseForm
from newsroom import tokens
from newsroom.privacy import email_index
from newsroom.public_forms import own_forms_only, refusal
from subscriptions import outbox
from subscriptions.signup import AddressField
from subscriptions.views import INCOMPLETE, dead_link

log = logging.getLogger(__name__)

CHECKOUTS = {"most": 60, "seconds": 600}  # from one network
LINKS = {"most": 20, "seconds": 600}
EXPIRED = "This link has expired. Ask for a new one at /support/manage/."
MANAGE_SECONDS = 24 * 3600
BUSY = "Our payment provider does not answer just now. Nothing was charged. Please try again."


def giving(typed: Any, form: GiveForm | None = None) -> dict[str, Any]:
    """What the giving form shows: amounts of the running appeal, and what was chosen before.

    ``typed`` is the query of a link or the fields of a form sent back.
    """
    appeal = Appeal.objects.current()
    currencies = appeal.currencies() if appeal else []
    currency = typed.get("currency", "").lower()
    if currency not in currencies:
        currency = currencies[0] if currencies else "usd"
    frequency = typed.get("frequency", "")
    if frequency not in Frequency.values:
        frequency = Frequency.MONTHLY
    suggestions = appeal.suggestions(currency) if appeal else {}
    suggested = typed.get(f"amount_{frequency}") or typed.get("amount")
    asked = typed.get("own_amount") or suggested or ""
    return {
        "appeal": appeal,
        "currency": money.CURRENCIES[currency],
        "currencies": currencies,
        "frequency": frequency,
        "options": [option(value, suggestions, frequency, asked) for value in Frequency.values],
        "own_amount": own_amount(suggestions.get(frequency), asked),
        "reminder": typed.get("reminder", ""),
        # Pages come from a cache: the id of one press is made in the browser (site.js).
        "checkout_id": typed.get("checkout", ""),
        "later": ask.LATER,
        "form": form,
    }


def option(value: str, suggestions: dict[str, Any], chosen: str, asked: str) -> dict[str, Any]:
    """One frequency with its amounts, the asked-for one marked."""
    row = suggestions.get(value)
    choices = row.choices() if row else []
    if value == chosen and any(choice["value"] == asked for choice in choices):
        choices = [choice | {"chosen": choice["value"] == asked} for choice in choices]
    return {
        "value": value,
        "label": Frequency(value).label,
        "chosen": value == chosen,
        "choices": choices,
    }


def own_amount(row: Any, asked: str) -> str:
    """An amount from a link that is none of those suggested goes into the free field."""
    known = {choice["value"] for choice in row.choices()} if row else set()
    return "" if asked in known else asked[:40]


@require_safe
def support(request: HttpRequest) -> HttpResponse:
    return render(request, "donations/support.html", giving(request.GET))


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """POST -> 303 to Stripe, or the same page again with what to correct."""
    if request.method != "POST":
        return redirect("support")
    form = GiveForm(request.POST)
    refused = refusal(request, form, "checkout", **CHECKOUTS)
    if not refused:
        try:
            return see_other(start(form))
        except (gateway.Unavailable, stripe.StripeError) as error:
            log.warning("No Checkout Session: %s", type(error).__name__)
            refused = BUSY, 503
    context = giving(request.POST, form) | {"problem": refused[0]}
    return render(request, "donations/support.html", context, status=refused[1])


def see_other(url: str) -> HttpResponse:
    """303: a browser goes on with a GET (RFC 9110, 15.4.4); Django's redirect says 302."""
    response = HttpResponse(status=303)
    response["Location"] = url
    return response


@never_cache
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """After Stripe: the newest state, retrieved now, so that a late webhook does not matter."""
    contribution = _given(request.GET.get("session", ""))
    response = render(request, "donations/thanks.html", {"contribution": contribution})
    if contribution and contribution.status != Contribution.Status.FAILED:
        until = timezone.now() + ask.AFTER_GIFT[contribution.frequency]
        ask.hide(response, until, "gave")
    return response


def _given(session_id: str) -> Contribution | None:
    if not session_id.startswith("cs_") or len(session_id) > 255:
        return None
    try:
        return sync.pull_session(session_id)
    except stripe.StripeError as error:
        log.warning("No session to thank for: %s", type(error).__name__)
        return None


# --- Remind me later ------------------------------------------------------------------------


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def remind_me(request: HttpRequest) -> HttpResponse:
    """POST when=… [email=…] -> back to the page, the box gone."""
    if request.method != "POST":
        return redirect("support")
    form = reminders.LaterForm(request.POST)
    back = _back(request)
    if refused := refusal(request, form, "later", **LINKS):
        context = {"later_form": form, "problem": refused[0], "later": ask.LATER, "back": back}
        return render(request, "donations/remind_me.html", context, status=refused[1])
    response = see_other(back)
    ask.hide(response, reminders.defer(form, timezone.now()), "later")
    return response


def _back(request: HttpRequest) -> str:
    """The page the reader came from, if it is one of ours."""
    back = request.POST.get("back", "")
    if not back:
        came_from = urlsplit(request.headers.get("Referer", ""))
        back = came_from.path if came_from.netloc == request.get_host() else ""
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    return back if safe else "/"


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_reminder(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, POST cancels: the reminder, and with it what the cookie remembers."""
    try:
        deferral = reminders.read_cancel_token(token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    if request.method != "POST":
        return render(request, "donations/cancel_reminder.html", {"deferral": deferral})
    if deferral:
        deferral.end(Deferral.Status.CANCELLED, timezone.now())
    return render(request, "donations/cancelled.html")


# --- The donor's own page -------------------------------------------------------------------


class AddressForm(forms.Form):
    email = AddressField(max_length=254)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def manage_request(request: HttpRequest) -> HttpResponse:
    """Mail a link to the donor's own page. The answer is the same for every address."""
    if request.method != "POST":
        sent = "sent" in request.GET
        return render(request, "donations/manage_request.html", {"sent": sent})
    form = AddressForm(request.POST)
    if refused := refusal(request, form, "link", **LINKS):
        context = {"form": form, "problem": refused[0]}
        return render(request, "donations/manage_request.html", context, status=refused[1])
    index = email_index(form.cleaned_data["email"])
    if donor := Donor.objects.filter(email_index=index).first():
        window = int(timezone.now().timestamp()) // LINKS["seconds"]
        outbox.post("manage_link", donor.pk, key=f"{donor.pk}-{window}")
    return redirect("/support/manage/?sent")


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Gifts so far and recurring ones, which are changed here; only the card is at Stripe."""
    try:
        donor_id = tokens.read_passing("manage", token, seconds=MANAGE_SECONDS)
        donor = Donor.objects.get(pk=donor_id)
    except tokens.StaleToken:
        return dead_link(request, EXPIRED, 403)
    except (tokens.BadToken, Donor.DoesNotExist):
        return dead_link(request, INCOMPLETE, 404)
    said: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        asked = request.POST.get("recurring", "")
        chosen = donor.recurring.filter(pk=asked).first() if asked.isdecimal() else None
        if chosen is None:
            return redirect("manage", token)
        if "card" in request.POST:
            return to_portal(request, chosen)
        said, status = change(PromiseForm(request.POST, chosen))
    shown: dict[str, Any] = {
        "contributions": donor.contributions.filter(status__in=Contribution.ARRIVED)[:200],
        "recurring": [
            {"promise": promise, "lower": promises.lower(promise), "other": other(promise)}
            for promise in donor.recurring.order_by("-started_at")
        ],
        "reasons": promises.REASONS,
        "months": promises.MONTHS,
    }
    return render(request, "donations/manage.html", shown | said, status=status)


def change(form: PromiseForm) -> tuple[dict[str, Any], int]:
    """What to tell the donor about the change she asked for, and the status."""
    if not form.is_valid():
        problem = next(iter(form.errors.values()))[0]
        return {"problem": problem}, 400
    try:
        return {"done": promises.apply(form, timezone.now())}, 200
    except (gateway.Unavailable, stripe.StripeError) as error:
        log.warning("No change of a promise: %s", type(error).__name__)
        return {"problem": "Our payment provider did not take the change. Please try again."}, 503


def other(promise: RecurringContribution) -> dict[str, Any]:
    """The other rhythm, with an amount that comes to the same in a year."""
    monthly = promise.frequency == Frequency.MONTHLY
    amount = promise.amount * 12 if monthly else promise.amount // 12
    currency = money.CURRENCIES[promise.currency]
    amount = min(max(amount, currency.minimum), currency.maximum)
    found = Frequency.ANNUAL if monthly else Frequency.MONTHLY
    return {"value": found.value, "amount": money.plain(amount, currency.code)}


def to_portal(request: HttpRequest, promise: RecurringContribution) -> HttpResponse:
    """Stripe's own page, where the card is changed."""
    try:
        here = request.build_absolute_uri()
        return see_other(gateway.portal_url(promise.stripe_customer, here))
    except stripe.StripeError:
        return render(request, "503.html", {"message": BUSY}, status=503)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def mend(request: HttpRequest, token: str) -> HttpResponse:
    """From the mail about a failed payment: to the card and to nothing else, for three weeks."""
    try:
        pk = tokens.read_passing("mend", token, seconds=emails.MEND_SECONDS)
        promise = RecurringContribution.objects.get(pk=pk)
    except tokens.StaleToken:
        return dead_link(request, EXPIRED, 403)
    except (tokens.BadToken, RecurringContribution.DoesNotExist):
        return dead_link(request, INCOMPLETE, 404)
    if request.method == "POST":
        return to_portal(request, promise)
    return render(request, "donations/mend.html", {"promise": promise})

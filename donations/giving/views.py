"""The giving page, and thanks. portal.py has what comes after."""

import logging
import re
from typing import Any
from uuid import uuid4

import stripe
from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from donations import money
from donations.asking import ask_cookie
from donations.asking.words import words_of
from donations.currencies import OFFERED, currency_of
from donations.giving import card_testing, methods
from donations.giving.checkout import GiveForm, choices_of, start
from donations.models import Appeal, Checkout, Contribution, Country, Frequency
from donations.payments import gateway, sync
from newsroom.core import tokens
from newsroom.core.languages import spoken
from newsroom.web import proof_of_work
from newsroom.web.http import INCOMPLETE, dead_link, see_other
from newsroom.web.public_forms import Refused, own_forms_only, refusal, too_often

log = logging.getLogger(__name__)

CHECKOUTS = {"most": 60, "seconds": 600}  # from one network
LINKS = {"most": 20, "seconds": 600}
# Pages of thanks that ask Stripe; of sessions that we did not open (Stripe's own, from a recovery
# mail, or invented ones) fewer.
THANKS, OTHERS_THANKS = {"most": 30, "seconds": 600}, {"most": 5, "seconds": 600}
SESSION = re.compile(r"cs_[a-zA-Z0-9_]{1,250}")
BUSY = _("Our payment provider does not answer just now. Nothing was charged. Please try again.")


def giving(
    typed: Any, languages: str, form: GiveForm | None = None, *, sent: bool = False
) -> dict[str, Any]:
    """What the giving form shows: amounts of the running appeal, and what was chosen before.

    ``typed`` is the query of a link or the fields of a form that was ``sent``, ``languages`` what
    the browser accepts: it chooses the currency until the reader does.
    """
    appeal = Appeal.objects.current()
    currencies = appeal.currencies() if appeal else []
    wanted = currency = typed.get("currency", "").lower()
    # An amount that was typed keeps its currency, though the appeal be over that offered it.
    if currency not in (OFFERED if sent else currencies):
        currency = currency_of(languages, currencies) or next(iter(currencies), "usd")
    frequency = typed.get("frequency", "")
    if frequency not in Frequency.values:
        frequency = Frequency.MONTHLY
    suggestions = appeal.suggestions(currency) if appeal else {}
    asked = {value: typed.get(f"amount_{value}", "") for value in Frequency.values}
    amount = typed.get("own_amount") or asked[frequency] or typed.get("amount") or ""
    if not sent and wanted not in ("", currency):
        amount = ""  # from a link: a hundred kronor are no hundred dollars
    asked[frequency] = amount
    own = own_amount(suggestions.get(frequency), amount)
    country = Country.objects.named(typed.get("country", ""))
    ticked = typed if sent else {}  # a link, which anybody can make, ticks nothing
    return {
        "appeal": appeal,
        "words": words_of(appeal, currency) if appeal else None,
        "currency": OFFERED[currency],
        "habit": money.habit(spoken()),
        "fee_percent": f"{money.FEE_SHARE * 100:f}",
        "currencies": currencies,
        "frequency": frequency,
        "options": [
            option(value, suggestions.get(value), value == frequency, asked[value], own)
            for value in Frequency.values
        ],
        "own_amount": own,
        "chosen": ticked,
        "country": country,
        "closed": bool(appeal and appeal.closed_for(country)),
        "methods": methods.shown(),
        "reminder": typed.get("reminder", ""),
        # Pages come from a cache: the id of one press is made in the browser (give.js).
        "checkout_id": ticked.get("checkout", ""),
        "later": ask_cookie.LATER,
        "form": form,
    }


def option(value: str, row: Any, chosen: bool, asked: str, own: str) -> dict[str, Any]:
    """One frequency with its suggested amounts: marked is the asked-for one, else the suggested
    one, or none beside an amount of the reader's own."""
    choices = row.choices() if row else []
    known = [choice["value"] for choice in choices]
    suggested = next((choice["value"] for choice in choices if choice["suggested"]), "")
    marked = "" if own else asked if asked in known else suggested
    return {
        "value": value,
        "label": Frequency(value).label,
        "chosen": chosen,
        "choices": [choice | {"chosen": choice["value"] == marked} for choice in choices],
        "marked": marked,
    }


def own_amount(row: Any, asked: str) -> str:
    """An amount from a link that is none of those suggested goes into the free field."""
    known = {choice["value"] for choice in row.choices()} if row else set()
    return "" if asked in known else asked[:40]


@require_safe
def support(request: HttpRequest) -> HttpResponse:
    return giving_page(request, giving(request.GET, languages(request)))


@never_cache
@require_safe
def back(request: HttpRequest, token: str) -> HttpResponse:
    """Stripe's “back”: the form as it was sent. The token names a row and says nothing itself: what
    somebody chose must not stand in a browser's history, nor at Stripe."""
    chosen = choices_of(token)
    if chosen is None:
        return redirect("support")
    return giving_page(request, giving(chosen, languages(request), sent=True))


def giving_page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    context["countries"] = Country.objects.all()
    return render(request, "donations/giving/support.html", context, status=status)


def languages(request: HttpRequest) -> str:
    return request.headers.get("Accept-Language", "")


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """POST -> 303 to Stripe, or the same page again with what to correct. A script that asks for
    JSON gets the address instead: it may not read where a redirect leads."""
    if request.method != "POST":
        return redirect("support")
    form = GiveForm(request.POST)
    refused = refusal(request, form, "checkout", **CHECKOUTS) or proof_of_work.first(
        card_testing.needs_work(request)
    )
    if not refused:
        try:
            url = start(form, spoken())
            json = request.headers.get("Accept") == "application/json"
            return JsonResponse({"url": url}) if json else see_other(url)
        except (gateway.Unavailable, stripe.StripeError) as error:
            log.warning("No Checkout Session: %s", type(error).__name__)
            refused = Refused(BUSY, 503)
    context = giving(request.POST, languages(request), form, sent=True)
    context["checkout_id"] = context["checkout_id"] or uuid4()  # this page comes from no cache
    return giving_page(request, context | refused._asdict(), refused.status)


@never_cache
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """After Stripe: the newest state, retrieved now, so that a late webhook does not matter.

    Nothing on it names a person: a session's address may be seen by somebody else.
    """
    contribution = _given(request, request.GET.get("session", ""))
    context: dict[str, Any] = {"contribution": contribution}
    if contribution and not contribution.message:
        context["message_token"] = tokens.expiring("message", contribution.pk)
    response = render(request, "donations/giving/thanks.html", context)
    if contribution and contribution.status != Contribution.Status.FAILED:
        lasts = ask_cookie.AFTER_CONTRIBUTION
        until = timezone.now() + lasts.get(contribution.frequency, lasts["monthly"])
        ask_cookie.hide(response, until)
    return response


class MessageForm(forms.Form):
    message = forms.CharField(
        max_length=2000,
        error_messages={
            "required": _("Please write a few words, or just leave."),
            "max_length": _("Please write at most 2,000 characters."),
        },
    )


MESSAGE_SECONDS = 3600  # from the thanks page on


@never_cache
@own_forms_only
@require_POST
def message(request: HttpRequest, token: str) -> HttpResponse:
    """A word to the newsroom after giving, kept sealed beside it. The first one stays."""
    try:
        pk = tokens.read_expiring("message", token, seconds=MESSAGE_SECONDS)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    form = MessageForm(request.POST)
    if refused := refusal(request, form, "message", **LINKS):
        context = {"message_form": form, "message_token": token} | refused._asdict()
        return render(request, "donations/giving/thanks.html", context, status=refused.status)
    contribution = Contribution.objects.filter(pk=pk).first()
    if contribution and not contribution.message:
        contribution.message = form.cleaned_data["message"]
        contribution.save(update_fields=["message"])
    return render(request, "donations/giving/thanks.html", {"sent": True})


def _given(request: HttpRequest, session_id: str) -> Contribution | None:
    """What was given in that session. None, and Stripe is not asked, once a network asks too much:
    the page thanks all the same, and what was given arrives by the webhook."""
    if not SESSION.fullmatch(session_id):
        return None
    ours = Checkout.objects.filter(session_id=session_id).exists()
    what, limit = ("thanks", THANKS) if ours else ("others' thanks", OTHERS_THANKS)
    if too_often(request, what, **limit):
        return None
    try:
        return sync.pull_session(session_id)
    except (gateway.Unavailable, stripe.StripeError) as error:
        log.warning("No session to thank for: %s", type(error).__name__)
        return None

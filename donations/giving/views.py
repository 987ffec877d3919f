"""The giving page, and thanks. portal.py has what comes after."""

import logging
import re
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from donations.asking import ask_cookie
from donations.giving import card_testing
from donations.giving.checkout import GiveForm, choices_of, start
from donations.giving.giving_form import giving, languages
from donations.giving.links import LINKS
from donations.models import Checkout, Contribution, Country
from donations.payments import gateway, sync
from newsroom.core import tokens
from newsroom.core.languages import spoken
from newsroom.web import proof_of_work
from newsroom.web.http import INCOMPLETE, dead_link, see_other
from newsroom.web.public_forms import Refused, own_forms_only, refusal, too_often

log = logging.getLogger(__name__)

CHECKOUTS = {"most": 60, "seconds": 600}  # from one network
# Pages of thanks that ask Stripe; of sessions that we did not open (Stripe's own, from a recovery
# mail, or invented ones) fewer.
THANKS, OTHERS_THANKS = {"most": 30, "seconds": 600}, {"most": 5, "seconds": 600}
SESSION = re.compile(r"cs_[a-zA-Z0-9_]{1,250}")


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


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """POST -> 303 to Stripe, or the same page again with what to correct. A script that asks for
    JSON gets the address instead: it may not read where a redirect leads."""
    if request.method != "POST":
        return redirect("support")
    form, network = GiveForm(request.POST), card_testing.network(request)
    refused = refusal(request, form, "checkout", **CHECKOUTS) or proof_of_work.first(
        card_testing.needs_work(request, network)
    )
    if not refused:
        try:
            url = start(form, spoken(), network)
            json = request.headers.get("Accept") == "application/json"
            return JsonResponse({"url": url}) if json else see_other(url)
        except gateway.FAILURES as error:
            log.warning("No Checkout Session: %s", type(error).__name__)
            refused = Refused(gateway.BUSY, 503)
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
        ask_cookie.hide(request, response, until)
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
    except gateway.FAILURES as error:
        log.warning("No session to thank for: %s", type(error).__name__)
        return None

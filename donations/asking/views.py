"""“Remind me later”, and its cancellation."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from donations.asking import ask_cookie, reminders
from donations.models import Deferral
from newsroom.core import tokens
from newsroom.mail import asked
from newsroom.mail.addresses import answered, question
from newsroom.web import proof_of_work
from newsroom.web.http import GONE, INCOMPLETE, dead_link, see_other
from newsroom.web.public_forms import is_ours, own_forms_only, refusal

REMINDERS = {"most": 20, "seconds": 600}  # from one network


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def remind_me(request: HttpRequest) -> HttpResponse:
    """POST when=… [email=…] -> until when we wait and where we write, said on the answer itself: an
    address must stand in no URL, and in no cookie."""
    if request.method != "POST":
        return redirect("support")
    form = reminders.LaterForm(answered(request.POST))
    back = _back(request)
    refused = (
        question(form)
        or refusal(request, form, "later", **REMINDERS)
        or proof_of_work.first(asked.needs_work(request, form.cleaned_data["email"]))
    )
    if refused:
        context = {"later_form": form, "later": ask_cookie.LATER, "back": back}
        context |= refused._asdict()
        return render(request, "donations/asking/remind_me.html", context, status=refused.status)
    until = reminders.defer(form, timezone.now())
    context = {"until": until, "email": form.cleaned_data["email"], "back": back}
    response = render(request, "donations/asking/noted.html", context)
    ask_cookie.hide(request, response, until)
    return response


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def not_now(request: HttpRequest) -> HttpResponse:
    """POST [back=…] -> the same page, silent for a while; a longer one each time."""
    response = see_other(_back(request))
    if request.method == "POST":
        memory = ask_cookie.remembered(request).turned_away(ask_cookie.today())
        ask_cookie.remember(response, memory)
    return response


def _back(request: HttpRequest) -> str:
    """The page the reader came from, if it is one of ours."""
    back = request.POST.get("back", "")
    if not back:
        came_from = request.headers.get("Referer", "")
        back = urlsplit(came_from).path if is_ours(request, came_from) else ""
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    return iri_to_uri(back) if safe else "/"


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_reminder(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, or that it was pressed; POST cancels."""
    try:
        deferral = reminders.read_cancel_token(token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    if deferral is None:
        return dead_link(request, GONE, 404)
    if request.method == "POST":
        deferral.end(Deferral.Status.CANCELLED, timezone.now())
    if deferral.status == Deferral.Status.CANCELLED or request.method == "POST":
        return render(request, "donations/asking/cancelled.html")
    return render(request, "donations/asking/cancel_reminder.html", {"deferral": deferral})

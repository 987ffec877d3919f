"""Sign-up, confirmation and unsubscribing, as a reader meets them.

A GET never changes anything: link scanners open every link in a mail.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from newsroom.core import tokens
from newsroom.mail import asked
from newsroom.web import proof_of_work
from newsroom.web.http import GONE, INCOMPLETE, dead_link
from newsroom.web.public_forms import address_decides, own_forms_only, refusal
from subscriptions.models import LeavingReason, Newsletter, Seed, Subscription
from subscriptions.readers import seeds, signup

SIGNUPS = {"most": 60, "seconds": 600}  # from one network
SUPERSEDED = _(
    "Something has changed since this mail: you have left, or mail to you came back. "
    "To subscribe, please sign up again."
)


@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, slug: str) -> HttpResponse:
    newsletter = get_object_or_404(Newsletter.objects.live(), slug=slug)
    if request.method != "POST":
        return render(request, "subscriptions/readers/signup.html", {"newsletter": newsletter})
    if request.POST.get("website"):  # a field that no reader sees: a robot filled it in
        return redirect("check_your_inbox", slug)
    form = signup.SignupForm(request.POST)
    refused = refusal(request, form, "signup", **SIGNUPS) or proof_of_work.first(
        asked.needs_work(request, form.cleaned_data["email"])
    )
    if refused:
        context = {"newsletter": newsletter, "form": form} | refused._asdict()
        return render(request, "subscriptions/readers/signup.html", context, status=refused.status)
    email, source = form.cleaned_data["email"], form.cleaned_data["source"]
    asked.ask("signup", email, newsletter=newsletter.pk, how="form", source=source)
    return redirect("check_your_inbox", slug)


@require_GET
def check_your_inbox(request: HttpRequest, slug: str) -> HttpResponse:
    newsletter = get_object_or_404(Newsletter.objects.live(), slug=slug)
    return render(
        request, "subscriptions/readers/check_your_inbox.html", {"newsletter": newsletter}
    )


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        subscription, done = signup.read_confirm_token(token)
        if request.method == "POST":
            subscription = signup.confirm(token)
    except (tokens.StaleToken, Subscription.DoesNotExist):
        return dead_link(request, _("This link has expired. Please sign up again."), 403)
    except signup.Superseded:
        return dead_link(request, SUPERSEDED, 403)
    except signup.Unwanted:
        return dead_link(request, signup.UNWANTED, 403)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    page = "confirmed" if done or request.method == "POST" else "confirm"
    context = {"newsletter": subscription.newsletter, "again": done}
    return render(request, f"subscriptions/readers/{page}.html", context)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def agree_to_seed(request: HttpRequest, token: str) -> HttpResponse:
    try:
        seed = seeds.agree(token) if request.method == "POST" else seeds.read_token(token)
        agreed = request.method == "POST" or seed.agreed
    except (tokens.StaleToken, signup.Superseded):
        return dead_link(request, _("This link is too old. Ask the editors for another."), 403)
    except signup.Unwanted:
        return dead_link(request, signup.UNWANTED, 403)
    except Seed.DoesNotExist:
        return dead_link(request, GONE, 404)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    context = {"newsletter": seed.newsletter, "agreed": agreed}
    return render(request, "subscriptions/readers/seed.html", context)


@never_cache
@address_decides
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, or that it was pressed; POST, by that button or by a mail program (RFC
    8058), unsubscribes, whatever the body is: only the button's address ends in “?page”.

    An unknown reader gets the same answer as one who has left.
    """
    try:
        pk = tokens.read_permanent("unsubscribe", token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    subscription = Subscription.objects.select_related("newsletter").filter(pk=pk).first()
    gone = subscription is None or subscription.status == Subscription.Status.UNSUBSCRIBED
    context: dict[str, Any] = {"subscription": subscription, "token": token}
    if request.method != "POST" and not gone:
        return render(request, "subscriptions/readers/unsubscribe.html", context)
    if subscription and request.method == "POST":
        by_button = request.META.get("QUERY_STRING") == "page"
        signup.unsubscribe(subscription, how="page" if by_button else "one-click")
    if subscription:
        context["preferences"] = tokens.permanent("preferences", subscription.subscriber_id)
        context["reasons"] = LeavingReason.Reason.choices
    return render(request, "subscriptions/readers/unsubscribed.html", context)

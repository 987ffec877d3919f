"""Sign-up, confirmation and unsubscribing, as a reader meets them.

A GET never changes anything: link scanners open every link in a mail.
"""

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from newsroom.core import languages, tokens
from newsroom.core.for_programs import ANY_SITE
from newsroom.mail import asked
from newsroom.mail.addresses import answered, question
from newsroom.models import readable
from newsroom.web import proof_of_work
from newsroom.web.http import GONE, INCOMPLETE, dead_link
from newsroom.web.public_forms import (
    address_decides,
    comes_from_our_page,
    own_forms_only,
    refusal,
    too_often,
)
from subscriptions.models import LeavingReason, Newsletter, Seed, Subscription
from subscriptions.readers import address_change, seeds, signup, wishes
from subscriptions.readers.signup_form import SignupForm, Source

SIGNUP = "subscriptions/readers/signup.html"
SIGNUPS = {"most": 60, "seconds": 600}  # from one network
SUPERSEDED = _(
    "Something has changed since this mail: you have left, or mail to you came back. "
    "To subscribe, please sign up again."
)


@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, slug: str = "") -> HttpResponse:
    """To one newsletter, or to those that are chosen there: one mail confirms them all."""
    offered = _offered(slug)
    if request.method != "POST":
        return render(request, SIGNUP, {"offered": offered})
    if not signup.is_open():
        return _closed(request, offered)
    if request.POST.get("website"):  # a field that no reader sees: a robot filled it in
        return _check_your_inbox(slug)
    form = SignupForm(answered(request.POST), offered)
    refused = (
        question(form)
        or refusal(request, form, "signup", **SIGNUPS)
        or proof_of_work.first(asked.needs_work(request, form.cleaned_data["email"]))
    )
    if refused:
        context = {"offered": offered, "form": form} | refused._asdict()
        return render(request, SIGNUP, context, status=refused.status)
    email, source = form.cleaned_data["email"], form.cleaned_data["source"]
    detail = {"how": "form", "source": source, "language": languages.chosen()}
    asked.ask("signup", email, newsletters=form.wanted, **detail)
    return _check_your_inbox(slug)


def _offered(slug: str) -> list[Newsletter]:
    if slug:
        return [get_object_or_404(Newsletter.objects.live(), slug=slug)]
    return list(readable(Newsletter.objects).order_by("path"))


def _closed(request: HttpRequest, offered: list[Newsletter]) -> HttpResponse:
    """The form in question was copied, or is older than this."""
    return render(request, SIGNUP, {"offered": offered}, status=503)


def _check_your_inbox(slug: str) -> HttpResponse:
    return redirect("check_your_inbox", slug) if slug else redirect("check_your_inbox_for_all")


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def ask_once_more(request: HttpRequest) -> HttpResponse:
    """Where the short form in the footer leads, and forms on other sites: to ours, filled in as
    far as they were. Nothing happens before it is sent: no other site acts in a reader's name. (An
    address stands in no URL, so it comes by POST.)"""
    if request.method != "POST":
        return redirect("sign_up_for_all")
    all_of_them = _offered("")
    if not signup.is_open():
        return _closed(request, all_of_them)
    wanted = [one for one in all_of_them if one.slug in request.POST.getlist("newsletter")]
    ours = request.POST.get("source") == Source.FOOTER and comes_from_our_page(request)
    offered = wanted if len(wanted) == 1 else all_of_them
    typed = {
        "email": request.POST.get("email", "")[:254],
        "newsletter": [one.slug for one in wanted],
        "source": Source.FOOTER if ours else Source.EMBEDDED,
    }
    form = SignupForm(None, offered, initial=typed)
    return render(request, SIGNUP, {"offered": offered, "form": form, "nearly": True})


@never_cache
@csrf_exempt
def sign_up_by_app(request: HttpRequest) -> HttpResponse:
    """For apps, on whatever site: JSON in, JSON out (docs/sign-up.md), also of what never gets
    here (newsroom/core/for_programs/). It asks for what a form does and tells no more."""
    if request.method != "POST":
        return _tell(405, Allow="POST, OPTIONS")
    if not signup.is_open():
        return _tell(503)
    if request.content_type != "application/json":  # a browser asks first (CORS), and sends no form
        return _tell(415)
    try:
        said = json.loads(request.body)
        form = SignupForm.of_app(said, _offered(""))
    except (ValueError, RecursionError):
        return _tell(400)
    valid, mistyped = form.is_valid(), question(form)
    if mistyped:
        return _tell(422, {"question": mistyped.question._asdict()})
    if not valid:
        return _tell(422, {"errors": form.errors.get_json_data()})
    if too_often(request, "signup", **SIGNUPS):
        return _tell(429)
    email = form.cleaned_data["email"]
    if asked.needs_work(request, email, said):
        sum_ = proof_of_work.challenge()
        return _tell(429, {"challenge": asdict(sum_)})
    language = form.cleaned_data["language"]
    detail = {"how": "app", "source": Source.APP, "language": language}
    asked.ask("signup", email, newsletters=form.wanted, **detail)
    return _tell(202)


def _tell(status: int, said: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
    body = {"status": HTTPStatus(status).phrase} | (said or {})
    return JsonResponse(body, status=status, headers=ANY_SITE | headers)


@require_GET
def check_your_inbox(request: HttpRequest, slug: str = "") -> HttpResponse:
    newsletter = get_object_or_404(Newsletter.objects.live(), slug=slug) if slug else None
    return render(
        request, "subscriptions/readers/check_your_inbox.html", {"newsletter": newsletter}
    )


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    pressed = request.method == "POST"
    try:
        waiting, done = signup.confirm(token) if pressed else signup.read_confirm_token(token)
    except (tokens.StaleToken, Subscription.DoesNotExist):
        return dead_link(request, _("This link has expired. Please sign up again."), 403)
    except signup.Superseded:
        return dead_link(request, SUPERSEDED, 403)
    except signup.Unwanted:
        return dead_link(request, signup.UNWANTED, 403)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    theirs = sorted(waiting + done, key=lambda one: one.pk) if pressed else waiting or done
    page = "confirm" if waiting and not pressed else "confirmed"
    newsletters = [one.newsletter for one in theirs]
    titles = [one.title for one in newsletters]
    context = {"newsletters": newsletters, "titles": titles, "again": not waiting}
    with wishes.their_language(theirs[0].subscriber if theirs else None):
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
    found = Subscription.objects.select_related("newsletter", "subscriber").filter(pk=pk)
    subscription = found.first()
    subscriber = subscription.subscriber if subscription else None
    gone = subscription is None or subscription.status == Subscription.Status.UNSUBSCRIBED
    context: dict[str, Any] = {"subscription": subscription, "token": token}
    if request.method != "POST" and not gone:
        with wishes.their_language(subscriber):
            return render(request, "subscriptions/readers/unsubscribe.html", context)
    if subscription and request.method == "POST":
        by_button = request.META.get("QUERY_STRING") == "page"
        signup.unsubscribe(subscription, how="page" if by_button else "one-click")
    if subscription:
        trusted = tokens.is_of_today("unsubscribe", token)
        if trusted and not address_change.has_moved(subscription):
            context["preferences"] = tokens.permanent("preferences", subscription.subscriber_id)
        context["reasons"] = LeavingReason.Reason.choices
    with wishes.their_language(subscriber):
        return render(request, "subscriptions/readers/unsubscribed.html", context)

"""Sign-up, confirmation, preferences and unsubscribing, as a reader meets them.

A GET never changes anything: link scanners open every link in a mail.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from newsroom.core import tokens
from newsroom.core.http import INCOMPLETE, dead_link
from newsroom.core.public_forms import own_forms_only, refusal
from subscriptions.models import Newsletter, Subscriber, Subscription
from subscriptions.readers import signup

SIGNUPS = {"most": 60, "seconds": 600}  # from one network


@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, slug: str) -> HttpResponse:
    newsletter = get_object_or_404(Newsletter.objects.live(), slug=slug)
    if request.method != "POST":
        return render(request, "subscriptions/readers/signup.html", {"newsletter": newsletter})
    if request.POST.get("website"):  # a field that no reader sees: a robot filled it in
        return redirect("check_your_inbox", slug)
    form = signup.SignupForm(request.POST)
    if refused := refusal(request, form, "signup", **SIGNUPS):
        context = {"newsletter": newsletter, "form": form, "problem": refused[0]}
        return render(request, "subscriptions/readers/signup.html", context, status=refused[1])
    signup.sign_up(newsletter, form.cleaned_data["email"], how="form")
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
        subscription = signup.read_confirm_token(token)
    except tokens.StaleToken:
        return dead_link(request, "This link has expired. Please sign up again.", 403)
    except (tokens.BadToken, Subscription.DoesNotExist):
        return dead_link(request, INCOMPLETE, 404)
    context = {"newsletter": subscription.newsletter, "subscription": subscription}
    if request.method != "POST":
        return render(request, "subscriptions/readers/confirm.html", context)
    signup.confirm(subscription)
    return render(request, "subscriptions/readers/confirmed.html", context)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST, by that button or by a mail program (RFC 8058), unsubscribes.

    The mail program's POST comes from anywhere, so the token alone is the proof. An unknown
    reader gets the same answer as a known one.
    """
    try:
        pk = tokens.read_permanent("unsubscribe", token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    subscription = Subscription.objects.select_related("newsletter").filter(pk=pk).first()
    context = {"subscription": subscription, "token": token}
    if request.method != "POST":
        return render(request, "subscriptions/readers/unsubscribe.html", context)
    if subscription:
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        signup.unsubscribe(subscription, how="one-click" if one_click else "page")
        context["preferences"] = tokens.permanent("preferences", subscription.subscriber_id)
    return render(request, "subscriptions/readers/unsubscribed.html", context)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The reader's own page: each of their newsletters, with one button to leave or come back."""
    try:
        subscriber = Subscriber.objects.get(pk=tokens.read_permanent("preferences", token))
    except (tokens.BadToken, Subscriber.DoesNotExist):
        return dead_link(request, INCOMPLETE, 404)
    own = subscriber.subscriptions.select_related("newsletter")
    if request.method == "POST":
        subscription = get_object_or_404(own, newsletter__slug=request.POST.get("newsletter", ""))
        if "leave" in request.POST:
            signup.unsubscribe(subscription, how="own page")
        elif "return" in request.POST:
            signup.resubscribe(subscription)
        return redirect("preferences", token)
    subscriptions = own.exclude(status=Subscription.Status.PENDING)
    context = {"subscriber": subscriber, "subscriptions": subscriptions}
    return render(request, "subscriptions/readers/preferences.html", context)

"""“Sign-in and sessions”: everybody's page about how they get in, and where they are in."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from newsroom.accounts import sessions
from newsroom.accounts.models import SecondFactor
from newsroom.core.paths import number_of
from newsroom.staff import passkeys, second_factor
from newsroom.staff.gate import FACTOR, needs_fresh_proof

APP_KEY = "key of a new app"  # in the session, until its first code
WRONG_APP_CODE = "The app shows another code. Is your phone’s clock right? Type the newest code."


def security(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        do = ACTIONS.get(request.POST.get("do", ""))
        return do(request) if do else page(request, status=400)
    return page(request)


def page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    user: Any = request.user
    factors = list(user.second_factors.exclude(kind=SecondFactor.Kind.CODES))
    here = sessions.hashed(request.session.session_key or "")
    context = {
        "factors": factors,
        "app": any(one.kind == SecondFactor.Kind.APP for one in factors),
        "codes_left": second_factor.codes_left(user),
        "passkeys_possible": passkeys.possible_at(request),
        "sessions": [(one, one.pk == here) for one in sessions.open_of(user)],
        "must": user.needs_second_factor and FACTOR not in request.session,
        "demo": not user.needs_second_factor,
    }
    return render(request, "newsroom/staff/security.html", context | more, status=status)


@needs_fresh_proof
def begin_app(request: HttpRequest) -> HttpResponse:
    request.session[APP_KEY] = second_factor.new_app_key()
    return redirect("add_app")


@needs_fresh_proof
def add_app(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    key = request.session.get(APP_KEY)
    if not key:
        return redirect("security")
    problem = ""
    if request.method == "POST":
        code = "".join(request.POST.get("code", "").split())
        if app := second_factor.add_app(user, key, code):
            del request.session[APP_KEY]
            return added(request, app)
        problem = WRONG_APP_CODE
    context = {"picture": second_factor.picture_of(key, user), "key": key, "problem": problem}
    return render(request, "newsroom/staff/add_app.html", context, status=422 if problem else 200)


@needs_fresh_proof
def add_passkey(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    passkey = passkeys.add(request, user, request.POST.get("passkey", ""))
    if passkey is None:
        messages.error(request, "The passkey could not be added. Please try again.")
        return redirect("security")
    return added(request, passkey)


def added(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    """Other places where they are signed in, without it, are so no longer."""
    user: Any = request.user
    request.session[FACTOR] = factor.pk
    sessions.end_others(request)
    second_factor.tell(user)
    if second_factor.codes_left(user):
        messages.success(request, f"The {factor} is set up.")
        return redirect("security")
    return page(request, new_codes=second_factor.new_codes(user))


@needs_fresh_proof
def new_codes(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.second_factors.exists():
        return redirect("security")
    second_factor.tell(user)
    return page(request, new_codes=second_factor.new_codes(user))


@needs_fresh_proof
def remove(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    pk = number_of(request.POST.get("factor", ""))
    factor = get_object_or_404(user.second_factors.exclude(kind=SecondFactor.Kind.CODES), pk=pk)
    second_factor.remove(user, factor)
    if not user.second_factors.exists():
        request.session.pop(FACTOR, None)
    sessions.end_others(request)
    second_factor.tell(user)
    messages.success(request, f"The {factor} is removed. Elsewhere you are signed out.")
    return redirect("security")


def end_others(request: HttpRequest) -> HttpResponse:
    ended = sessions.end_others(request)
    messages.success(request, f"Signed out everywhere else: {ended}.")
    return redirect("security")


def end_one(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    sessions.open_of(user).filter(pk=request.POST.get("session", "")[:40]).delete()
    messages.success(request, "Signed out there.")
    return redirect("security")


ACTIONS = {
    "app": begin_app,
    "codes": new_codes,
    "remove": remove,
    "end others": end_others,
    "end": end_one,
}


def account_link(request: HttpRequest) -> dict[str, Any]:
    """On Wagtail's “Account”."""
    return {
        "url": reverse("security"),
        "label": "Sign-in and sessions",
        "help_text": "Your second factor, recovery codes, and where you are signed in.",
    }

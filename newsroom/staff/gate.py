"""What somebody must have shown before a page of the admin opens: a second factor, and for what
can't be taken back, that it is still them."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from newsroom.accounts import sessions

View = Callable[..., HttpResponse]

FACTOR, PROVED = "second factor", "proved"  # in the session: the factor's id; when, in seconds
FRESH = 15 * 60  # seconds for which a proof holds

# Open to who has no second factor yet.
BEFORE = {
    "security",
    "add_app",
    "add_passkey",
    "passkey_options",
    "sign_in_code",
    "prove",
    "wagtailadmin_login",
    "wagtailadmin_logout",
    "wagtailadmin_sprite",
    "wagtailadmin_javascript_catalog",
}
# Pages of Wagtail that change who may do what, or where somebody's mail goes.
PROOF_FOR = {
    "wagtailusers_users:add",
    "wagtailusers_users:edit",
    "wagtailusers_users:delete",
    "wagtailusers_groups:add",
    "wagtailusers_groups:edit",
    "wagtailusers_groups:delete",
    "wagtailadmin_account",
}


def second_factor_first(get_response: View) -> View:
    """Whoever signed in without a second factor gets no further than to where they set one up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(
        request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or match is None:
            return None
        if not request.user.is_authenticated:
            return None
        name = match.view_name
        if request.user.needs_second_factor and FACTOR not in request.session:
            return None if name in BEFORE else redirect("security")
        users_at_once = name == "wagtail_bulk_action" and kwargs.get("model_name") == "user"
        if (name in PROOF_FOR or users_at_once or "export" in request.GET) and not fresh(request):
            return ask_to_prove(request)
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def proved(request: HttpRequest) -> None:
    request.session[PROVED] = int(time.time())


def fresh(request: HttpRequest) -> bool:
    """Signed in, or shown again that it is them, a short while ago."""
    last = max(sessions.started(request.session), request.session.get(PROVED, 0))
    return bool(time.time() - last < FRESH)


def needs_fresh_proof(view: View) -> View:
    """For what people or money can't take back: who has signed in longer than 15 minutes ago shows
    once more that it is them."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if fresh(request) else ask_to_prove(request)

    return guarded


def ask_to_prove(request: HttpRequest) -> HttpResponse:
    """A form that was being sent is not: its page comes again after the proof."""
    back = request.get_full_path()
    if request.method != "GET":
        messages.warning(request, "Nothing is done yet. Please press the button once more.")
        back = request.META.get("HTTP_REFERER") or reverse("wagtailadmin_home")
    return redirect(f"{reverse('prove')}?{urlencode({'next': back})}")

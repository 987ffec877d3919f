"""What somebody must have, or have shown, before a page of the admin opens: a second factor, work
on pages where drafts show, and for what can't be taken back, that it is still them."""

import time
from collections.abc import Callable
from fnmatch import fnmatch
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from wagtail.admin.auth import permission_denied
from wagtail.permissions import page_permission_policy

from newsroom.accounts import sessions
from newsroom.core.paths import number_of

View = Callable[..., HttpResponse]

FACTOR, PROVED = "second factor", "proved"  # in the session: the factor's id; when, in seconds
FRESH = 15 * 60  # seconds for which a proof holds
METHODS = ["GET", "HEAD", "OPTIONS", "POST"]

# Open to who has no second factor yet.
BEFORE = {
    "security",
    "add_app",
    "add_passkey",
    "passkey_options",
    "sign_in_code",
    "sign_in_state",
    "prove",
    "wagtailadmin_login",
    "wagtailadmin_logout",
    "wagtailadmin_sprite",
    "wagtailadmin_javascript_catalog",
}
# All that who travels may open of the admin (newsroom/panic/travel.py); all else is closed to them.
WHILE_TRAVELLING = {
    "travelling",
    "wagtailadmin_login",
    "wagtailadmin_logout",
    "wagtailadmin_sprite",
    "wagtailadmin_javascript_catalog",
    "sign_in_code",
    "sign_in_state",
    "passkey_options",
}
# Pages of Wagtail that change who may do what, or where somebody's mail goes.
PROOF_FOR = ["wagtailusers_*", "wagtailadmin_account"]
# Wagtail shows these to everybody in the admin, with the titles of drafts. Only who works on pages
# has business there.
EDITORIAL = [
    "topic_chooser:*",
    "wagtail_bulk_action",
    "wagtailadmin_api:*",
    "wagtailadmin_choose_page*",
    "wagtailadmin_explore*",
    "wagtailadmin_pages:*",
    "wagtailadmin_reports:*",
    "wagtailadmin_tag_*",
    "wagtailadmin_workflows:*",
    "wagtaildocs*",
    "wagtailembeds:*",
    "wagtailimages*",
    "wagtailsnippetchoosers_*",
]


def second_factor_first(get_response: View) -> View:
    """Whoever signed in without a second factor gets no further than to where they set one up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(
        request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        name = page_of_staff(request)
        return stopped(request, name, kwargs) if name else None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def page_of_staff(request: HttpRequest) -> str:
    """The name of the view that somebody signed in asks for; "" for who is not, and readers, whose
    session is not even looked for."""
    match = request.resolver_match
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or match is None:
        return ""
    return match.view_name if request.user.is_authenticated else ""


def stopped(request: HttpRequest, name: str, kwargs: dict[str, Any]) -> HttpResponse | None:
    """The answer to who gets no further; None: on to the view."""
    user: Any = request.user
    if request.method not in METHODS:  # Django's generic views would delete by DELETE
        return HttpResponseNotAllowed(METHODS)
    if user.may_not_be_here or (user.needs_second_factor and not has_shown_factor(request)):
        if user.may_not_be_here or user.second_factors.exists():
            logout(request)
            return redirect("wagtailadmin_login")
        return None if name in BEFORE else redirect("security")
    if user.travels_since and request.resolver_match.route.startswith("admin/"):  # type: ignore[union-attr]
        return stays_outside(name)
    if fits(name, EDITORIAL) and not works_on_pages(user):
        return permission_denied(request)
    if not all(pk == "all" or number_of(pk) for pk in request.GET.getlist("id")):
        raise Http404
    several_users = name == "wagtail_bulk_action" and kwargs.get("model_name") == "user"
    if (fits(name, PROOF_FOR) or several_users or "export" in request.GET) and not fresh(request):
        return ask_to_prove(request)
    return None


def stays_outside(name: str) -> HttpResponse | None:
    if name == "wagtailadmin_home":
        return redirect("travelling")
    if name not in WHILE_TRAVELLING:
        raise PermissionDenied
    return None


def has_shown_factor(request: HttpRequest) -> bool:
    """… and has not removed it since."""
    user: Any = request.user
    shown = request.session.get(FACTOR)
    return shown is not None and user.second_factors.filter(pk=shown).exists()


def fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def works_on_pages(user: Any) -> bool:
    actions = {"add", "change", "publish"}
    return bool(page_permission_policy.user_has_any_permission(user, actions))


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

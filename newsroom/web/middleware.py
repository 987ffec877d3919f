"""What every public request and answer passes through."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from newsroom.web.body_limits import declared, most_bytes

View = Callable[[HttpRequest], HttpResponse]

SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")  # django.contrib.sessions

STRIPE_PAGES = "https://checkout.stripe.com https://billing.stripe.com https://invoice.stripe.com"

# No inline script or style, nothing from anyone else. `form-action` also governs where the
# answer to a form may redirect, hence Stripe's pages.
PUBLIC_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        f"form-action 'self' {STRIPE_PAGES} {settings.STRIPE_SANDBOX}".rstrip(),
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)


def is_admin(request: HttpRequest) -> bool:
    return request.path.startswith(("/admin/", "/documents/"))


def content_security_policy(get_response: View) -> View:
    """Put the policy on every page but the admin's, which Wagtail builds with inline scripts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not is_admin(request):
            response.headers.setdefault("Content-Security-Policy", PUBLIC_POLICY)
        return response

    return middleware


def vary(get_response: View) -> View:
    """Tell caches what our pages differ by: the cookie that remembers the ask, and the language,
    which chooses its currency."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not is_admin(request) and response.headers.get("Content-Type", "").startswith(
            "text/html"
        ):
            patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return middleware


def limit_body(get_response: View) -> View:
    """Answer 413 to a body that no form or webhook of ours can have, before reading it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if declared(request.META) > most_bytes(request.META):
            return too_large(request)
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return too_large(request) if isinstance(exception, RequestDataTooBig) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def refuse_nul(get_response: View) -> View:
    """PostgreSQL takes no NUL, and no reader types one: there is no such page, a form is refused
    (400), in a query it is dropped. A session's key that is none is no session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        while "%00" in request.META.get("QUERY_STRING", ""):  # “%%0000” holds another one
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        if "\0" in request.path:
            raise Http404
        if _form_has_nul(request):
            return render(request, "400.html", status=400)
        return get_response(request)

    return middleware


def _form_has_nul(request: HttpRequest) -> bool:
    """Of readers' forms, which are short; the admin's are checked by their fields."""
    if request.method != "POST" or request.path.startswith(("/admin/", "/webhooks/")):
        return False
    return b"\0" in request.body or b"%00" in request.body


def too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "413.html", status=413)

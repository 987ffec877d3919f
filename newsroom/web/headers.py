"""What every answer tells browsers and caches besides its content: what a page may load, who may
frame or embed it, which features of the device it uses, whether it may be kept.

Decided by the view that answered, never by the path: a section may be called “documents”. A view
that knows better sets its own header first, and it stays.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

View = Callable[[HttpRequest], HttpResponse]

STRIPE_PAGES = "https://checkout.stripe.com https://billing.stripe.com https://invoice.stripe.com"

# No inline script or style, nothing from anyone else. `form-action` also governs where the
# answer to a form may redirect, hence Stripe's pages.
PUBLIC_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: {settings.MEDIA_ORIGIN}".rstrip(),
        "font-src 'self'",
        f"media-src 'self' {settings.MEDIA_ORIGIN}".rstrip(),
        "connect-src 'self'",
        "manifest-src 'self'",
        f"form-action 'self' {STRIPE_PAGES} {settings.STRIPE_SANDBOX}".rstrip(),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
# Neither here, by newsroom/web/starters.py. The editor frames its previews, and shows a picture
# before it is uploaded (blob:).
STAFF_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob: {settings.MEDIA_ORIGIN}".rstrip(),
        "font-src 'self'",
        f"media-src 'self' {settings.MEDIA_ORIGIN}".rstrip(),
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)

# What a browser would lend a page that asks (“Permissions Policy”, W3C). We ask for next to none.
FEATURES = [
    *("accelerometer", "autoplay", "browsing-topics"),
    *("camera", "clipboard-read", "clipboard-write", "display-capture", "encrypted-media"),
    *("fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get"),
    *("idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials"),
    *("payment", "picture-in-picture", "publickey-credentials-create"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "storage-access", "usb"),
    *("window-management", "xr-spatial-tracking"),
]
OF_READERS = {"clipboard-write"}  # “Copy the link”
OF_STAFF = {*OF_READERS, "publickey-credentials-create", "publickey-credentials-get"}  # passkeys


def permissions(lent: set[str]) -> str:
    return ", ".join(f"{name}={'(self)' if name in lent else '()'}" for name in FEATURES)


# On every answer, also on those that never reach a view. Nobody else's page embeds one of ours …
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PUBLIC = ALWAYS | {
    "Content-Security-Policy": PUBLIC_POLICY,
    "Permissions-Policy": permissions(OF_READERS),
    "X-Frame-Options": "DENY",
}
STAFF = ALWAYS | {
    "Content-Security-Policy": STAFF_POLICY,
    "Permissions-Policy": permissions(OF_STAFF),
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, no-store",
}
# … but pictures: mails show them, in webmail too, and feed readers.
PICTURES = PUBLIC | {"Cross-Origin-Resource-Policy": "cross-origin"}
# By how the pattern of the view begins in newsroom/urls.py; PUBLIC for all others.
BY_ROUTE = {"admin/": STAFF, "media/": PICTURES}
# What failed now may be there in a minute. Some caches keep a 404 unasked (RFC 9111, 4.2.2).
FAILED = {"Cache-Control": "private, no-store"}


def set_headers(get_response: View) -> View:
    """Before all other middleware, so that their answers have the headers, too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(request, "is_dummy", False):  # a preview, inside of a real request of the admin
            return response
        headers = headers_for(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            headers = FAILED | headers
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if headers.get("Content-Security-Policy") == PUBLIC_POLICY and is_html(response):
            # The cookie that remembers the ask, and the language, which chooses its currency.
            patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return middleware


def headers_for(request: HttpRequest) -> dict[str, str]:
    """Of the view that was found for it; as for readers when there was none."""
    route = request.resolver_match.route if request.resolver_match else ""
    return next((BY_ROUTE[start] for start in BY_ROUTE if route.startswith(start)), PUBLIC)


def is_html(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")

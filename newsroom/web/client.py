"""Who the client is: what proxies of our own say, and nobody else.

``TRUSTED_PROXIES`` of them stand in front. Each adds the address it was asked from to
``X-Forwarded-For``, so the client's is that far from the end; what stands before it was typed by
the client. With none, no such header is believed.
"""

import logging
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]
# Nothing behind us looks at these; so nobody can be led astray by them.
FORWARDED = [
    f"HTTP_{name}"
    for name in (
        *("FORWARDED", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PORT"),
        *("X_FORWARDED_PROTO", "X_FORWARDED_PROTOCOL", "X_FORWARDED_SSL", "X_REAL_IP"),
    )
]


def believe_our_proxies(get_response: View) -> View:
    """Put the client's own address and scheme where Django looks for them, before all else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if why := why_without_end(request.META):
            log.error("The site and its proxy do not agree: %s (docs/proxy.md)", why)
            words = f"The site and the proxy in front do not agree.\n{why}\nSee docs/proxy.md."
            return HttpResponse(words, "text/plain; charset=utf-8", status=503)
        believe(request.META)
        return get_response(request)

    return middleware


def believe(meta: dict[str, Any]) -> None:
    meta["REMOTE_ADDR"] = address_of(meta)
    if scheme := said_by_our_proxy(meta, "HTTP_X_FORWARDED_PROTO"):
        meta["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
    for name in FORWARDED:
        meta.pop(name, None)


def why_without_end(meta: dict[str, Any]) -> str:
    """Plain HTTP is sent on to HTTPS. If that is where the client is already, it would come back
    here without end: why it would, or ""."""
    if not settings.SECURE_SSL_REDIRECT or meta["wsgi.url_scheme"] == "https":
        return ""
    said = said_by_our_proxy(meta, "HTTP_X_FORWARDED_PROTO")
    if settings.TRUSTED_PROXIES:
        if not said:
            return "TRUSTED_PROXIES is set, and the proxy passes on no X-Forwarded-Proto."
        return ""
    secure = "https" in meta.get("HTTP_X_FORWARDED_PROTO", "").lower()
    # Fetch Metadata (W3C): browsers say “Sec-Fetch-…” over HTTPS only.
    if secure or "HTTP_SEC_FETCH_SITE" in meta:
        return "The request came by HTTPS to a proxy. Set TRUSTED_PROXIES=1."
    return ""


def address_of(meta: dict[str, Any]) -> str:
    """The client's address, as text."""
    return said_by_our_proxy(meta, "HTTP_X_FORWARDED_FOR") or str(meta.get("REMOTE_ADDR", ""))


def said_by_our_proxy(meta: dict[str, Any], header: str) -> str:
    """The one value of a list that the outermost of our proxies has put there; "" for none, and
    when there is no proxy of ours."""
    values = [value.strip() for value in meta.get(header, "").split(",") if value.strip()]
    if not values or not settings.TRUSTED_PROXIES:
        return ""
    return str(values[-min(settings.TRUSTED_PROXIES, len(values))]).lower()


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without a port, an IPv4 one also as IPv6 has it (RFC 4291, 2.5.5.2)."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

"""What guards the forms on public pages.

Those pages come from a cache, so they hold no session and no CSRF token. A form post is accepted
when the browser says that it comes from our own page (Fetch Metadata, W3C; ``Origin``, RFC 6454),
carries an age we signed, and its network has not posted too often.
"""

import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import DisallowedHost
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from newsroom.core.privacy import keyed_hash
from newsroom.web.client import address_of, parsed

FORM_SALT = "public form"
FORM_LIFETIME = 3 * 24 * 3600  # seconds; a page may lie in a cache or an open tab that long

STALE = _("This page has been open for too long. Please press the button once more.")
TOO_OFTEN = _("That was very often in a short time. Please wait a few minutes and try again.")


def form_stamp() -> str:
    """A signed time for the hidden field ``stamp`` of every public form."""
    return signing.TimestampSigner(salt=FORM_SALT).sign("form")


def stamp_is_fresh(request: HttpRequest) -> bool:
    """A browser must send the stamp of a page we served; other programs may leave it out, as
    they can't act in a reader's name."""
    stamp = request.POST.get("stamp", "")
    if not stamp:
        return "Sec-Fetch-Site" not in request.headers
    try:
        signing.TimestampSigner(salt=FORM_SALT).unsign(stamp, max_age=FORM_LIFETIME)
    except signing.BadSignature:
        return False
    return True


def comes_from_our_page(request: HttpRequest) -> bool:
    """Did this site's own page send the form? Programs that are no browser send neither header."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or is_ours(request, origin)


def is_ours(request: HttpRequest, url: str) -> bool:
    """Is this an address of the host that was asked, or of ours?"""
    try:
        return urlsplit(url).netloc in (request.get_host(), urlsplit(settings.BASE_URL).netloc)
    except (ValueError, DisallowedHost):
        return False


def own_forms_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a POST that another site sends in a reader's name: 403, nothing stored.

    The view is exempt from Django's CSRF check, which this replaces.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not comes_from_our_page(request):
            return render(request, "403.html", status=403)
        return view(request, *args, **kwargs)

    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def address_decides(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST comes from anywhere: the token in its address alone is the proof, and its body, of
    whatever type, is neither looked at nor judged (newsroom/web/middleware.py)."""
    view.csrf_exempt = view.ignores_body = True  # type: ignore[attr-defined]
    return view


def network_of(request: HttpRequest) -> str:
    """The client's network: /24 for IPv4, /56 for IPv6 (what one household gets, RIPE-690)."""
    address = parsed(address_of(request.META))
    if address is None:
        return "unknown"
    return str(ip_network(f"{address}/{24 if address.version == 4 else 56}", strict=False))


def too_often(request: HttpRequest, what: str, *, most: int, seconds: int) -> bool:
    """Count this try; True when its network has had ``most`` in the current window."""
    return count(counter(f"{what}|{network_of(request)}", seconds), seconds) > most


def counter(what: str, seconds: int) -> str:
    """The key under which this is counted in the current window: a keyed hash that changes with
    each window, so that Redis holds no address, no network and no login."""
    return f"tries:{keyed_hash(f'{what}|{window(seconds)}', 'tries').hex()[:32]}"


def window(seconds: int) -> int:
    """The number of the present one."""
    return int(time.time()) // seconds


def count(key: str, seconds: int) -> int:
    """One more under this key, which lives that long; how many now. 0 when Redis is away."""
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key) or 0
    except ValueError:  # it expired between the two calls, or Redis is away
        return 0


class Refused(NamedTuple):
    """Why a post is not taken: words ("" when the form has them), the status, and what would change
    it: a sum (newsroom/web/proof_of_work.py), an answer (newsroom/mail/addresses.py)."""

    problem: Any
    status: int
    challenge: Any = None
    question: Any = None


def refusal(request: HttpRequest, form: BaseForm, what: str, **limit: int) -> Refused | None:
    """A page too old, bad input, too many tries; None when it is fine."""
    if not stamp_is_fresh(request):
        return Refused(STALE, 403)
    if not form.is_valid():
        return Refused("", 422)
    if too_often(request, what, **limit):
        return Refused(TOO_OFTEN, 429)
    return None

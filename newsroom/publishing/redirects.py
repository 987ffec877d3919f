"""Addresses that pages had before, and those that editors lead elsewhere.

Where to is for editors to say, also off the site: an archive moves, a campaign has a site of its
own. What stands in an address never says where to. To a page that no reader may open nobody is
led: its address would tell what it is about.

An old address has many spellings and one name: “/caf%C3%A9%20menu/?b=1&a=2” is “/café
menu?a=2&b=1”. Wagtail leaves a space as whoever wrote it had it, and sorts a query before it reads
it; what was typed and what a browser asks for differ then.
"""

import re
import unicodedata
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.utils.deprecation import MiddlewareMixin
from django.utils.encoding import uri_to_iri
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, Site

from newsroom.models import readable

FEED = "feed/"
MOST_STEPS = 10  # from one old address to the next; who comes back to where they were is lost
BYTE = re.compile("%([2-7][0-9a-fA-F])")
MEANT = "%?#&=+;"  # another address, if it is not percent-encoded (RFC 3986, 2.2)

as_wagtail_has_it = Redirect.normalise_path


class InEveryLanguage(MiddlewareMixin):
    """In place of Wagtail's, which knows an old address only as it was typed, without the language
    that a reader has chosen, and knows pages, but not the feed below one."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code != 404:
            return response
        query = request.META.get("QUERY_STRING", "")
        for path in dict.fromkeys([request.path, request.path_info]):  # “/de/old/” is one, too
            if answer := led_from(request, path, query):
                return answer
            if path.endswith(f"/{FEED}"):
                answer = led_from(request, path.removesuffix(FEED), query)
                if answer:
                    return to_its_feed(answer)
        return response


def led_from(request: HttpRequest, path: str, query: str) -> HttpResponse | None:
    """The redirect from there, if there is one that leads somewhere."""
    step = redirect_from(request, f"/{quote(path.lstrip('/'))}?{query}")
    if step is None or step.link is None or not leads_somewhere(request, step):
        return None
    kind = HttpResponsePermanentRedirect if step.is_permanent else HttpResponseRedirect
    return kind(step.link)


def redirect_from(request: HttpRequest, address: str) -> Redirect | None:
    """Of this address with its query, else of any with its path; one of the site goes first."""
    names = names_of(address)
    found = Redirect.get_for_site(Site.find_for_request(request)).filter(old_path__in=names)
    order = {name: place for place, name in enumerate(names)}
    return min(found, key=lambda one: (order[one.old_path], one.site_id is None), default=None)


def leads_somewhere(request: HttpRequest, step: Redirect | None) -> bool:
    """To a page that readers may open, or on to an address that does not lead back here."""
    for _ in range(MOST_STEPS):
        if step is None:
            return True
        if step.redirect_page_id:
            return readable(Page.objects).filter(pk=step.redirect_page_id).exists()
        link = urlsplit(step.link or "")
        if link.netloc and link.netloc != urlsplit(settings.BASE_URL).netloc:
            return True
        step = redirect_from(request, link._replace(scheme="", netloc="", fragment="").geturl())
    return False


def to_its_feed(answer: HttpResponse) -> HttpResponse:
    to = urlsplit(answer["Location"])
    if to.path.startswith("/") and not to.netloc:
        path = f"{to.path.rstrip('/')}/{FEED}"
        answer["Location"] = to._replace(path=path, fragment="").geturl()
    return answer


def names_of(address: str) -> list[str]:
    """What a redirect from there may be kept as, the closest first: with the query and without it;
    by our rule, and by Wagtail's, which older ones have."""
    spellings = (address, address.partition("?")[0])
    return list(
        dict.fromkeys(name(one) for one in spellings for name in (name_of, as_wagtail_has_it))
    )


def name_of(address: str, decode_unicode: bool = True) -> str:
    """In place of ``Redirect.normalise_path``. The name of a name is that name. Raises
    ValidationError for what is no address."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        raise ValidationError("This is no address. Begin it with “/”.") from None
    path = f"/{in_letters(parts.path).strip('/')}"
    query = sorted(in_letters(part.replace("+", " ")) for part in parts.query.split("&"))
    return f"{path}?{'&'.join(query)}" if parts.query else path


def in_letters(part: str) -> str:
    """Percent-encoding is taken off where that leaves the same address."""

    def letter(found: re.Match[str]) -> str:
        sign = chr(int(found[1], 16))
        return found[0].upper() if sign in MEANT or sign == "\x7f" else sign

    return unicodedata.normalize("NFC", BYTE.sub(letter, str(uri_to_iri(part))))


def install() -> None:
    """Once, before any redirect is saved."""
    Redirect.normalise_path = staticmethod(name_of)

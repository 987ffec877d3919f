"""The links of an issue: where ours lead, and whether others' pages answer.

Others' pages are looked at by a job, never from a request, and never at an address inside our own
network: an author's link must not make our server knock on doors that only it can reach.
"""

import socket
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3.connection
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve
from requests.adapters import HTTPAdapter
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from newsroom.core.uris import to_uri
from newsroom.mail.links import links_of
from subscriptions.models import LinkCheck

SECONDS = 5  # for the connection, and again for the answer
MOST_REDIRECTS = 5
MOST_CHARACTERS = 2000  # of LinkCheck.url
AGENT = "Mozilla/5.0 (compatible; newsroom link check)"


def hrefs(html: str) -> list[str]:
    """Where the links of a document lead, in ASCII and in its order, repeats included; "" for one
    whose page was deleted."""
    return [to_uri(link.url) for link in links_of(html)]


def ours(urls: Iterable[str]) -> list[str]:
    """Those that lead to a page of ours, each once."""
    sites = Site.get_site_root_paths()
    roots = {settings.BASE_URL, *(to_uri(place.root_url) for place in sites)}
    starts = ("/", *(f"{root}/" for root in roots))
    return [url for url in dict.fromkeys(urls) if url in roots or url.startswith(starts)]


def external(urls: Iterable[str]) -> list[str]:
    """Those that lead to somebody else's page, each once; none that is too long to be kept."""
    found = [url for url in dict.fromkeys(urls) if url.startswith(("http://", "https://"))]
    own = set(ours(found))
    return [url for url in found if url not in own and len(url) <= MOST_CHARACTERS]


def leads_somewhere(url: str) -> bool:
    """Is there a page, a view or a redirect of ours at this address? Nothing is fetched."""
    address = urlsplit(to_uri(url)).path or "/"
    path = unquote(address)
    try:
        match = resolve(path)
    except Resolver404:
        return False
    if match.url_name != "wagtail_serve":
        return True
    site = Site.objects.filter(is_default_site=True).select_related("root_page").get()
    parts = [part for part in path.split("/") if part]
    try:
        page, _, _ = site.root_page.specific.route(HttpRequest(), parts)
        return bool(page.live)
    except Http404:
        wanted = Redirect.normalise_path(address)
        return bool(Redirect.get_for_site(site).filter(old_path=wanted).exists())


# --- Others' pages --------------------------------------------------------------------------


class PrivateAddress(OSError):
    """The name leads into our own network, or nowhere that is public."""


# Where Python's own answer depends on its version or is kinder than ours: addresses that lead on to
# an IPv4 address which nobody judged (NAT64, 6to4 and its relays, Teredo, IPv4-mapped and
# IPv4-compatible) and everything outside of 2000::/3, where all global unicast is (“IPv4” and “IPv6
# Special-Purpose Address Space”, IANA).
GLOBAL_UNICAST = ip_network("2000::/3")
NOT_REACHABLE = [
    ip_network(text)
    for text in (
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        *("192.0.0.0/24", "192.88.99.0/24"),
    )
]


def is_public(text: str) -> bool:
    """Is the address a single host's, out on the internet?"""
    address = ip_address(text)
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_REACHABLE)


def public_address(host: str, port: int) -> str:
    """An address of that name out on the internet. Raises PrivateAddress, OSError."""
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if is_public(str(place[0])):
            return str(place[0])
    raise PrivateAddress(host)


class Public:
    """The name is looked up once, judged, and that very address is connected to: a name server
    that answers differently the second time gains nothing. TLS still asks for the name."""

    def _new_conn(self) -> Any:
        connection: Any = self
        name = connection._dns_host  # urllib3's “host” is made of it, so it is put back
        connection._dns_host = public_address(name, connection.port)
        try:
            return super()._new_conn()  # type: ignore[misc]
        finally:
            connection._dns_host = name


class PublicHTTP(Public, urllib3.connection.HTTPConnection):
    pass


class PublicHTTPS(Public, urllib3.connection.HTTPSConnection):
    pass


class PublicOnly(HTTPAdapter):
    """For requests: connects to public addresses only, redirects included; no proxy."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = PublicHTTPS if pool.scheme == "https" else PublicHTTP
        return pool


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False  # no proxy and no netrc of the machine
    made.max_redirects = MOST_REDIRECTS
    made.headers["User-Agent"] = AGENT
    for scheme in ("http://", "https://"):
        made.mount(scheme, PublicOnly())
    return made


def look_at(url: str, by: requests.Session) -> str:
    """What is wrong with somebody else's page, "" when it answers. Its body is not read."""
    try:
        with by.get(url, timeout=SECONDS, stream=True) as answer:
            return f"answers {answer.status_code}" if answer.status_code >= 400 else ""
    except PrivateAddress:
        return "is not a public address"
    except requests.Timeout:
        return f"does not answer within {SECONDS} seconds"
    except (requests.RequestException, OSError, ValueError) as error:
        private = "PrivateAddress" in repr(error)
        return "is not a public address" if private else "can't be reached"


def check(urls: list[str], now: datetime) -> int:
    """Look at those that were not looked at lately; how many were."""
    known = set(LinkCheck.objects.fresh(now).filter(url__in=urls).values_list("url", flat=True))
    unknown = [url for url in external(urls) if url not in known]
    by = session()
    for url in unknown:
        LinkCheck.objects.update_or_create(
            url=url, defaults={"problem": look_at(url, by)[:100], "checked_at": now}
        )
    return len(unknown)

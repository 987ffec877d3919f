"""Which page a request asks for, said with nothing that a stranger could make up.

Django gets a request made of this alone, so no header, cookie or parameter of whoever asked first
can be on the page that all others get.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from random import randrange
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from wagtail import hooks

from newsroom.core import languages
from newsroom.kept_pages.noting import NOTE, Note
from newsroom.web.client import said_by_our_proxy
from newsroom.web.middleware import OF_NO_LANGUAGE

Scope = dict[str, Any]

LONGEST = 500  # bytes of a header that we look at; of a path
MOST_COOKIES = 16_000  # bytes; Django has no such limit
# What has a hash in its name never changes (whitenoise, CompressedManifestStaticFilesStorage).
STATIC = re.compile(re.escape(settings.STATIC_URL) + r".+\.[0-9a-f]{12}\.[a-z0-9]+")
NUMBER = re.compile(r"[1-9][0-9]{0,5}")


class Asked(NamedTuple):
    """One page, or a variant of it. A tuple: it is a key, made and looked up for each answer."""

    path: str
    language: str = ""  # that is spoken where the address chooses none
    variant: str | None = None  # a word of the app above; None: for all, or by what they differ
    page: int = 0  # of “?page=2”; 0 for the first

    @property
    def is_static(self) -> bool:
        return STATIC.fullmatch(self.path) is not None

    def at(self, page: int) -> "Asked":
        return self._replace(page=page)

    def as_for(self, word: str) -> "Asked":
        return Asked(self.path, self.language, word, self.page)

    def scope(self, note: Note) -> Scope:
        """The request that Django gets."""
        ours = urlsplit(settings.BASE_URL)
        headers = [(b"host", ours.netloc.encode()), (b"accept-language", self.language.encode())]
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": ours.scheme,
            "path": self.path,
            "query_string": f"page={self.page}".encode() if self.page else b"",
            "headers": headers,
            "environ": {NOTE: note},
        }


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """One that came more than once is joined, as Django has it: two hosts are none of ours."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = b"%s,%s" % (headers[name], value) if name in headers else value
    return headers


def asked(scope: Scope, headers: dict[bytes, bytes]) -> Asked | None:
    """None: this is for Django itself."""
    path = scope["path"]
    if scope["method"] not in ("GET", "HEAD") or len(path) > LONGEST or not may_be_kept(path):
        return None
    if headers.get(b"host", b"").lower() != host_of(settings.BASE_URL) or not is_secure(
        scope, headers
    ):
        return None
    cookies = headers.get(b"cookie", b"")
    if b"authorization" in headers or len(cookies) > MOST_COOKIES:
        return None
    if settings.SESSION_COOKIE_NAME.encode() in cookies:
        return None
    if STATIC.fullmatch(path):
        return Asked(path)
    page = page_in(scope["query_string"])
    chosen, rest = languages.chosen_in(path)
    if OF_NO_LANGUAGE.match(rest[1:]):
        return Asked(path, page=page)
    language = "" if chosen else language_of(accepted_in(headers))
    return Asked(path, language, page=page)


@lru_cache(maxsize=5000)
def may_be_kept(path: str) -> bool:
    """Says the view that answers there; style sheets and scripts have none."""
    if STATIC.fullmatch(path):
        return True
    try:
        view = resolve(languages.chosen_in(path)[1]).func
    except Resolver404:
        return False
    return getattr(view, "may_be_kept", False) and "\0" not in path


@cache
def host_of(url: str) -> bytes:
    return urlsplit(url).netloc.lower().encode()


def is_secure(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Or needs not be: who comes without TLS is sent on by Django."""
    if not settings.HTTPS:
        return True
    said = headers.get(b"x-forwarded-proto", b"").decode("latin-1")
    scheme = said_by_our_proxy({"HTTP_X_FORWARDED_PROTO": said}, "HTTP_X_FORWARDED_PROTO")
    return (scheme or scope.get("scheme")) == "https"


def page_in(query: bytes) -> int:
    """What is no number is the first page. All else that stands in a query tells others where a
    reader comes from."""
    if b"page=" not in query:
        return 0
    try:
        found = parse_qs(query.decode("latin-1"), max_num_fields=20).get("page", [""])[-1]
    except ValueError:
        return 0
    number = int(found) if NUMBER.fullmatch(found) else 0
    return 0 if number == 1 else number


@lru_cache(maxsize=1000)
def language_of(accepted: str) -> str:
    return languages.asked_for(accepted) or languages.OWN


def accepted_in(headers: dict[bytes, bytes]) -> str:
    accepts = headers.get(b"accept-language", b"")
    return accepts.decode("latin-1") if len(accepts) <= LONGEST else ""


def cookie_in(sent: bytes, name: str) -> str:
    """Most readers send what others send, too; what is long is not remembered."""
    return _short_cookie(sent, name) if len(sent) <= LONGEST else _cookie(sent, name)


def _cookie(sent: bytes, name: str) -> str:
    found = ""
    if name.encode() not in sent:
        return found
    for part in sent.decode("latin-1").split(";"):
        named, _, value = part.partition("=")
        if named.strip() == name:
            found = value.strip().strip('"')  # the last one counts, as with Django
    return found


_short_cookie = lru_cache(maxsize=5000)(_cookie)


class Given(NamedTuple):
    """What one reader gets of a page that differs: one of a few words, which is all that is known
    of them where it is made, and the cookie that goes with the answer to them alone."""

    word: str
    cookie: str = ""  # the value of a “Set-Cookie”


@dataclass(slots=True)
class Visitor:
    """Whoever asks, as the app above tells readers apart (the hook “page_variant”)."""

    headers: dict[bytes, bytes]
    chance: int = -1  # 0 to 99, drawn when it is asked for

    def draws(self) -> int:
        """The same for one answer."""
        if self.chance < 0:
            self.chance = randrange(100)
        return self.chance

    def cookie(self, name: str) -> str:
        """ "" for none."""
        sent = self.headers.get(b"cookie", b"")
        return "" if not sent else cookie_in(sent, name)

    @property
    def accepted(self) -> str:
        return accepted_in(self.headers)

    def gets(self, differs: str) -> Given:
        """Of a page that differs by that."""
        tell = teller()
        return tell(differs, self) if tell else Given("")


@cache
def teller() -> Callable[[str, Visitor], Given] | None:
    return next(iter(hooks.get_hooks("page_variant")), None)

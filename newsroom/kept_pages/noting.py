"""What a page shows, noted while Django makes it: so it can be kept, and is forgotten in time.

Nothing is kept unless its view says so (``keep``). The lists on it have names, such as
“section:0001”; articles note themselves when they are read from the database.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from math import inf
from typing import Any

from django.http import HttpRequest, HttpResponse
from wagtail import hooks

View = Callable[..., HttpResponse]

NOTE = "newsroom.kept_pages.note"  # in the environ of a request: only the front puts it there
EVERYTHING = "*"  # changed: a word that stands on many pages, an address, who knows what
ANY_ARTICLE = "articles"
NEWEST = "newest"  # the list of all the paper's: front page, feed
MOST = 200  # articles; a page that shows more is forgotten when any changes


@dataclass
class Note:
    """Of one page that is being made."""

    variant: str | None = None  # of this reader's pages
    for_all: bool = False  # it is nobody's own
    exists: bool = True
    differs: bool = False  # by the variant
    paged: bool = False  # has other pages at “?page=2”
    until: float = inf  # when it will be another one, though nobody changes anything
    lists: set[str] = field(default_factory=set)
    articles: set[int] = field(default_factory=set)

    def tags(self) -> frozenset[str]:
        many = len(self.articles) > MOST
        articles = [ANY_ARTICLE] if many else [f"article:{pk}" for pk in self.articles]
        return frozenset({EVERYTHING, *self.lists, *articles})


_open: ContextVar[Note | None] = ContextVar("note", default=None)


def noted(django: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application around Django's. A request without a note, of the admin say, has none."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        token = _open.set(environ.get(NOTE))
        try:
            return django(environ, start_response)
        finally:
            _open.reset(token)

    return application


def may_be_kept(view: View, *lists: str) -> View:
    """The view's pages look the same to everybody who asks for the same address. Here or later it
    says which lists are on them. Without this a request is Django's, untouched."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if lists:
            keep(*lists)
        if note := _open.get():
            coming = [at for tell in hooks.get_hooks("pages_until") if (at := tell())]
            note.until = min((at.timestamp() for at in coming), default=inf)
        return view(request, *args, **kwargs)

    kept.may_be_kept = True  # type: ignore[attr-defined]
    return kept


def keep(*lists: str) -> None:
    """This page may be kept until one of these lists changes, or an article on it."""
    if note := _open.get():
        note.for_all = True
        note.lists.update(lists)


def shows(articles: Iterable[int]) -> None:
    """Also of those that it would show if they were in print: a link to a draft."""
    if note := _open.get():
        note.articles.update(articles)


def paged(is_what_was_asked_for: bool) -> None:
    """It has further pages. One that does not exist shows the nearest, and is not kept."""
    if note := _open.get():
        note.paged = True
        note.exists = is_what_was_asked_for


def variant() -> str | None:
    """Which of them this reader gets; None: ask the request, nobody keeps the page."""
    if note := _open.get():
        note.differs = True
        return note.variant
    return None

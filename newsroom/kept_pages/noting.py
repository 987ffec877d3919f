"""What a page shows, noted while Django makes it: so it can be kept, and is forgotten in time.

Nothing is kept unless its view says so (``keep``). The lists on it have names, such as
“section:0001”; articles note themselves when they are read from the database.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from math import inf
from typing import Any, ParamSpec, TypeVar

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from wagtail import hooks

from newsroom.kept_pages.untold import UntoldChange

View = Callable[..., HttpResponse]
P = ParamSpec("P")
R = TypeVar("R")

NOTE = "newsroom.kept_pages.note"  # in the environ of a request: only the front puts it there
EVERYTHING = "*"  # changed: a word that stands on many pages, an address, who knows what
ANY_ARTICLE = "articles"
NEWEST = "newest"  # the list of all the paper's: front page, feed
PICKS = "picks"  # … of what editors have picked
CORRECTIONS = "corrections"
MOST = 200  # articles; a page that shows more is forgotten when any changes


@dataclass
class Facts:
    """What stands on many pages, asked once until anything changes that may stand on all."""

    as_of: Any = None  # the last purge of everything
    until: float = inf
    answers: dict[Any, Any] = field(default_factory=dict)


@dataclass
class Note:
    """Of one page that is being made."""

    word_for: Callable[[str], str] = str  # by what a page differs -> what this reader gets
    facts: Facts = field(default_factory=Facts)
    for_all: bool = False  # it is nobody's own
    differs: str = ""  # by what: words of the app above
    variant: str = ""  # that this one is
    pages: int = 0  # as many as there are, if there can be more at “?page=2”
    untold: bool = False  # it may show a change that Redis was not told of yet
    until: float = inf  # when it will be another one, though nobody changes anything
    lists: set[str] = field(default_factory=set)
    articles: set[int] = field(default_factory=set)

    def tags(self) -> frozenset[str]:
        many = len(self.articles) > MOST
        articles = [ANY_ARTICLE] if many else [f"article:{pk}" for pk in self.articles]
        return frozenset({EVERYTHING, *self.lists, *articles})


_open: ContextVar[Note | None] = ContextVar("note", default=None)
_facts: ContextVar[Facts | None] = ContextVar("facts", default=None)


def noted(django: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application around Django's. A request without a note, of the admin say, has none."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        note: Note | None = environ.get(NOTE)
        reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        tokens = _open.set(note), _facts.set(note.facts if note else Facts() if reads else None)
        try:
            answer = django(environ, start_response)
            if note:
                with suppress(Error):
                    note.untold = UntoldChange.objects.exists()
            return answer
        finally:
            _open.reset(tokens[0])
            _facts.reset(tokens[1])

    return application


def may_be_kept(view: View, *lists: str) -> View:
    """The view's pages look the same to everybody who asks for the same address. Here or later it
    says which lists are on them. Without this a request is Django's, untouched."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if lists:
            keep(*lists)
        if note := _open.get():
            note.until = note.facts.until = next_change()
        return view(request, *args, **kwargs)

    kept.may_be_kept = True  # type: ignore[attr-defined]
    return kept


def remembered(ask: Callable[P, R]) -> Callable[P, R]:
    """Asked once for a page, and for all pages that are kept until everything is purged: it reads
    nothing but what then changes, and its arguments can be keys. Outside of a GET it is asked."""

    @wraps(ask)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        facts = _facts.get()
        if facts is None:
            return ask(*args, **kwargs)
        key = (ask, args, *kwargs.items())
        if key not in facts.answers:
            facts.answers[key] = ask(*args, **kwargs)
        found: R = facts.answers[key]
        return found

    return answer


def remembers() -> bool:
    """Is such an answer asked for once, here?"""
    return _facts.get() is not None


@remembered
def next_change() -> float:
    """When pages become other ones, though nobody changes anything."""
    coming = [at for tell in hooks.get_hooks("pages_until") if (at := tell())]
    return min((at.timestamp() for at in coming), default=inf)


def keep(*lists: str) -> None:
    """This page may be kept until one of these lists changes, or an article on it."""
    if note := _open.get():
        note.for_all = True
        note.lists.update(lists)


def shows(articles: Iterable[int]) -> None:
    """Also of those that it would show if they were in print: a link to a draft."""
    if note := _open.get():
        note.articles.update(articles)


def paged(pages: int) -> None:
    """Others are at “?page=2” and so on."""
    if note := _open.get():
        note.pages = pages


def until(at: datetime) -> None:
    """Then the page is another one, though nobody changes anything."""
    if (note := _open.get()) and at > timezone.now():
        note.until = min(note.until, at.timestamp())


def variant(differs: str) -> str | None:
    """Which one this reader gets of a page that differs by that, the same wherever it is asked on
    one page; None: ask the request, nobody keeps the page."""
    if note := _open.get():
        if not note.differs:
            note.differs, note.variant = differs, note.word_for(differs)
        return note.variant
    return None

"""The message from the editors under an article, if this visitor sees it."""

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from donations.asking import ask_cookie
from donations.currencies import OFFERED, currency_of
from donations.giving.giving_form import giving, languages
from newsroom.kept_pages import noting

HIDDEN = "hidden"


def variant(cookies: dict[str, str], accept_language: str) -> str:
    """Which box this visitor sees: none, or one in the currency that the browser's languages tell.
    Pages that are kept differ by nothing else, so it is one of a few words."""
    cookie = cookies.get(ask_cookie.COOKIE)
    if cookie and not ask_cookie.shown(cookie, timezone.now()):
        return HIDDEN
    return currency_told_by(accept_language)


@lru_cache(maxsize=1000)
def currency_told_by(accept_language: str) -> str:
    return currency_of(accept_language, list(OFFERED))


def ask_box(context: dict[str, Any]) -> str:
    """As HTML, "" for who gave or said “later”, and beside what asks for nothing: an obituary."""
    request = context.get("request")
    if request is None or not getattr(context.get("page"), "asks_for_support", True):
        return ""
    asked = noting.variant()
    if asked is None:
        asked = variant(request.COOKIES, languages(request))
    if asked == HIDDEN:
        return ""
    shown = giving({"currency": asked}, "") | {"request": request, "back": request.path}
    return render_to_string("donations/giving/ask_box.html", shown)

"""What a page asks of this reader: a box, or a banner, as deciding.py says."""

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from donations.asking import ask_cookie
from donations.asking.deciding import Kind, Memory, Offer, Place, Rules, decide, read_rules
from donations.currencies import currency_of
from donations.giving.giving_form import giving, languages
from donations.models import Appeal
from newsroom.kept_pages import noting
from newsroom.kept_pages.asked import Given, Visitor


class Shown(NamedTuple):
    """A word of the few that pages differ by."""

    place: str
    variant: int
    currency: str

    def __str__(self) -> str:
        return " ".join(map(str, self))

    @classmethod
    def read(cls, word: str) -> "Shown | None":
        place, variant, currency = word.split(" ") if word else ("", "", "")
        return cls(place, int(variant), currency) if place else None


def variant(differs: str, visitor: Visitor) -> Given:
    """For pages that are kept: who sees what, and what their cookie holds then. Caches in front of
    us hand out one page to all who have no cookie, so these get none from it."""
    cookie = visitor.cookie(ask_cookie.COOKIE)
    chance = None if settings.CACHES_IN_FRONT and not cookie else visitor.chance
    if not read_rules(differs).experiment:
        chance = chance and 0
    return _given(differs, cookie, visitor.accepted, chance, ask_cookie.today())


@lru_cache(maxsize=10_000)
def _given(differs: str, cookie: str, accepted: str, chance: int | None, day: int) -> Given:
    """Most readers have a cookie that others have, too."""
    memory = ask_cookie.opened(cookie)
    rules = read_rules(differs)
    place, number, now = decide(memory, rules, day, chance)
    shown = ""
    if place:
        currency = currency_of(accepted, rules.offers[max(number, 0)].currencies)
        shown = str(Shown(place, number, currency))
    changed = chance is not None and now != (memory or Memory())
    return Given(shown, ask_cookie.header(now) if changed else "")


def rules_of(page: Any) -> Rules | None:
    """By what this page differs; None: it asks nobody."""
    kind = Kind.ARTICLE if page and getattr(page, "asks_for_support", True) else None
    appeal = Appeal.current()
    if kind is None or appeal is None:
        return None
    return Rules(kind, (Offer(appeal.pk, frozenset({Place.BELOW}), tuple(appeal.currencies())),))


def shown_to(request: HttpRequest, rules: Rules) -> Shown | None:
    word = noting.variant(str(rules))
    if word is None:  # nobody keeps the page, nor counts it
        cookie = request.COOKIES.get(ask_cookie.COOKIE, "")
        word = _given(str(rules), cookie, languages(request), None, ask_cookie.today()).word
    return Shown.read(word)


def ask_box(context: dict[str, Any]) -> str:
    """As HTML, "" for who gave or said “later”, and beside what asks for nothing: an obituary."""
    request, rules = context.get("request"), rules_of(context.get("page"))
    shown = shown_to(request, rules) if request and rules else None
    if request is None or shown is None:
        return ""
    box = giving({"currency": shown.currency}, "") | {"request": request, "back": request.path}
    return render_to_string("donations/giving/ask_box.html", box)

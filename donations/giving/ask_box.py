"""What a page asks of this reader: a box, or a banner, as deciding.py says."""

import time
from collections.abc import Collection
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import escape

from donations.asking import ask_cookie, words
from donations.asking.deciding import Kind, Memory, Offer, Place, Rules, decide, read_rules
from donations.asking.emails import preview_of_reminder
from donations.currencies import currency_of
from donations.giving.giving_form import giving, languages
from donations.models import Appeal, Experiment, Variant
from newsroom.core.languages import spoken
from newsroom.kept_pages import noting
from newsroom.kept_pages.asked import Given, Visitor
from newsroom.models import ArticlePage, HomePage, SectionPage
from newsroom.models.front.blocks import boxes_on
from newsroom.models.pages import quiet_sections
from subscriptions.models import IssuePage

BOX = "appeal"  # its name among the front page's boxes
HERE = "\ufdd0"  # in a box that is rendered once: the page's own path; nobody can type it
LASTS = 600  # seconds: the stamp in it gets older (newsroom/web/public_forms.py)


class Shown(NamedTuple):
    """A word of the few that pages differ by."""

    place: str
    variant: int  # of an experiment, its number in the database; 0: as a part of none
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
    chance = None
    if cookie or not settings.CACHES_IN_FRONT:
        chance = visitor.draws() if read_rules(differs).experiment else 0
    return _given(differs, cookie, visitor.accepted, chance, ask_cookie.today())


@lru_cache(maxsize=10_000)
def _given(differs: str, cookie: str, accepted: str, chance: int | None, day: int) -> Given:
    """Most readers have a cookie that others have, too."""
    memory = ask_cookie.opened(cookie)
    rules = read_rules(differs)
    place, number, now = decide(memory, rules, day, chance)
    shown = ""
    if place:
        offer = rules.offers[max(number, 0)]
        variant = offer.variant if number >= 0 else 0
        shown = str(Shown(place, variant, currency_of(accepted, offer.currencies)))
    changed = chance is not None and now != (memory or Memory())
    return Given(shown, ask_cookie.header(now) if changed else "")


def kind_of(page: Any) -> Kind | None:
    """None where nobody is asked: pages about giving and legal ones, an obituary, a section or
    an article whose editors say so, an issue that has the appeal as a piece."""
    match page:
        case ArticlePage(asks_for_support=True, may_ask=True):
            quiet = page.path[: -page.steplen] in quiet_sections()
            return None if quiet else Kind.ARTICLE
        case IssuePage(asks_for_support=True):
            return None if "appeal" in page.kinds else Kind.ISSUE
        case SectionPage(may_ask=True):
            return Kind.OTHER
        case HomePage():
            return Kind.PLACED if BOX in boxes_on(page.arrangement.raw_data) else Kind.OTHER
    return None


def rules_of(page: Any) -> Rules | None:
    """By what this page differs; None: it asks nobody."""
    found = _asks(page)
    return found[0] if found else None


def _asks(page: Any) -> tuple[Rules, list[Appeal]] | None:
    """The same, and the appeal of each offer."""
    kind = kind_of(page)
    appeal = Appeal.current(page) if kind else None
    if kind is None or appeal is None:
        return None
    variants = Experiment.of(appeal)
    if not variants:
        return Rules(kind, (_offer(appeal),)), [appeal]
    running = {one.pk: one for one in Appeal.all_running()}
    appeals = [running[one.appeal_id] for one in variants if one.appeal_id]
    offers = tuple(_offer(appeal, one.pk) for appeal, one in zip(appeals, variants, strict=True))
    return Rules(kind, offers, variants[0].experiment_id), appeals


def _offer(appeal: Appeal, variant: int = 0) -> Offer:
    return Offer(appeal.pk, appeal.places, tuple(appeal.currencies()), variant)


def shown_to(request: HttpRequest, rules: Rules) -> Shown | None:
    word = noting.variant(str(rules))
    if word is None:  # nobody keeps the page, nor counts it
        cookie = request.COOKIES.get(ask_cookie.COOKIE, "")
        word = _given(str(rules), cookie, languages(request), None, ask_cookie.today()).word
    return Shown.read(word)


def ask_box(context: dict[str, Any]) -> str:
    """Below what was read, or where an editor has put it. As HTML, "" for who gave or said “later”,
    and beside what asks for nothing."""
    return _shown(context, {Place.BELOW, Place.THIRD}, "donations/giving/ask_box.html")


def banner(context: dict[str, Any]) -> str:
    """Slim, above everything: it leads to the page for giving."""
    return _shown(context, {Place.BANNER}, "donations/giving/banner.html")


def _shown(context: dict[str, Any], places: Collection[str], template: str) -> str:
    request = context.get("request")
    found = asked_here(request, context.get("page")) if request else None
    if request is None or found is None or found[0].place not in places:
        return ""
    shown, appeal = found
    key, now = (template, *shown, appeal.pk, spoken()), time.monotonic()
    made_at, html = rendered().get(key, (-inf, ""))
    if now - made_at > LASTS or getattr(request, "is_preview", False):
        variant = Variant.shown(shown.variant)
        box = giving({"currency": shown.currency}, "", appeal=appeal, variant=variant)
        box |= {"back": HERE, "place": shown.place}
        html = render_to_string(template, box)
        rendered()[key] = now, html
    return html.replace(HERE, escape(request.path))


@noting.remembered
def rendered() -> dict[Any, tuple[float, str]]:
    """When, and as HTML: the same on all pages but for where it leads back. With the rest of what
    is remembered it is forgotten when anything changes that stands on all."""
    return {}


def asked_here(request: Any, page: Any) -> tuple[Shown, Appeal] | None:
    """The same for all boxes of a page; a preview has said it before."""
    if not hasattr(request, "asks"):
        request.asks = _asked_here(request, page)
    found: tuple[Shown, Appeal] | None = request.asks
    return found


def _asked_here(request: HttpRequest, page: Any) -> tuple[Shown, Appeal] | None:
    found = _asks(page)
    shown = shown_to(request, found[0]) if found else None
    if found is None or shown is None:
        return None
    rules, appeals = found
    variants = [offer.variant for offer in rules.offers]
    return shown, appeals[variants.index(shown.variant) if shown.variant in variants else 0]


def preview(appeal: Appeal, request: HttpRequest, mode: str) -> HttpResponse:
    """On the newest article or issue that readers have, as an editor sees it (the hook
    “appeal_preview”)."""
    if mode not in dict(appeal.preview_modes):
        raise Http404
    if mode == "reminder":
        return preview_of_reminder(appeal)
    if mode in ("issue", "mail"):
        issue = IssuePage.objects.live().public().order_by("-first_published_at").first()
        return _on_issue(appeal, request, mode, issue) if issue else none_yet("issue")
    article = ArticlePage.objects.in_print().first()
    if article is None:
        return none_yet("article")
    request.asks = Shown(mode, 0, ""), appeal  # type: ignore[attr-defined]
    return article.serve(request)


def none_yet(kind: str) -> HttpResponse:
    return HttpResponse(f"There is no {kind} yet to show it on.")


def _on_issue(appeal: Appeal, request: Any, mode: str, issue: IssuePage) -> HttpResponse:
    """Its mail has the appeal as a piece, at the end if nobody has put it somewhere."""
    request.asks = Shown(Place.BELOW, 0, ""), appeal
    shown_before = words.instead.set(appeal)
    try:
        if mode == "mail":
            if all(block.block_type != BOX for block in issue.body):
                issue.body.append((BOX, None))
            answer: HttpResponse = issue.serve_preview(request, "email")
        else:
            answer = issue.serve(request)
        return answer.render() if hasattr(answer, "render") else answer
    finally:
        words.instead.reset(shown_before)

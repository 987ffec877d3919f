"""WCAG 2.2 AA on every public page: by axe in light and dark, at 400 %, by keyboard, in the colours
that a reader has chosen.

The pages are those of the URLconf, so a new one is looked at from its first day; of those that give
no page NO_PAGE says why.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from itertools import product as combinations
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from newsroom.closed import plain_page
from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.models import ArticlePage, DailyReads, Kind, PreviewLink
from subscriptions.models import Newsletter, Seed, Subscription
from subscriptions.readers import address_change, seeds
from subscriptions.readers.data import held
from subscriptions.readers.due import sunset
from tests.browser.drawing import drawn
from tests.browser.full_article import full_article, live_article
from tests.factories import make_appeal, make_issue, make_subscription
from tests.newsroom.hostile import World, addresses, make_world

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# All that it knows, also what is only good practice, and two that it would leave out: the size of
# targets, and that a name says what is seen (2.5.3). In the dark only colours differ.
FOUND = """only => axe.run(document, {
  resultTypes: ["violations"],
  rules: {"target-size": {enabled: true}, "label-content-name-mismatch": {enabled: true}},
  ...(only && {runOnly: {type: "rule", values: [only]}}),
}).then(said => said.violations.map(one => [one.id, one.nodes.slice(0, 3).map(
  node => node.html.slice(0, 160) + node.failureSummary.slice(0, 300)).join(" ")].join(": ")))"""
# What a wheel or a finger can't reach at 400 %, or a picture of the text is cut: all but what has
# a scroll bar of its own.
WIDE = """() => {
  const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX)
    || scrolls(e.parentElement));
  return [...document.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1);
  }).filter(e => !e.closest(".hidden, .skip") && !scrolls(e.parentElement)).slice(0, 3)
    .map(e => e.outerHTML.slice(0, 120));
}"""
SMALLEST = {"width": 320, "height": 256}  # 1280 × 1024 at 400 % (WCAG 2.2, 1.4.10)
# Where one is (2.4.7) is told by an outline, of what stands for a control when that is hidden.
MARKED = """() => {
  const one = document.activeElement;
  return [one, ...(one.labels || [])].some(e => {
    const look = getComputedStyle(e);
    return look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  });
}"""
# Of radio buttons with one name the keyboard stops at one.
STOPS = """() => {
  const all = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")];
  const there = all.filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility());
  const groups = new Set(there.filter(e => e.type === "radio").map(e => e.name));
  return there.filter(e => e.type !== "radio").length + groups.size;
}"""
SCROLLS = "document.scrollingElement.scrollWidth"
KEPT = re.compile(r'\b(?:class|role|type|dir)="[^"]*"')

# Routes of which a reader with a valid address gets no page, and why.
NO_PAGE = {
    "metrics": "for who has its token",
    "security_txt": "a file, once its contact is known",
    "wagtaildocs_serve": "a file, if it lies on the disk",
    "media/%(path)s": "a file",
}

# Forms whose answers are pages: sent once as somebody would who errs, once as it should be.
POSTED = {
    *("sign_up", "sign_up_for_all", "ask_once_more", "confirm", "preferences", "new_address"),
    *("ask_for_data", "unsubscribe", "why", "still_reading", "checkout", "manage_request"),
    *("remind_me", "confirm_reminder", "postpone_reminder", "cancel_reminder"),
}


@pytest.fixture
def pages(
    client: Client, stripe_sandbox: str, mail_sandbox: str, indexed: None, site: Any, settings: Any
) -> dict[str, str]:
    """Each public page by its address, as readers get it."""
    settings.STATIC_URL = "/static/"
    world = make_world(stripe_sandbox, site)
    full = full_article(site)
    issue = make_issue(
        site.newsletter, [full, *ArticlePage.objects.all()[:3]], "<p>Hello</p>", live=True
    )
    fill(world, full)
    live_url = ArticlePage.objects.get(kind=Kind.LIVE).url
    found, gone = {}, set()
    for address in addresses():
        values = [world.fitting(address, group) for group in address.groups]
        asked = [
            "/" + address.shape % dict(zip(address.groups, one, strict=True))
            for one in combinations(*values)
        ]
        answers = {path: client.get(path) for path in asked}
        found |= {path: answer.text for path, answer in answers.items() if is_page(answer)}
        if all(answer.status_code == 404 for answer in answers.values()):
            gone.add(address.name or address.shape)
    assert gone == set(NO_PAGE)
    more = [full.url, issue.url, "/?page=2", f"{site.section.url}?page=2", "/search/?q=Article",
            "/search/?q=xyzzy", "/search/?q=Article&section=politics&sort=date",
            "/search/?since=x&until=2026-01-01&section=x&author=x", live_url,
            "/support/?frequency=once", "/support/?frequency=annual",
            "/support/?country=XX", "/newsletter/confirm/x/", "/nowhere/"]  # fmt: skip
    found |= {path: client.get(path).text for path in more}
    found |= {f"/ar{path}": client.get(f"/ar{path}").text for path in list(found)}
    wrong = {"email": "x", "newsletter": "weekly", "frequency": "once", "own_amount": "x"}
    right = wrong | {"email": "new@example.org", "consent": "on", "own_amount": "7", "when": "week",
                     "reason": "content", "List-Unsubscribe": "One-Click"}  # fmt: skip
    for address in addresses():
        if address.name in POSTED:
            group = [world.fitting(address, one)[0] for one in address.groups]
            path = "/" + address.shape % dict(zip(address.groups, group, strict=True))
            for name, form in {"wrong": wrong, "right": right}.items():
                answer = client.post(path, form)
                if answer.get("Location", "").startswith("/"):
                    answer = client.get(answer["Location"])
                found[f"POST {name} {path}"] = answer.text
    request = RequestFactory().get("/")
    for status in ("400", "403", "404", "413", "500", "503", "507"):
        found[status] = render_to_string(f"{status}.html", {}, request)
    found = {name: html for name, html in found.items() if html}  # elsewhere, to Stripe's pages
    found["closed"] = plain_page.answer("GET", "/", "en").body.decode()
    return found


def is_page(answer: Any) -> bool:
    """Not a file, and no news for an open one."""
    is_html = answer["Content-Type"].startswith("text/html")
    return answer.status_code == 200 and is_html and "<body" in answer.text


def fill(world: World, article: ArticlePage) -> None:
    """Addresses of which a stranger's requests (tests/newsroom/hostile.py) know no valid one."""
    subscription = make_subscription(Newsletter.objects.get(), "asked@example.org")
    subscription.newsletter.__class__.objects.update(ask_after=timedelta(days=365).days)
    Subscription.objects.filter(pk=subscription.pk).update(asked_on=timezone.localdate())
    reader = subscription.subscriber
    change = reader.address_changes.create(
        email="new@example.org", email_index=list_index("new@example.org")
    )
    seed = Seed.objects.create(
        newsletter=subscription.newsletter, email="seed@example.org", email_index=b"x" * 32
    )
    link = PreviewLink.objects.create(article=article, ends_at=timezone.now() + timedelta(days=1))
    own = tokens.permanent("preferences", reader.pk)
    today = timezone.localdate()
    DailyReads.objects.bulk_create(
        DailyReads(article=one, on=today, count=100) for one in ArticlePage.objects.all()[:5]
    )
    live = [str(live_article(article.section).pk)]
    world.valid |= {
        **{f"{name}:token": [own] for name in ("new_address", "ask_for_data", "erase_reader")},
        "address:token": [address_change.token_of(change, address_change.NEW)],
        "agree_to_seed:token": [seeds.token_of(seed)],
        "still_reading:token": [sunset.token_of([subscription])],
        "reader_data:token": [tokens.expiring(held.DATA, reader.pk)],
        "preview:token": [link.token],
        "topic:slug": ["water"], "topic_feed:slug": ["water"],
        "series:slug": ["dam"], "series_feed:slug": ["dam"], "live_feed:pk": live,
        "live_after:pk": live, "live_after:number": ["1"],
        "archive_month:year": [f"{today:%Y}"], "archive_month:month": [f"{today:%m}"],
        "detail:pk": [str(article.pk), str(article.section.pk)],
        "author:slug": ["ana"], "author_feed:slug": ["ana"], "section_feed:slug": ["politics"],
    }  # fmt: skip


@pytest.fixture
def screen(chromium: Browser) -> Any:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def test_nothing_is_found_on_a_page_of_any_make(screen: Page, pages: dict[str, str]) -> None:
    look_at(screen, {make_of(html): (name, html) for name, html in pages.items()}.values())


@pytest.mark.rare
def test_nothing_is_found_on_any_page(screen: Page, pages: dict[str, str]) -> None:
    look_at(screen, pages.items())


def make_of(html: str) -> frozenset[str]:
    """What a page is made of: elements with their classes and roles, however many and in whichever
    language."""
    elements = re.findall(r"<(\w+)([^<>]*)>", html)
    return frozenset(tag + " ".join(KEPT.findall(rest)) for tag, rest in elements)


def look_at(screen: Page, pages: Iterable[tuple[str, str]]) -> None:
    wrong: dict[str, Any] = {}
    for name, html in pages:
        screen.emulate_media(color_scheme="light")
        screen.set_viewport_size({"width": 1280, "height": 900})
        drawn(screen, {"/page": html}, "/page")
        screen.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
        found = []
        if not name.startswith("/ar/"):  # which has its own directions, not its own colours
            screen.evaluate(AXE)
            found += screen.evaluate(FOUND, None)
            screen.emulate_media(color_scheme="dark")
            found += [f"dark, {one}" for one in screen.evaluate(FOUND, "color-contrast")]
        screen.set_viewport_size(SMALLEST)
        found += [f"narrow: {one}" for one in screen.evaluate(WIDE)]
        if screen.evaluate(SCROLLS) > SMALLEST["width"]:
            found.append("narrow: it scrolls sideways")
        if found:
            wrong[name] = found
    assert wrong == {}, report(wrong)


def report(wrong: dict[str, list[str]]) -> str:
    """Each complaint once, with the pages that have it."""
    pages: dict[str, list[str]] = {}
    for page, complaints in wrong.items():
        for complaint in complaints:
            pages.setdefault(complaint, []).append(page)
    return "\n".join(f"{len(on)} pages, {on[:3]}: {said}" for said, on in pages.items())


@pytest.fixture
def most(client: Client, site: Any, settings: Any) -> dict[str, str]:
    """The pages with most to press."""
    settings.STATIC_URL = "/static/"
    make_appeal()
    return {path: client.get(path).text for path in (full_article(site).url, "/", "/support/")}


def test_keyboard_gets_everywhere_sees_where_it_is_and_comes_out_again(
    screen: Page, most: dict[str, str]
) -> None:
    for name, html in most.items():
        drawn(screen, {"/page": html}, "/page")
        screen.keyboard.press("Tab")
        assert screen.evaluate("document.activeElement.className") == "skip"
        expect(screen.locator(".skip")).to_be_in_viewport()
        stops, passed = screen.evaluate(STOPS), 1
        while passed <= stops + 1:
            assert screen.evaluate(MARKED), screen.evaluate("document.activeElement.outerHTML")
            screen.keyboard.press("Tab")
            for _ in range(8):  # a player's own controls, which are the browser's
                if screen.evaluate("document.activeElement.matches('audio')"):
                    screen.keyboard.press("Tab")
            if screen.evaluate("document.activeElement === document.body"):
                break
            passed += 1
        assert passed == stops, name


def test_what_is_chosen_is_seen_in_the_colours_of_the_system(
    screen: Page, most: dict[str, str]
) -> None:
    screen.emulate_media(forced_colors="active", reduced_motion="reduce")
    drawn(screen, {"/page": most["/support/"]}, "/page")
    look = "e => getComputedStyle(e).backgroundColor"
    chosen, other = (
        screen.locator(f".choices > input{state} + .tab").first.evaluate(look)
        for state in (":checked", ":not(:checked)")
    )
    assert chosen != other
    sheet = Path(str(finders.find("newsroom/site.css"))).read_text()
    assert "reduced-motion" in sheet or not re.search(r"(transition|animation)\s*:", sheet)


def test_text_grows_as_its_reader_chose_and_the_browser_remembers(
    screen: Page, most: dict[str, str]
) -> None:
    article, front, _ = most
    drawn(screen, {"/page": most[article]}, "/page")
    before = screen.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    for _ in range(3):  # it moves with the text
        screen.get_by_role("button", name="Larger text").click()
    expect(screen.get_by_role("button", name="Larger text")).to_be_disabled()
    drawn(screen, {"/other": most[front]}, "/other")
    after = screen.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert after > 1.7 * before and screen.evaluate("localStorage.length") == 1
    screen.set_viewport_size({"width": 390, "height": 800})
    assert screen.evaluate(SCROLLS) <= 390

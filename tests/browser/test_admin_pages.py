"""The admin as its people see it: adding to an issue, side by side, in the dark, on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_context
from tests.browser.desk import STREAM, Editor
from tests.product import Product

TITLES = f"{STREAM}.getState().map(p => p.value?.article?.adminTitle ?? p.value)"
# Of one role each; “*” stands for the number of the issue of this week.
PAGES = {
    "editor": [
        "/admin/", "/admin/newsletters/", "/admin/newsletters/issue/*/",
        "/admin/newsletters/issue/*/send-now/", "/admin/newsletters/calls-to-review/",
        "/admin/newsletters/delivery/", "/admin/newsletters/suppressions/",
    ],
    "finance": ["/admin/", "/admin/review/", "/admin/contributions/", "/admin/movements/",
                "/admin/appeals/", "/admin/security/", "/admin/giving/", "/admin/giving/find/",
                "/admin/giving/disputes/", "/admin/giving/books/", "/admin/regular/",
                "/admin/payouts/"],
}  # fmt: skip
# Wagtail bundles axe-core with its editor. What frames show is not the admin's.
AXE = """async () => (await axe.run(
    {exclude: [["iframe"]]}, {runOnly: ["wcag2a", "wcag2aa"], iframes: false},
)).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target} ${n.failureSummary}`))"""


@pytest.fixture
def this_week(staff: Callable[[str], Page]) -> tuple[Page, int]:
    page = staff("editor")
    page.goto("/admin/newsletters/")
    page.click("td:has-text('draft, not approved') >> xpath=.. >> a")
    return page, int(re.search(r"issue/(\d+)/", page.url)[1])  # type: ignore[index]


@pytest.mark.rare
def test_add_finds_the_section_whatever_became_of_its_heading(this_week) -> None:
    page, issue = this_week
    Editor(page, issue).open_editor()
    # Nothing is saved by itself: other tests need this issue as it is.
    page.route("**/edit/", lambda asked: asked.abort() if asked.request.method == "POST" else
               asked.continue_())  # fmt: skip
    page.get_by_label("Toggle what else was published").click()
    add = page.locator("[data-add]:enabled").first
    expect(add).to_be_visible()

    def added() -> tuple[str, list[str]]:
        button = page.locator("[data-add]:enabled").first
        title = button.get_attribute("data-title") or ""
        button.click()
        expect(page.locator("[data-published-said]")).to_contain_text(title)
        return title, page.evaluate(TITLES)

    def rename(at: int, words: str) -> None:
        page.evaluate(
            f"([at, words]) => {{ const s = {STREAM}; const state = s.getState();"
            " state[at] = {...state[at], value: words}; s.setState(state); }",
            [at, words],
        )

    heading = (add.get_attribute("data-headings") or "").split("\n")[0]
    title, pieces = added()
    headings = ["News", "Money", "Life", "Features"]
    following = [pieces.index(one) for one in headings if pieces.index(one) > pieces.index(heading)]
    assert pieces.index(title) == min([*following, len(pieces)]) - 1
    # Taken out again, its heading renamed: found by the articles that stand below it.
    page.evaluate(f"at => {{ const s = {STREAM}; s.setState(s.getState().toSpliced(at, 1)); }}",
                  pieces.index(title))  # fmt: skip
    page.mouse.move(0, 0)  # and back: the panel looks again what is in it
    page.locator("[data-published-said]").hover()
    button = page.locator("[data-add]:enabled").first
    wanted = (button.get_attribute("data-headings") or "").split("\n")
    place = next(pieces.index(one) for one in wanted if one in pieces)
    rename(place, "  What else ")
    for one in wanted:
        if one in pieces and one != pieces[place]:
            rename(pieces.index(one), f"not {one}")
    title, pieces = added()
    assert pieces.index(title) > place
    page.evaluate("window.onbeforeunload = null")


@pytest.mark.parametrize(("width", "height", "rows"), [(1280, 800, 2), (1920, 1080, 1)])
@pytest.mark.rare
def test_side_by_side_fills_the_screen(this_week, width: int, height: int, rows: int) -> None:
    page, issue = this_week
    page.set_viewport_size({"width": width, "height": height})
    Editor(page, issue).open_editor()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Side by side").click()
    tab = opened.value
    tab.set_viewport_size({"width": width, "height": height})
    frames = tab.locator(".frames iframe, .frames pre")
    expect(frames).to_have_count(6)
    boxes = [frame.bounding_box() for frame in frames.all()]
    found: list[Any] = [box for box in boxes if box]
    assert len({round(box["y"]) for box in found}) == rows
    assert all(box["x"] + box["width"] <= width for box in found)
    assert max(box["x"] + box["width"] for box in found) > 0.9 * width
    assert max(box["y"] + box["height"] for box in found) <= height * (1.2 if rows == 2 else 1)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


@pytest.mark.parametrize("role", PAGES)
def test_our_pages_pass_axe_in_the_dark_and_their_tables_scroll_on_a_phone(
    role: str, chromium: Browser, product: Product
) -> None:
    [[issue]] = product.sql(
        "SELECT p.id FROM wagtailcore_page p JOIN subscriptions_issuepage i "
        "ON i.page_ptr_id = p.id WHERE NOT p.live ORDER BY i.issue_on DESC LIMIT 1"
    )
    context = open_context(chromium, product, color_scheme="dark")
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", role)
    page.fill("#id_password", role)
    page.click("button[type=submit]")
    problems = []
    for address in PAGES[role]:
        url = address.replace("*", str(issue))
        page.set_viewport_size({"width": 1280, "height": 800})
        assert page.goto(url).ok, url  # type: ignore[union-attr]
        problems += [f"{address} {problem}" for problem in page.evaluate(AXE)]
        page.set_viewport_size({"width": 390, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth")
        problems += [f"{address} is {wide} pixels wide"] if wide > 390 else []
        for table in page.locator("main table:visible").all():
            box = table.bounding_box()
            if box and box["x"] + box["width"] > 391:
                problems.append(f"{address}: a table ends at {box['x'] + box['width']}")
    context.close()
    assert problems == []

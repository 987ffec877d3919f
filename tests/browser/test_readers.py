"""A list owner looks at who came and went, looks a reader up, makes a segment, takes the list."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_context
from tests.product import Product

SHOTS = Path("var/screenshots")
WHY = "They wrote to us."


def test_list_owner_finds_their_way(staff: Callable[[str], Page], product: Product) -> None:
    page = staff("admin")
    page.goto("/admin/readers/")
    expect(page.get_by_text("readers get our newsletters")).to_be_visible()
    assert page.locator(".readers-chart rect.came").count() == 13
    page.click("text=Look up a reader")
    page.fill("[name=email]", "Reader00007@example.org")
    page.fill("[name=why]", WHY)
    page.click("button:has-text('Look up')")
    expect(page.get_by_role("heading", name="The Weekly: confirmed")).to_be_visible()
    assert "@" not in page.url
    page.click("summary:has-text('Take them off this list')")
    page.locator("details[open] [name=why]").fill(WHY)
    page.click("details button:has-text('Take them off')")
    expect(page.get_by_text("They are off the list of The Weekly.")).to_be_visible()
    with page.expect_download() as file:
        page.locator("form[action$='/data/'] [name=why]").fill(WHY)
        page.click("button:has-text('Their data')")
    assert "reader00007@example.org" in file.value.path().read_text()
    page.click("text=Erase them …")
    page.fill("[name=why]", WHY)
    page.click("button:has-text('Erase them')")
    expect(page.get_by_text("Nothing here names them any more")).to_be_visible()

    page.goto("/admin/readers/segments/")
    page.fill("[name=name]", "Without support")
    page.select_option("[name=supporter]", "no")
    page.click("button:has-text('Make it')")
    row = page.locator("tr", has_text="Without support")
    for _ in range(120):  # the demo’s pictures come first, if it has just begun
        if "being counted" not in row.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(row).to_contain_text(re.compile(r"2,[34]\d\d"))

    page.goto("/admin/readers/export/")
    page.locator("[name=newsletters]").first.check()
    page.fill("[name=why]", WHY)
    with page.expect_download() as file:
        page.click("main button:has-text('Export')")
    lines = file.value.path().read_text().splitlines()
    assert lines[0].startswith("\ufeffemail,newsletter,status") and len(lines) > 300


@pytest.mark.rare
def test_pages_are_looked_at(chromium: Browser, product: Product) -> None:
    """On a desk and on a phone, in the light and in the dark: nothing wider than the screen."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            context = open_context(
                chromium, product, viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            page = context.new_page()
            sign_in(page)
            for name, path in PAGES.items():
                page.goto(path)
                page.screenshot(path=SHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{path}: {wide} of {width} pixels"
            look_up(page, "reader00009@example.org")
            page.screenshot(path=SHOTS / f"reader-{width}-{scheme}.png", full_page=True)
            context.close()


PAGES = {
    "readers": "/admin/readers/",
    "segments": "/admin/readers/segments/",
    "export": "/admin/readers/export/",
    "add": "/admin/readers/add/",
    "look-up": "/admin/readers/look-up/",
}


def sign_in(page: Page) -> None:
    page.goto("/admin/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


def look_up(page: Page, email: str) -> None:
    page.goto("/admin/readers/look-up/")
    page.fill("[name=email]", email)
    page.fill("[name=why]", WHY)
    page.click("button:has-text('Look up')")
    expect(page.get_by_role("heading", name="What they agreed to")).to_be_visible()

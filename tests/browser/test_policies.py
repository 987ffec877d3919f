"""The admin under its strict policy: nothing is blocked, and everything still works."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.product import Product

LISTEN = """addEventListener("securitypolicyviolation", (event) => console.error(
  `BLOCKED ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} `
  + `on ${location.href}`));"""
COMPLAINTS = re.compile("policy|Unrecognized feature|blocked", re.I)
MEANT = [
    "the server responded with a status of 4",  # a form that is refused
    "jquery.Jcrop.min.js",  # asks an old way whether this is a touch screen; the new one works
    "Executing inline event handler violates",  # the same, in the browser's words
    "Invalid time zone specified: localtime",  # Debian's list of zones has one too many
    "because the document's frame is sandboxed",  # of a desk's previews: nothing runs there
    "/preview/no-pictures/", "\"img-src 'none'\"",  # how a mail looks without pictures
]  # fmt: skip
PLACEHOLDER = """[...document.querySelectorAll(".Draftail-block--empty")]
  .map((block) => getComputedStyle(block, "::before").content).join()"""
CRAWLED = 120  # pages; there are about a hundred kinds
NOT_PAGES = re.compile(r"/logout/|\.csv|export=|/sprite/|/jsi18n/")


@pytest.fixture
def watched(staff: Any, product: Product) -> Iterator[Any]:
    """``staff``, whose pages have nothing blocked, no error in their console, and no 5xx."""
    found: set[str] = set()

    def log_in(name: str) -> Page:
        page: Page = staff(name)
        page.context.add_init_script(LISTEN)
        page.on("console", lambda said: found.add(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: found.add(f"{error} on {page.url}"))
        page.on("response", lambda a: found.add(a.url) if a.status >= 500 else None)
        return page

    yield log_in
    assert sorted(found) == [], product.output()[-3000:]


def is_complaint(said: Any) -> bool:
    meant = any(words in said.text for words in MEANT)
    return not meant and (said.type == "error" or bool(COMPLAINTS.search(said.text)))


def test_editor_writes_an_article(watched: Any, product: Product) -> None:
    page: Page = watched("editor")
    title = f"Under a strict policy {random.randrange(10**6)}"
    [(section,)] = product.sql("SELECT id FROM wagtailcore_page WHERE slug = 'politics'")
    page.goto(f"/admin/pages/add/newsroom/articlepage/{section}/")
    page.fill("#id_title", title)
    page.fill("#id_deck", "Nothing is lost.")
    # A chooser that comes with the page's form.
    page.locator("#id_lead_image-chooser").get_by_role("button", name="Choose").first.click()
    page.locator(".modal-body a[data-chooser-modal-choice]").first.click()
    expect(page.locator("#id_lead_image-chooser img")).to_be_visible()
    # A form within the form, and a chooser in it.
    page.get_by_role("button", name="Add byline").click()
    author = page.locator("#id_bylines-0-author-chooser")
    author.get_by_role("button", name="Choose").first.click()
    page.locator(".modal-body a[data-chooser-modal-choice]").first.click()
    expect(author.locator(".chooser__title")).not_to_be_empty()
    # Rich text, its words for an empty line, and a link made by the page chooser.
    page.get_by_role("button", name="Insert a block").first.click()
    page.get_by_role("option", name="Text").first.click()
    text = page.locator(".Draftail-Editor [contenteditable]").last
    expect(text).to_be_visible()
    placeholder = (
        "getComputedStyle(document.querySelector('.Draftail-block--empty'), '::before').content"
    )
    assert "Write something" in page.evaluate(placeholder)
    text.click()
    page.keyboard.type("Written under it.")
    page.screenshot(path=str(product.var / "policies-article.png"), full_page=True)
    # Dates.
    page.get_by_role("tab", name="Around it").click()
    page.locator("#id_published_at").click()
    expect(page.locator(".xdsoft_datetimepicker:visible").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Story").click()
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/admin/pages/\d+/edit/"))
    # The preview beside the editor.
    page.get_by_role("button", name="Toggle preview").click()
    preview = page.frame_locator("#w-preview-iframe")
    expect(preview.locator("h1")).to_have_text(title)


def test_editor_uploads_a_picture(watched: Any, product: Product, tmp_path: Path) -> None:
    page: Page = watched("editor")
    Image.new("RGB", (640, 480), f"#{random.randrange(2**24):06x}").save(tmp_path / "lake.jpg")
    page.goto("/admin/images/multiple/add/")
    page.set_input_files("input[type=file]", tmp_path / "lake.jpg")
    expect(
        page.locator(".upload-list .preview img, .upload-list .preview canvas").first
    ).to_be_visible()
    expect(page.get_by_label("Title").first).to_be_visible()


@pytest.mark.rare
def test_administrator_sees_every_kind_of_page(watched: Any) -> None:
    page: Page = watched("admin")
    waiting, seen = ["/admin/", "/admin/account/", "/admin/reports/site-history/"], set()
    while waiting and len(seen) < CRAWLED:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|[0-9a-f-]{36}", "0", path)
        if kind in seen or NOT_PAGES.search(path):
            continue
        seen.add(kind)
        page.goto(path)
        waiting += page.eval_on_selector_all(
            "a[href]", "all => all.map(a => a.pathname).filter(p => p.startsWith('/admin/'))"
        )
    assert len(seen) > 60

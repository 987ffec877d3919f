"""An editor arranges the front page, looks at it, publishes it, and takes it back."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import requests
from playwright.sync_api import Locator, Page, expect

from tests.product import Product


def choose(page: Page, button: Locator, words: str) -> None:
    """In the window that a chooser opens."""
    button.click()
    window = page.locator(".modal-body")
    window.locator("input[name=q]").fill(words)
    window.get_by_role("link", name=words).first.click()
    expect(window).to_have_count(0)


def test_an_editor_pins_a_lead_adds_a_topic_publishes_and_takes_it_back(
    staff: Any, product: Product
) -> None:
    page = staff("editor")
    page.goto("/")
    before = page.locator(".front-lead .teaser-title").inner_text()
    wanted = "A festival without titles"
    [(home,)] = product.sql("SELECT page_ptr_id FROM newsroom_homepage")
    [(topic,)] = product.sql(
        "SELECT name FROM taggit_tag t JOIN newsroom_articletag a ON a.tag_id = t.id"
        " GROUP BY name ORDER BY count(*) DESC, name LIMIT 1"
    )
    page.goto(f"/admin/pages/{home}/edit/")
    page.wait_for_timeout(4000)  # Wagtail first remembers what is in the form
    top = page.locator("[data-contentpath=lead]")
    choose(page, top.locator("[data-chooser-action-choose]").first, wanted)
    page.get_by_title("Insert a block").nth(1).click()
    page.get_by_role("option", name="Row of articles").click()
    row = page.locator("[data-contentpath=topic]").nth(1)
    choose(page, row.get_by_role("button", name="Choose a topic"), topic)

    page.get_by_role("button", name="Toggle preview").click()
    preview = page.frame_locator("iframe[title=Preview]").first
    expect(preview.locator(".front-lead .teaser-title")).to_have_text(wanted)
    expect(preview.locator(".row-title").first).to_have_text(topic)
    assert requested(page) == before

    page.get_by_role("button", name="More actions").click()
    page.click("button[name=action-publish]")
    expect(page.locator(".messages .success")).to_contain_text("published")
    assert requested(page) == wanted

    page.goto("/admin/front-page/take-back/")
    expect(page.locator("main")).to_contain_text("editor")
    page.get_by_role("button", name=re.compile("Take it back")).click()
    expect(page.locator(".messages .success")).to_contain_text("Taken back")
    assert requested(page) == before


def requested(page: Page) -> str:
    """The lead story that readers see now."""
    front = requests.get(urljoin(page.url, "/"), timeout=30).text
    lead = re.search(r'front-lead.*?class="teaser-title"><a [^>]*>([^<]+)', front, re.DOTALL)
    return unescape(lead[1]) if lead else ""

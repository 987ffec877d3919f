"""An editor at an article: its schedule, and a session that ends while they type."""

import re
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.product import Product


def new_article(page: Page, product: Product, title: str) -> None:
    [(section,)] = product.sql("SELECT id FROM wagtailcore_page WHERE slug = 'politics'")
    page.goto(f"/admin/pages/add/newsroom/articlepage/{section}/")
    page.wait_for_timeout(4000)  # Wagtail first remembers what is in the form
    page.locator("#id_title").press_sequentially(title)  # the slug follows each key
    is_saved(page)


def is_saved(page: Page) -> None:
    saved = expect(page.locator("#w-autosave-indicator"))
    saved.to_have_attribute("data-w-autosave-state-value", "saved")


def publish(page: Page) -> None:
    page.get_by_role("button", name="More actions").click()
    page.click("button[name=action-publish]")


def sign_in_again(page: Page, name: str) -> None:
    dialog = page.get_by_role("dialog", name="You are signed out")
    frame = dialog.frame_locator("iframe")
    frame.locator("input[name=username]").fill(name)
    frame.locator("input[name=password]").fill(name)
    frame.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)


@pytest.mark.rare
def test_a_future_time_shown_is_the_schedule_and_the_beat_keeps_it(
    staff: Any, product: Product
) -> None:
    page = staff("editor")
    new_article(page, product, "The bridge opens on time")
    expect(page.get_by_role("button", name=re.compile("comments", re.IGNORECASE))).to_be_visible()
    page.fill("#id_deck", "There is something to read.")
    page.get_by_role("tab", name="Around it").click()
    due = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(seconds=90)
    page.fill("#id_published_at", f"{due:%Y-%m-%d %H:%M}")
    page.press("#id_published_at", "Escape")  # its calendar would lie over the buttons
    page.get_by_role("tab", name="Story").click()
    publish(page)
    expect(page.locator(".messages .success")).to_contain_text("scheduled for publishing")
    feed = f"{product.web}/feed/"
    assert "The bridge opens on time" not in requests.get(feed, timeout=30).text
    until = time.monotonic() + 240
    while "The bridge opens on time" not in requests.get(feed, timeout=30).text:
        assert time.monotonic() < until
        time.sleep(3)
    assert datetime.now(due.tzinfo) >= due.replace(second=0, microsecond=0)


def test_what_was_typed_survives_the_end_of_the_session(staff: Any, product: Product) -> None:
    page = staff("editor")
    new_article(page, product, "Typed through the night")
    product.sql("DELETE FROM accounts_staffsession RETURNING 1")
    page.fill("#id_deck", "Found out by autosave.")
    sign_in_again(page, "editor")
    is_saved(page)
    product.sql("DELETE FROM accounts_staffsession RETURNING 1")
    page.context.clear_cookies()
    page.fill("#id_deck", "Found out by the button.")
    page.locator("button[name=action-publish]").dispatch_event("click")
    sign_in_again(page, "editor")
    expect(page.locator(".messages .success")).to_contain_text("has been published")
    assert "Found out by the button." in requests.get(f"{product.web}/feed/", timeout=30).text

"""A reader looks after themselves, by links in mails alone and without JavaScript."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import open_context
from tests.browser.test_reading import link_in, unique
from tests.product import Product


def subscribed(page: Page, product: Product, address: str) -> str:
    """Sign up and confirm; the link to their own page."""
    page.goto("/newsletter/weekly/signup/")
    page.fill(".box-signup input[name=email]", address)
    page.check(".box-signup input[name=consent]")
    page.click(".box-signup button")
    page.goto(link_in(product.mail_to(address, "Please confirm"), "/confirm/"))
    page.get_by_role("button", name="Yes, subscribe me").click()
    return link_in(product.mail_to(address, "Welcome"), "/preferences/")


def fits(page: Page) -> None:
    """No wider than the screen, small or large, on a light or a dark one."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_reader_pauses_moves_takes_their_data_and_goes(
    chromium, product: Product, tmp_path: Path
) -> None:
    context = open_context(chromium, product, java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    old, new = unique(page, "old"), unique(page, "new")
    page.goto(subscribed(page, product, old))
    fits(page)
    page.get_by_role("button", name="4 weeks").click()
    expect(page.get_by_text("No mail until")).to_be_visible()
    page.get_by_role("button", name="Go on now").click()
    expect(page.get_by_text("It comes every Friday")).to_be_visible()
    page.get_by_label("speak").select_option("de")
    page.get_by_role("button", name="Change the language").click()
    expect(page.get_by_role("heading", name="Ihre Newsletter")).to_be_visible()
    page.locator("select#language").select_option("en")
    page.get_by_role("button", name="Sprache ändern").click()

    page.get_by_role("link", name="another address").click()
    fits(page)
    page.get_by_label("new e-mail address").fill("nonsense")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("does not look like an e-mail address")).to_be_visible()
    page.get_by_label("new e-mail address").fill(new)
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("two mails are on their way")).to_be_visible()
    for address, subject in ((old, "Another address"), (new, "Newsletters at this address")):
        page.goto(link_in(product.mail_to(address, subject), "/address/"))
        fits(page)
        page.get_by_role("button", name="Yes, change it").click()
    expect(page.get_by_text("come to the new address from now on")).to_be_visible()
    product.mail_to(old, "have another address now")

    page.locator("main").get_by_role("link", name="Your newsletters").click()
    own = page.url
    page.get_by_role("link", name="See and download").click()
    page.get_by_role("button", name="Mail me the link").click()
    expect(page.get_by_text("on its way")).to_be_visible()
    page.goto(link_in(product.mail_to(new, "Your data"), "/data/"))
    expect(page.get_by_text(new)).to_be_visible()
    fits(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "data.json")
    assert json.loads((tmp_path / "data.json").read_text())["email"] == new

    welcome = link_in(product.mail_to(old, "Welcome"), "/unsubscribe/")
    page.goto(welcome)
    page.get_by_role("button", name="Unsubscribe").click()
    fits(page)
    page.get_by_label("It comes too often").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your answer is counted.")).to_be_visible()
    page.goto(welcome)  # in the former mailbox: it leads out, and nowhere else
    expect(page.get_by_role("link", name="your own page")).to_have_count(0)
    page.goto(own)
    page.get_by_role("link", name="Have it erased").click()
    fits(page)
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    context.close()

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import first_article
from tests.environment import ROOT
from tests.product import Product


def unique(page: Page, name: str) -> str:
    """An address per kind of reader, so that the two runs don't meet."""
    return f"{name}-{abs(hash(page))}@example.org"


def link_in(mail: dict, part: str) -> str:
    return next(word for word in mail["text"].split() if part in word)


def test_reader_signs_up_confirms_and_unsubscribes(reader: Page, product: Product) -> None:
    address = unique(reader, "ann")
    first_article(reader)
    reader.fill(".box-signup input[name=email]", "not an address")
    reader.click(".box-signup button")
    expect(reader.get_by_text("does not look like an e-mail address")).to_be_visible()
    expect(reader.locator(".box-signup input[name=email]")).to_have_value("not an address")
    expect(reader.get_by_text("agree to the privacy policy to subscribe")).to_be_visible()
    reader.fill(".box-signup input[name=email]", address)
    reader.check(".box-signup input[name=consent]")
    reader.click(".box-signup button")
    expect(reader.get_by_role("heading", name="Check your inbox")).to_be_visible()

    confirm = link_in(product.mail_to(address, "Please confirm"), "/confirm/")
    reader.goto(confirm)
    reader.get_by_role("button", name="Yes, subscribe me").click()
    expect(reader.get_by_role("heading", name="You are subscribed")).to_be_visible()
    welcome = product.mail_to(address, "Welcome")
    reader.goto(link_in(welcome, "/unsubscribe/"))
    reader.get_by_role("button", name="Unsubscribe").click()
    expect(reader.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    reader.get_by_role("button", name="Subscribe again").click()
    expect(reader.get_by_text("It comes every Friday")).to_be_visible()


@pytest.mark.rare
def test_reader_hardly_notices_that_machines_fill_in_forms(reader: Page, product: Product) -> None:
    """The brake of newsroom/mail/asked.py: a sum in the browser, or a wait."""
    code = (
        "import time; from django.core.cache import cache;"
        "[cache.set(f'asked:{int(time.time()) // 60 + n}', 999, 300) for n in range(3)]"
    )
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    subprocess.run(command, cwd=ROOT, env=product.environment, check=True)
    address = unique(reader, "patient")
    reader.goto("/newsletter/weekly/signup/")
    reader.fill(".box-signup input[name=email]", address)
    reader.check(".box-signup input[name=consent]")
    reader.click(".box-signup button")
    done = reader.get_by_role("heading", name="Check your inbox")
    waiting = reader.get_by_text("Please wait 20 seconds")
    expect(done.or_(waiting)).to_be_visible(timeout=60_000)
    if waiting.is_visible():  # without JavaScript
        reader.wait_for_timeout(21_000)
        reader.click(".box-signup button")
    expect(done).to_be_visible()
    product.mail_to(address, "Please confirm")


def test_reader_previews_the_latest_issue(reader: Page, product: Product) -> None:
    first_article(reader)
    reader.click(".box-signup >> text=Preview")
    expect(reader.locator("h1")).to_be_visible()
    assert "/newsletter/weekly/" in reader.url


def test_reader_finds_an_article_by_searching(reader: Page, product: Product) -> None:
    reader.goto("/")
    reader.get_by_role("link", name="Search").click()
    reader.fill("#q", "accordion")
    reader.get_by_role("button", name="Search").click()
    expect(reader.locator("mark").first).to_have_text("accordion")
    reader.fill("#q", "acordion")
    reader.locator(".narrowed summary").click()
    reader.select_option("#sort", "date")
    reader.get_by_role("button", name="Search").click()
    expect(reader.get_by_role("status")).to_contain_text("This is about “accordion”")
    expect(reader.locator("#sort")).to_have_value("date")
    reader.click("text=Why everyone in Ostrev")
    expect(reader.locator("h1")).to_contain_text("accordion")
    expect(reader.locator(".byline")).to_contain_text("min read")


def test_pages_fit_the_narrowest_screen(chromium, product: Product) -> None:
    context = chromium.new_context(base_url=product.web, viewport={"width": 320, "height": 700})
    page = context.new_page()
    for path in ("/", "/politics/", "/support/", "/newsletter/weekly/", "/support/manage/", "/x/"):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, path
    context.close()


def test_editor_publishes_an_article(staff, product: Product) -> None:
    page = staff("editor")
    [(section,)] = product.sql("SELECT id FROM wagtailcore_page WHERE slug = 'politics'")
    page.goto(f"/admin/pages/add/newsroom/articlepage/{section}/")
    page.fill("#id_title", "The bridge is open again")
    page.fill("#id_deck", "For everyone, and for good.")
    page.get_by_role("button", name="More actions").click()
    page.click("button[name=action-publish]")
    expect(page.locator(".messages .success")).to_be_visible()
    page.goto("/")
    page.click(".front-lead >> text=The bridge is open again")
    expect(page.locator("h1")).to_have_text("The bridge is open again")


def test_lists_can_be_printed(reader: Page, product: Product) -> None:
    reader.emulate_media(media="print")
    reader.goto("/")
    section = reader.locator(".row-title a").first.get_attribute("href")
    topic = "/topic/data/"
    for path in ("/", str(section), topic, "/search/?q=accordion"):
        reader.goto(path)
        expect(reader.locator("main .teaser-title").last).to_be_visible()
        expect(reader.locator(".site-footer ul").first).to_be_hidden()
    reader.locator("main .teaser-title a").first.click()
    expect(reader.locator("article.article h1")).to_be_visible()
    expect(reader.locator(".related")).to_be_hidden()
    name, headline = (reader.locator(one).first.bounding_box() for one in (".masthead-name", "h1"))
    assert name and headline and name["x"] == headline["x"] == 0
    expect(reader.locator("figcaption").first).to_have_css("padding-left", "0px")


def test_lead_without_picture_fills_its_place(reader: Page, product: Product) -> None:
    """As tests/newsroom/publishing/test_pages.py sees it marked; the demo's has a picture."""
    unpictured = """() => {
        const lead = document.querySelector(".teaser-big");
        lead.classList.add("teaser-words");
        lead.querySelector(".teaser-image")?.remove();
    }"""
    for width in (1280, 1920):
        reader.set_viewport_size({"width": width, "height": 900})
        reader.goto("/")
        reader.evaluate(unpictured)
        place, lead, words = (
            reader.locator(name).bounding_box()
            for name in (".front", ".teaser-words", ".teaser-words > div")
        )
        assert place and lead and lead["height"] > 0.95 * place["height"]
        assert words and words["width"] > 0.7 * lead["width"]
    reader.set_viewport_size({"width": 360, "height": 844})
    assert reader.evaluate("document.documentElement.scrollWidth") <= 360

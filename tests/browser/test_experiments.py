"""An experiment of the ask, from its plan to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_context
from tests.browser.test_giving import pay
from tests.product import Product

READERS = 30  # at most, until each appeal has one: chance is mistaken once in a billion times


def test_two_readers_keep_their_appeals_and_what_one_gives_is_counted(
    staff: Any, chromium: Browser, product: Product
) -> None:
    finance = staff("finance")
    first = plan(finance, product)
    with preview(finance, "In an issue’s mail") as shown:
        expect(shown.get_by_text("Another way to ask")).to_be_visible()
    finance.get_by_text("Begin …").click()
    finance.get_by_role("button", name="Yes, begin").click()
    expect(finance.get_by_text("Runs, from")).to_be_visible()

    with browser(chromium, product) as somebody:
        articles = other_articles(somebody)
    readers = one_of_each(chromium, product, first, articles[0])
    for title, reader in readers.items():
        for address in articles:
            reader.goto(address)
            expect(reader.locator(".box-ask h2")).to_have_text(title)
    giver = readers["Another way to ask"]
    giver.get_by_role("button", name="Continue").click()
    pay(giver, "experiment@example.org")
    expect(giver.get_by_role("heading", name="Thank you")).to_be_visible()
    arrived = "SELECT 1 FROM donations_contribution c JOIN donations_checkout k ON k.id ="
    product.until(lambda: product.sql(f"{arrived} c.checkout_id WHERE k.variant_id IS NOT NULL"))
    finance.reload()
    numbers = finance.locator(".finance-experiment-numbers tbody tr")
    for row, count in zip(numbers.all(), ("0", "1"), strict=True):
        for column in (1, 2):  # continued, gave
            expect(row.locator("td").nth(column)).to_have_text(count)

    finance.get_by_text("Stop …").click()
    finance.get_by_label(f"A: {first}").check()
    finance.get_by_role("button", name="Yes, stop it").click()
    expect(finance.get_by_text(f"A: {first} goes on.")).to_be_visible()
    with browser(chromium, product) as newcomer:
        newcomer.goto(articles[0])
        expect(newcomer.locator(".box-ask h2")).to_have_text(first)
    for reader in readers.values():
        reader.context.close()


def plan(finance: Page, product: Product) -> str:
    """The running appeal, whose title is returned, and a copy of it as a draft."""
    [(number, first)] = product.sql(
        "SELECT id, title FROM donations_appeal WHERE live AND language = ''"
    )
    finance.goto(f"/admin/appeals/copy/{number}/", wait_until="commit")
    finance.fill("[name=title]", "Another way to ask")
    finance.get_by_role("button", name="Save draft").first.click()
    product.until(lambda: product.sql("SELECT 1 FROM donations_appeal WHERE NOT live"))
    finance.goto("/admin/experiments/new/")
    finance.fill("[name=name]", "Words")
    for place, title in enumerate((first, "Another way to ask")):
        finance.locator(f"[name=variants-{place}-appeal]").select_option(label=title)
    finance.get_by_role("button", name="Create").click()
    product.until(lambda: product.sql("SELECT 1 FROM donations_experiment"))
    [(made,)] = product.sql("SELECT id FROM donations_experiment")
    finance.goto(f"/admin/experiments/inspect/{made}/", wait_until="commit")
    return str(first)


@contextmanager
def preview(finance: Page, mode: str) -> Iterator[Page]:
    """Of the last appeal; it opens beside the page."""
    with finance.context.expect_page() as opened:
        finance.get_by_role("link", name=mode).last.click()
    yield opened.value
    opened.value.close()


@contextmanager
def browser(chromium: Browser, product: Product) -> Iterator[Page]:
    context = open_context(chromium, product, java_script_enabled=False)
    yield context.new_page()
    context.close()


def one_of_each(chromium: Browser, product: Product, first: str, article: str) -> dict[str, Page]:
    """Readers with new browsers come until each appeal was drawn for somebody."""
    found: dict[str, Page] = {}
    for _ in range(READERS):
        context = open_context(chromium, product, java_script_enabled=False)
        box = context.request.get(article).text().partition('class="box box-ask')[2]
        drawn = "Another way to ask" if "Another way to ask" in box else first
        if drawn in found:
            context.close()
            continue
        found[drawn] = context.new_page()
        if len(found) == 2:
            return found
    raise AssertionError("It was always the same one.")


def other_articles(reader: Page) -> list[str]:
    reader.goto("/")
    links = reader.locator(".teaser-title a").all()
    return [str(link.get_attribute("href")) for link in links[1:3]]

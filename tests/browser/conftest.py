"""A real Chromium on the running product, with JavaScript and without it."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.product import Product, running
from tests.tools import CHROMIUM

expect.set_options(timeout=15_000)  # as for actions: two halves share two cores
# Chromium would otherwise look for its maker's hosts at every start.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these are skipped, unless BROWSER=required."""
    if shutil.which(CHROMIUM) or os.environ.get("BROWSER") == "required":
        return
    skip = pytest.mark.skip(reason="no Chromium: sudo apt install chromium-headless-shell")
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(skip)


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    with running("browser") as product:
        yield product


@pytest.fixture(scope="package")  # Playwright's loop would be in the way of others' asyncio
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


def open_context(chromium: Browser, product: Product, **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=product.web, **options)
    context.set_default_timeout(15_000)
    return context


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def reader(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[Page]:
    """A reader's page. Fails the test if anything was asked of another host, or an error came."""
    context = open_context(chromium, product, java_script_enabled=request.param)
    page = context.new_page()
    ours = (product.web, product.stripe, product.mail, "data:")
    strays: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: None if r.url.startswith(ours) else strays.append(r.url))
    page.on("console", lambda m: errors.append(m.text) if failed_here(m, product) else None)
    yield page
    context.close()
    assert strays == []
    assert errors == []


def failed_here(message: Any, product: Product) -> bool:
    """An error on one of our own pages; a form's 422 is meant, and a 429 that asks for work."""
    ours = message.location["url"].startswith(product.web)
    meant = "422" in message.text or "429" in message.text
    return message.type == "error" and ours and not meant


@pytest.fixture
def staff(chromium: Browser, product: Product) -> Iterator[Any]:
    """A function that logs in one of the demo's staff and gives their page."""
    contexts = []

    def log_in(name: str) -> Page:
        context = open_context(chromium, product, viewport={"width": 1400, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.goto("/admin/login/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", name)
        page.click("button[type=submit]")
        page.wait_for_url(re.compile("/admin/$"))
        return page

    yield log_in
    for context in contexts:
        context.close()


def first_article(page: Page) -> str:
    """Open the front page's lead story; its address."""
    page.goto("/")
    page.click(".front-lead .teaser-title a")
    return page.url

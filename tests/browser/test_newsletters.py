"""Several newsletters with one confirmation, by the footer, without JavaScript."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_context
from tests.browser.test_own_page import fits
from tests.browser.test_reading import link_in
from tests.environment import ROOT
from tests.product import Product


@pytest.fixture
def daily(product: Product) -> Iterator[None]:
    """A second newsletter, for as long as this takes."""

    def do(code: str) -> None:
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
        subprocess.run(command, cwd=ROOT, env=product.environment, check=True)

    do(
        "from subscriptions.models import Newsletter, NewsletterIndexPage as Index;"
        "Index.objects.get().add_child(instance=Newsletter(title='The Daily', slug='daily',"
        "sender_name='X', sender_address='news@example.org'))"
    )
    yield
    do(
        "from subscriptions.models import Newsletter;"
        "Newsletter.objects.filter(slug='daily').update(live=False)"
    )


@pytest.mark.usefixtures("daily")
def test_reader_ticks_two_newsletters_and_confirms_them_with_one_press(
    chromium, product: Product
) -> None:
    for scheme in ("light", "dark"):
        context = open_context(chromium, product, java_script_enabled=False, color_scheme=scheme)
        page = context.new_page()
        typed, meant = f"{scheme}@gmial.com", f"{scheme}@gmail.com"
        walk(page, product, typed, meant)
        context.close()


def walk(page: Page, product: Product, typed: str, meant: str) -> None:
    page.goto("/")
    fits(page)
    page.fill("footer input[name=email]", typed)
    page.locator("footer").get_by_role("button", name="Subscribe").click()
    fits(page)
    box = page.locator(".box-signup")
    expect(box.get_by_label("Your e-mail address")).to_have_value(typed)
    box.get_by_role("button", name="Subscribe").click()
    expect(box.get_by_text("choose at least one newsletter")).to_be_visible()
    expect(box.get_by_text(f"Did you mean {meant}?")).to_be_visible()
    fits(page)
    for choice in box.get_by_role("checkbox").all():
        choice.check()
    box.get_by_role("button", name=f"Yes, {meant}").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    page.goto(link_in(product.mail_to(meant, "Please confirm"), "/confirm/"))
    fits(page)
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_text("The Daily")).to_be_visible()
    product.mail_to(meant, "Welcome: The Daily")

import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import first_article
from tests.browser.test_reading import link_in, unique
from tests.environment import ROOT
from tests.product import Product


def pay(page: Page, address: str) -> None:
    """Fill in Stripe's page, once it is there: an article has a field for an address, too."""
    expect(page.get_by_role("heading", name="Pay ")).to_be_visible()
    page.fill("input[name=email]", address)
    page.fill("input[name=name]", "Ann Reader")
    page.click("form button")


@pytest.mark.parametrize(
    ("frequency", "amount"), [("Once", "$25"), ("Monthly", "$10"), ("Annual", "$100")]
)
def test_reader_gives(reader: Page, product: Product, frequency: str, amount: str) -> None:
    address = unique(reader, frequency.lower())
    article = first_article(reader)
    reader.click(f".tab:has-text('{frequency}')")
    reader.click(f".amounts-{frequency.lower()} label:has-text('{amount}') >> nth=0")
    reader.get_by_role("button", name="Continue").click()
    pay(reader, address)
    expect(reader.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(reader.get_by_text(amount)).to_be_visible()
    reader.goto(article)
    expect(reader.locator(".box-ask")).to_have_count(0)
    assert "Thank you" in product.mail_to(address, "Thank you")["text"]
    status = product.sql(
        "SELECT status FROM donations_contribution ORDER BY created_at DESC LIMIT 1"
    )
    assert status == [("succeeded",)]


def test_amount_below_the_minimum_is_kept_and_explained(reader: Page) -> None:
    reader.goto("/support/")
    reader.fill("#give-own", "1")
    reader.get_by_role("button", name="Continue").click()
    expect(reader.get_by_text("The smallest amount is $2.")).to_be_visible()
    expect(reader.locator("#give-own")).to_have_value("1")
    reader.fill("#give-own", "2")
    reader.get_by_role("button", name="Continue").click()
    expect(reader.get_by_text("Pay 2.00 USD")).to_be_visible()


def test_amount_that_can_mean_two_is_asked_about(reader: Page) -> None:
    """The form stays on its page; Enter presses “Continue”, and so asks again."""
    reader.goto("/support/")
    reader.fill("#give-own", "5.000")
    expect(reader.locator("[data-fee-text]")).to_be_empty()
    reader.get_by_role("button", name="Continue").click()
    expect(reader.get_by_text("Which amount do you mean?")).to_be_visible()
    reader.press("#give-own", "Enter")
    expect(reader.get_by_text("Which amount do you mean?")).to_be_visible()
    reader.get_by_role("button", name="$5,000").click()
    expect(reader.get_by_text("Pay 5,000.00 USD")).to_be_visible()


@pytest.mark.parametrize(
    ("typed", "fee"),
    [
        ("1 000,50", "30.20"),
        ("1.000,50", "30.20"),
        ("$ 10", "0.61"),
        ("۱۰٫۵", "0.63"),
        ("10 €", ""),
    ],
)
def test_hints_read_amounts_as_the_server_does(
    chromium, product: Product, typed: str, fee: str
) -> None:
    page = chromium.new_page(base_url=product.web, locale="en-US")
    page.goto("/support/")
    page.fill("#give-own", typed)
    shown = f"(about ${fee} more)" if fee else ""
    expect(page.locator("[data-fee-text]")).to_have_text(shown)
    page.close()


def test_form_tells_what_it_is_per_day_and_what_the_fee_adds(chromium, product: Product) -> None:
    page = chromium.new_page(base_url=product.web, locale="de-DE")
    page.goto("/support/")
    page.fill("#give-own", "30,50")
    expect(page.get_by_text(re.compile(r"Das sind 1,01\s€ am Tag\."))).to_be_visible()
    page.locator("summary", has_text="Gebühr übernehmen").click()
    page.check("input[name=cover_fee]")
    expect(page.get_by_text(re.compile(r"etwa 1,17\s€ mehr"))).to_be_visible()
    page.click(".tab:has-text('Einmalig')")
    expect(page.locator("[data-per-day]")).to_be_hidden()
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("Pay 31.67 EUR")).to_be_visible()
    page.close()


def test_box_in_an_article_stays_there_until_stripe(chromium, product: Product) -> None:
    """No page is loaded for another currency, nor for a correction."""
    page = chromium.new_page(base_url=product.web, locale="en-US")
    article = first_article(page)
    page.click(".tab:has-text('Once')")
    page.locator(".extras summary").click()
    page.locator(".box-ask").get_by_role("link", name="JPY").click()
    expect(page.get_by_text("Or your own amount in JPY")).to_be_visible()
    expect(page.locator("#give-once")).to_be_checked()
    page.fill("#give-own", "2.5")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("no decimals: please enter a whole number")).to_be_visible()
    assert page.url.endswith(article.removeprefix(product.web))
    page.fill("#give-own", "2500")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Pay 2,500 JPY")).to_be_visible()
    page.close()


@pytest.mark.rare
def test_while_cards_are_tried_a_browser_does_a_sum_and_goes_on(chromium, product: Product) -> None:
    page = chromium.new_page(base_url=product.web)
    breaker(product, "set", 1)
    try:
        page.goto("/support/?frequency=once&amount=50")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("Pay 50.00 USD")).to_be_visible(timeout=60_000)
    finally:
        breaker(product, "delete")
    page.close()


def breaker(product: Product, do: str, *value: int) -> None:
    """Trip the breaker of card_testing.py, or reset it."""
    code = f"from django.core.cache import cache; cache.{do}{('checkout-breaker', *value)}"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    subprocess.run(command, cwd=ROOT, env=product.environment, check=True)


def test_donor_leaves_a_word(reader: Page, product: Product) -> None:
    reader.goto("/support/?frequency=once&amount=50")
    reader.get_by_role("button", name="Continue").click()
    pay(reader, unique(reader, "word"))
    reader.fill("#message", "Keep going.")
    reader.get_by_role("button", name="Send").click()
    expect(reader.get_by_text("We read every one of them")).to_be_visible()


def test_pressing_twice_makes_one_session(chromium, product: Product) -> None:
    page = chromium.new_page(base_url=product.web)
    page.goto("/support/?frequency=once&amount=50")
    before = product.sql("SELECT count(*) FROM donations_checkout")[0][0]
    page.get_by_role("button", name="Continue").dblclick()
    expect(page.get_by_text("Pay 50.00 USD")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Pay 50.00 USD")).to_be_visible()
    assert product.sql("SELECT count(*) FROM donations_checkout")[0][0] == before + 1
    page.close()


def test_webhooks_alone_find_a_contribution_and_its_renewal(reader: Page, product: Product) -> None:
    address = unique(reader, "renewal")
    reader.goto("/support/?frequency=monthly&amount=20")
    reader.get_by_role("button", name="Continue").click()
    reader.wait_for_url("**/c/pay/**")
    count = "SELECT count(*) FROM donations_contribution WHERE status = 'succeeded'"
    before = product.sql(count)[0][0]
    # The reader closes the tab: nobody comes back to our thanks page.
    form = {"email": address, "name": "Ann", "card": "4242424242424242"}
    requests.post(reader.url, data=form, allow_redirects=False, timeout=10)
    product.until(lambda: product.sql(count)[0][0] == before + 1)
    product.mail_to(address, "Thank you")
    requests.post(f"{product.stripe}/advance", data={"days": 32}, timeout=60)
    renewals = (
        "SELECT count(*) FROM donations_contribution WHERE recurring_id ="
        " (SELECT max(id) FROM donations_recurringcontribution)"
    )
    product.until(lambda: product.sql(renewals)[0][0] == 2)


def test_declined_card_can_be_replaced(reader: Page) -> None:
    reader.goto("/support/?frequency=once&amount=10")
    reader.get_by_role("button", name="Continue").click()
    reader.check("input[value='4000000000000002']")
    pay(reader, unique(reader, "declined"))
    expect(reader.get_by_text("Your card was declined.")).to_be_visible()
    reader.check("input[value='4000002500003155']")
    reader.click("form button")
    reader.get_by_role("button", name="Approve").click()
    expect(reader.get_by_role("heading", name="Thank you")).to_be_visible()


def test_donor_changes_what_they_give_by_a_mailed_link(reader: Page, product: Product) -> None:
    address = unique(reader, "manage")
    reader.goto("/support/?frequency=monthly&amount=5")
    reader.get_by_role("button", name="Continue").click()
    pay(reader, address)
    expect(reader.get_by_role("heading", name="Thank you")).to_be_visible()
    reader.goto("/support/manage/")
    reader.fill("#manage-email", address)
    reader.get_by_role("button", name="Mail me the link").click()
    expect(reader.get_by_text("is on its way")).to_be_visible()
    reader.goto(link_in(product.mail_to(address, "Your link"), "/support/manage/"))
    page = reader.url
    reader.locator("summary", has_text="Give another amount").click()
    reader.get_by_label("Amount in USD").first.fill("7")
    reader.get_by_role("button", name="Change the amount").click()
    expect(reader.get_by_text("$5 monthly")).to_be_visible()
    reader.get_by_role("button", name="Confirm").click()
    expect(reader.get_by_text("From the next payment on it is $7")).to_be_visible()
    reader.screenshot(path=str(product.var / "manage.png"), full_page=True)
    reader.get_by_role("button", name="Change the card").click()
    reader.get_by_role("link", name="Return").click()
    reader.goto(page)
    with reader.expect_download() as download:
        reader.locator("td a[download]").click()
    assert download.value.suggested_filename.startswith("receipt-20")
    reader.locator("summary", has_text="Cancel").click()
    reader.get_by_role("button", name="Cancel", exact=True).click()
    expect(reader.get_by_text("Nothing more is charged. Thank you")).to_be_visible()
    expect(reader.get_by_text("Ends on")).to_be_visible()
    reader.get_by_role("button", name="Let it go on").click()
    expect(reader.get_by_text("It goes on")).to_be_visible()
    reader.get_by_role("link", name="have it erased").click()
    reader.get_by_role("button", name="Erase everything").click()
    expect(reader.get_by_text("We no longer know who you are")).to_be_visible()

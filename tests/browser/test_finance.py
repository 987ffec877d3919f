from playwright.sync_api import Page, expect

from tests.browser.test_giving import pay
from tests.browser.test_reading import unique
from tests.product import Product


def test_finance_sees_the_contribution(staff, reader: Page, product: Product) -> None:
    address = unique(reader, "finance")
    reader.goto("/support/?frequency=once&amount=33")
    reader.get_by_role("button", name="Continue").click()
    pay(reader, address)
    expect(reader.get_by_role("heading", name="Thank you")).to_be_visible()
    page = staff("finance")
    page.goto("/admin/contributions/")
    page.click("table.listing a:has-text('$33')")
    expect(page.get_by_text(address)).to_be_visible()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    stripe = page.get_by_role("link", name="pi_")
    assert stripe.first.get_attribute("href").startswith(product.stripe)
    page.goto("/admin/contributions/")
    with page.expect_download() as download:
        page.evaluate("location.href = '/admin/contributions/?frequency=once&export=xlsx'")
    assert download.value.suggested_filename.endswith(".xlsx")

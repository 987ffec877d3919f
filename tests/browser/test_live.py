"""An editor posts while a reader has the page open; and pastes a chart into another article."""

import re
from typing import Any

from playwright.sync_api import Browser, expect

from tests.browser.conftest import open_context
from tests.browser.test_editing import new_article, publish
from tests.product import Product

NUMBERS = "Hour\tCentimetres\n12:00\t1.204,5\n13:00\t1.318,0\n14:00\t1.290,25"


def test_an_entry_comes_to_the_open_page_and_goes_from_it(
    staff: Any, chromium: Browser, product: Product
) -> None:
    [(article, path)] = product.sql(
        "SELECT id, url_path FROM wagtailcore_page JOIN newsroom_articlepage ON id = page_ptr_id"
        " WHERE live ORDER BY id LIMIT 1"
    )
    set_kind = "UPDATE newsroom_articlepage SET kind = 'live' WHERE page_ptr_id = %s"
    product.sql(set_kind, article)
    product.sql("INSERT INTO newsroom_untoldchange DEFAULT VALUES")
    editor = staff("editor")
    asked: list[str] = []
    context = open_context(chromium, product, viewport={"width": 390, "height": 800})
    reader = context.new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(path.removeprefix("/front"))
    expect(reader.get_by_role("heading", name="Live updates")).to_be_visible()

    editor.goto(f"/admin/live/{article}/")
    editor.fill("[name=headline]", "The wall gives way")
    editor.fill("[name=text]", "At noon. <b>Nobody</b> is hurt.")
    editor.check("[name=is_key_point]")
    editor.get_by_role("button", name="Post it").click()
    expect(editor.locator(".messages .success")).to_contain_text("It is out")
    entry = reader.locator(".entry", has_text="The wall gives way")
    expect(entry).to_contain_text("<b>Nobody</b> is hurt", timeout=30_000)
    expect(reader.get_by_role("status")).to_have_text("1 new update")
    expect(reader.locator("[data-points]")).to_contain_text("The wall gives way")

    editor.get_by_role("button", name=re.compile("^Withdraw")).click()
    expect(entry).to_have_count(0, timeout=30_000)
    editor.get_by_role("button", name="End the live updates").click()
    expect(reader.get_by_role("status")).to_contain_text("have ended", timeout=30_000)
    polls = len(asked)
    reader.wait_for_timeout(13_000)
    assert len(asked) == polls and all(url.startswith(product.web) for url in asked)


def test_a_chart_is_pasted_from_a_spreadsheet(
    staff: Any, chromium: Browser, product: Product
) -> None:
    page = staff("editor")
    new_article(page, product, "The river rises")
    page.fill("#id_deck", "By the hour.")
    page.get_by_role("button", name="Insert a block").first.click()
    page.get_by_role("option", name="Chart").click()
    block = page.locator("[data-contentpath=body]")
    block.locator("input[name$=-title]").fill("Height of the river, in centimetres")
    numbers = block.locator("textarea[name$=-numbers]")
    numbers.fill(NUMBERS + "\n15:00\tNaN")
    publish(page)
    expect(page.get_by_text("Line 5: “NaN” is no number")).to_be_visible()
    page.locator("textarea[name$=-numbers]").fill(NUMBERS)
    publish(page)
    expect(page.locator(".messages .success")).to_contain_text("has been published")
    context = open_context(chromium, product, java_script_enabled=False)
    reader = context.new_page()
    reader.goto("/")
    reader.get_by_role("link", name="The river rises").first.click()
    chart = reader.get_by_role("img", name=re.compile("Chart: Height of the river"))
    expect(chart.locator("polyline")).to_have_count(1)
    reader.get_by_text("The numbers as a table").click()
    expect(reader.get_by_role("cell", name="1,290.25")).to_be_visible()
    context.close()

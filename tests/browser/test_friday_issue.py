import re

import requests
from playwright.sync_api import expect

from tests.product import Product


def test_editor_curates_checks_and_sends_the_issue(staff, product: Product) -> None:
    page = staff("editor")
    page.get_by_role("link", name="Newsletters").first.click()
    expect(page.get_by_text("2,400 readers").or_(page.get_by_text("2,401 readers"))).to_be_visible()
    page.click("td:has-text('draft, not approved') >> xpath=.. >> a")
    page.get_by_role("link", name="Edit").first.click()

    page.fill("#id_subject", "Bread, bridges and a choir")
    page.fill("#id_preheader", "And what the weather means")
    editor = page.locator("[data-contentpath=introduction] [contenteditable=true]")
    editor.click()
    editor.press_sequentially("Dear readers, this is the letter.")
    expect(editor).to_have_text("Dear readers, this is the letter.")
    page.wait_for_timeout(500)  # Wagtail's editor takes over what was typed after 250 ms
    count = page.locator("[data-inline-panel-child-drag]:visible").count()
    assert count >= 6
    headline = "[data-contentpath=article] [data-chooser-title]"
    second = page.locator(f"#inline_child_items-1 {headline}").inner_text()
    # Drag the second above the first, drop the last, rewrite a teaser.
    grip = page.locator("#inline_child_items-1 [data-inline-panel-child-drag]")
    grip.drag_to(page.locator("#inline_child_items-0 [data-inline-panel-child-drag]"))
    page.fill("#id_items-0-teaser", "A teaser that only the newsletter has.")
    page.locator(f"#id_items-{count - 1}-DELETE-button").click()
    page.get_by_role("button", name=re.compile("Save draft")).click()
    expect(page.locator(".messages .success")).to_be_visible()
    assert page.locator(f"#inline_child_items-0 {headline}").inner_text() == second

    page.goto("/admin/newsletters/")
    page.click("a:has-text('The Weekly,') >> nth=0")
    expect(page.get_by_role("heading", name="Bread, bridges and a choir")).to_be_visible()
    mail = page.frame_locator("iframe[title^='E-mail, 640']")
    expect(mail.get_by_text("Dear readers, this is the letter.")).to_be_visible()
    text = page.frame_locator("iframe[title='Plain text']")
    expect(text.get_by_text("A teaser that only the newsletter has.")).to_be_visible()
    web = page.frame_locator("iframe[title='Web page']")
    expect(web.get_by_text("Dear readers, this is the letter.")).to_be_visible()
    page.get_by_role("button", name="Send a test to me").click()
    expect(page.get_by_text("A test is on its way to editor@example.org")).to_be_visible()
    product.mail_to("editor@example.org", "[Test] Bread, bridges and a choir")

    page.get_by_role("button", name=re.compile("Approve for Friday")).click()
    expect(page.get_by_text("It goes out on Friday").first).to_be_visible()
    page.get_by_role("link", name="Send now").click()
    page.get_by_role("button", name=re.compile(r"Send to 2,40\d readers")).click()
    expect(page.locator(".desk-state")).to_have_text("Sent", timeout=60_000)
    [mail] = product.mails("reader01234@example.org")
    assert mail["subject"] == "Bread, bridges and a choir"
    assert "A teaser that only the newsletter has." in mail["text"]

    one_click = mail["headers"]["List-Unsubscribe"].strip("<>")
    answer = requests.post(one_click, data={"List-Unsubscribe": "One-Click"}, timeout=10)
    assert answer.status_code == 200
    left = product.sql(
        "SELECT count(*) FROM subscriptions_subscription WHERE status='unsubscribed'"
    )
    assert left[0][0] >= 1
    page.goto("/newsletter/weekly/")
    expect(page.get_by_role("link", name="Bread, bridges and a choir")).to_be_visible()

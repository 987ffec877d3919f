"""“Remind me later”, from the press to the reminder and the gift."""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect

from donations.models.asking import days
from tests.browser.conftest import first_article
from tests.browser.test_giving import pay
from tests.browser.test_reading import link_in, unique
from tests.product import Product

BY_MAIL = [one for one in days.BY_VALUE.values() if one.value != days.ARTICLES]


@pytest.fixture(autouse=True)
def nobody_tried_before(product: Product) -> None:
    """So many wishes from one network would have to show their work."""
    tries = redis.Redis(unix_socket_path=str(product.socket_folder() / "redis.sock"))
    for key in tries.scan_iter("*tries:*"):
        tries.delete(key)


def zone() -> str:
    return days.zone_of("en")


def confirm(reader: Page, product: Product, address: str) -> None:
    """Press the button that the first mail leads to. (A job writes the wish down, and mails.)"""
    reader.goto(link_in(product.mail_to(address, "confirm your reminder"), "/confirm/"))
    reader.get_by_role("button", name="Yes, remind me").click()
    expect(reader.get_by_role("heading", name="We will get back to you")).to_be_visible()


def reminded(product: Product, address: str) -> dict[str, Any]:
    """Let the day come, and find the reminder."""
    product.sql("UPDATE donations_deferral SET due_at = now() WHERE status = 'waiting'")
    product.call("donations.tasks.send_due_reminders")
    return product.mail_to(address, "get back to you", 60)


def choose(reader: Page, choice: days.Choice) -> None:
    first_article(reader)
    reader.click("summary:has-text('Remind me later')")
    if choice in days.SOON:
        reader.check(f".later input[value={choice.value}]")
    else:
        reader.check(".later input[value=other]")
        reader.select_option(".later select[name=other]", choice.value)


def last(product: Product, what: str) -> Any:
    return product.sql(f"SELECT {what} FROM donations_deferral ORDER BY id DESC LIMIT 1")[0][0]


@pytest.mark.parametrize("choice", BY_MAIL, ids=lambda one: one.value)
def test_each_choice_leads_to_its_reminder_and_the_gift(
    reader: Page, product: Product, choice: days.Choice
) -> None:
    address = unique(reader, choice.value)
    choose(reader, choice)
    article = reader.url
    reader.fill("#later-email", address)
    reader.get_by_role("button", name="Remind me").click()
    expect(reader.get_by_text("we do not ask you again in this browser")).to_be_visible()
    expect(reader.get_by_text(address)).to_be_visible()
    assert "@" not in reader.url + str(reader.context.cookies())
    expect(reader.locator(".box-ask")).to_have_count(0)
    for path in (article, "/support/../economy/"):
        reader.goto(path)
        expect(reader.locator(".box-ask")).to_have_count(0)
    confirm(reader, product, address)
    assert last(product, "remind_on") == choice.day(days.today_in(zone(), datetime.now(UTC)))
    reader.goto(link_in(reminded(product, address), "/give/"))
    expect(reader.get_by_role("radio", name="Monthly")).to_be_checked()
    reader.get_by_role("button", name="Continue").click()
    pay(reader, unique(reader, "other-address"))
    expect(reader.get_by_role("heading", name="Thank you")).to_be_visible()
    product.until(lambda: last(product, "status") == "given")


def test_what_is_only_for_a_mail_comes_with_its_address(reader: Page) -> None:
    first_article(reader)
    reader.click("summary:has-text('Remind me later')")
    expect(reader.locator(".by-mail")).to_be_hidden()
    reader.fill("#later-email", "ann@example.org")
    expect(reader.get_by_label("And once more a week later")).to_be_visible()


def test_box_comes_back_after_five_more_articles(reader: Page) -> None:
    choose(reader, days.BY_VALUE[days.ARTICLES])
    reader.get_by_role("button", name="Remind me").click()
    expect(reader.locator(".box-ask")).to_have_count(0)
    reader.goto("/")
    articles = [link.get_attribute("href") for link in reader.locator(".teaser-title a").all()]
    for number, article in enumerate(articles[:5], 1):
        reader.goto(str(article))
        expect(reader.locator(".box-ask")).to_have_count(int(number == 5))


def test_reader_who_likes_that_better_is_reminded_each_year(reader: Page, product: Product) -> None:
    address = unique(reader, "yearly")
    choose(reader, days.BY_VALUE["tomorrow"])
    reader.fill("#later-email", address)
    reader.check("[name=yearly]")
    reader.get_by_role("button", name="Remind me").click()
    confirm(reader, product, address)
    product.sql("UPDATE donations_deferral SET remind_on = now() - interval '1 day'")
    first = last(product, "remind_on")
    reminded(product, address)
    product.sql("UPDATE donations_deferral SET due_at = now() WHERE status = 'reminded'")
    product.call("donations.tasks.send_due_reminders")  # a week later: it brought no gift
    product.until(lambda: last(product, "status") == "waiting", 60)
    assert last(product, "remind_on") == days.year_after(first)


def test_box_comes_back_when_its_time_is_over(reader: Page) -> None:
    article = first_article(reader)
    reader.click("summary:has-text('Remind me later')")
    reader.get_by_role("button", name="Remind me").click()
    expect(reader.locator(".box-ask")).to_have_count(0)
    reader.context.clear_cookies()  # what the browser itself does on that day
    reader.goto(article)
    expect(reader.locator(".box-ask")).to_have_count(1)


def test_page_for_giving_puts_off_too_and_says_until_when(reader: Page) -> None:
    reader.goto("/support/")
    reader.click("summary:has-text('Remind me later')")
    reader.check(".later input[value=week]")
    reader.get_by_role("button", name="Remind me").click()
    expect(reader.get_by_text("we do not ask you again in this browser")).to_be_visible()
    reader.get_by_role("link", name="Back").click()
    expect(reader.get_by_role("button", name="Continue")).to_be_visible()


def test_what_later_is_worth_hides_no_column(staff: Any, product: Product) -> None:
    for choice, outcome in (("articles", "cookie"), ("payday-25", "asked"), ("month", "lapsed")):
        product.sql(
            "INSERT INTO donations_deferralcount"
            " (month, choice, outcome, weeks, frequency, currency, variant, number, amount)"
            " VALUES (date_trunc('month', now()), %s, %s, 0, '', '', 0, 1234567, 0)"
            " ON CONFLICT DO NOTHING",
            choice,
            outcome,
        )
    page = staff("finance")
    page.goto("/admin/later/")
    wide, seen = page.locator(".desk-scroll").first.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide == seen
    page.set_viewport_size({"width": 390, "height": 900})
    left, right = page.locator(".desk-scroll").first.evaluate(
        "e => [e.querySelectorAll('th')[2].getBoundingClientRect().right,"
        " e.getBoundingClientRect().right]"
    )
    assert left < right  # two columns of numbers stand beside the choice


def test_reminder_is_cancelled_by_its_link(reader: Page, product: Product) -> None:
    address = unique(reader, "cancel")
    first_article(reader)
    reader.click("summary:has-text('Remind me later')")
    reader.fill("#later-email", address)
    reader.get_by_role("button", name="Remind me").click()
    expect(reader.get_by_text(address)).to_be_visible()
    confirm(reader, product, address)
    reader.goto(link_in(reminded(product, address), "/cancel/"))
    reader.get_by_role("button", name="Cancel the reminder").click()
    expect(reader.get_by_role("heading", name="Reminder cancelled")).to_be_visible()

"""The ask on a phone, and its amounts, with JavaScript and without it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from donations import demo
from donations.models import Appeal
from tests.browser.drawing import drawn
from tests.factories import make_article, make_user

LANGUAGES = ("", "/ar", "/de", "/es", "/fa", "/fr", "/pl", "/ru", "/uk")


@pytest.fixture
def article(site: Any) -> str:
    demo.load()
    return str(make_article(site.section).url)


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def phone(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=request.param
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def test_ask_shows_what_everybody_needs_in_one_screen(client, article: str, phone: Page) -> None:
    pages = {language + article: client.get(language + article).text for language in LANGUAGES}
    for path in pages:
        drawn(phone, pages, path)
        title = phone.locator("#ask-title").bounding_box()
        go_on = phone.locator(".box-ask .button-give").bounding_box()
        signup = phone.locator(".box-signup").bounding_box()
        assert title and go_on and signup
        assert go_on["y"] + go_on["height"] - title["y"] <= 844, path
        assert signup["y"] < title["y"]
        for part in (".tab", ".amounts-monthly label", "#give-own"):
            box = phone.locator(f".box-ask {part}").first.bounding_box()
            assert box and title["y"] < box["y"] < go_on["y"], part
        expect(phone.locator(".box-ask .methods")).to_be_hidden()
        phone.locator(".extras summary").click()
        expect(phone.locator(".box-ask .methods")).to_be_visible()


def test_ring_around_the_address_of_a_reminder_covers_no_word(
    client, article: str, phone: Page
) -> None:
    pages = {language + article: client.get(language + article).text for language in LANGUAGES}
    for path in pages:
        drawn(phone, pages, path)
        phone.locator(".later-details summary").click()
        label = phone.locator("label[for=later-email]").bounding_box()
        field = phone.locator("#later-email").bounding_box()
        assert label and field
        assert label["y"] + label["height"] + 5 <= field["y"], path  # the ring is five wide


def test_amount_of_ones_own_unmarks_the_suggested_one(client, article: str, phone: Page) -> None:
    path = "/support/?currency=usd"
    drawn(phone, {path: client.get(path).text}, path)
    marked = phone.locator(".amounts-monthly label", has_text="$10")
    plain = phone.locator(".amounts-monthly label", has_text="$50")
    colour = "e => getComputedStyle(e).backgroundColor"
    assert marked.evaluate(colour) != plain.evaluate(colour)
    phone.fill("#give-own", "7")
    assert marked.evaluate(colour) == plain.evaluate(colour)
    phone.fill("#give-own", "")
    assert marked.evaluate(colour) != plain.evaluate(colour)


def test_amounts_in_words_follow_the_currency_that_is_pressed(
    client, article: str, phone: Page
) -> None:
    appeal = Appeal.objects.get(language="").pk
    in_yen = f"/support/?currency=jpy&appeal={appeal}&frequency=monthly"
    pages = {article: client.get(article).text, in_yen: client.get(in_yen).text}
    drawn(phone, pages, article)
    expect(phone.get_by_text("From $2 a month")).to_be_visible()
    phone.locator(".extras summary").click()
    phone.locator(".box-ask").get_by_role("link", name="JPY").click()
    expect(phone.get_by_text("From ¥300 a month")).to_be_visible()
    expect(phone.get_by_text("Or your own amount in JPY")).to_be_visible()


def test_admin_hides_neither_a_message_nor_what_ends_a_preview_link(
    client, site: Any, chromium: Browser
) -> None:
    article = make_article(site.section)
    client.force_login(make_user())
    path = f"/admin/preview-links/{article.pk}/"
    note = "For the lawyer of the former accountant, after the corrections of Thursday, second"
    typed = {"shows": "this", "days": "7", "note": note}
    pages = {path: client.post(path, typed, follow=True).text}
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    drawn(page, pages, path)
    menu = page.get_by_role("button", name="Toggle sidebar").bounding_box()
    words = page.get_by_text("Whoever has it can read the draft").evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return r.getBoundingClientRect().left; }"
    )
    end = page.get_by_role("button", name="Take back").bounding_box()
    assert menu and menu["x"] + menu["width"] < words
    assert end and end["x"] + end["width"] < 390
    page.close()

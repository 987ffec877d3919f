"""Two editors take an issue from draft to sent: one check that stops it, three that give pause.

All other checks: tests/subscriptions/issues/test_checklist.py.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.desk import STREAM, Editor
from tests.product import Product

SHOTS = Path("var/screenshots")  # of the steps, to be looked at
AHEAD = re.compile(r"in \d+ (day|hour|minute)")  # minutes: on a Friday morning


@pytest.fixture
def two(staff: Callable[[str], Page], product: Product) -> tuple[Editor, Editor]:
    """An editor and a colleague, of a newsletter that takes two people."""
    product.sql("UPDATE subscriptions_newsletter SET two_people = true")
    page = staff("editor")
    page.goto("/admin/newsletters/")
    page.click("td:has-text('draft, not approved') >> xpath=.. >> a")
    issue = int(re.search(r"issue/(\d+)/", page.url)[1])  # type: ignore[index]
    return Editor(page, issue), Editor(staff("admin"), issue)


@pytest.fixture
def shoot() -> Callable[[Editor, str], None]:
    SHOTS.mkdir(parents=True, exist_ok=True)

    def take(editor: Editor, name: str) -> None:
        if name.startswith(("03", "04")):  # a check: the desk around it
            editor.page.goto(editor.desk)
        editor.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    return take


def test_two_editors_take_the_issue_from_draft_to_sent(two, shoot, product: Product) -> None:
    editor, colleague = two
    fill_the_draft(editor, shoot)
    see_what_stops(editor, shoot)
    see_what_gives_pause(editor, colleague, product, shoot)
    approve_by_two(editor, colleague, product, shoot)


def fill_the_draft(editor: Editor, shoot) -> None:
    """Sections drafted by rules; drag an article between them; add one from the side panel."""
    page = editor.page
    editor.open_editor()
    kinds = editor.pieces()
    assert kinds.count("section") == 4 and kinds.count("article") >= 8, kinds
    grips = page.locator("[data-streamfield-action=DRAG]")
    moved = page.evaluate(f"{STREAM}.getState()[1].value.article.adminTitle")
    page.mouse.wheel(0, 500)  # the bar with “Save draft” would lie over them
    page.wait_for_timeout(400)
    grips.nth(1).drag_to(grips.nth(5))
    page.wait_for_timeout(400)
    order = page.evaluate(f"{STREAM}.getState().map(p => p.value?.article?.adminTitle ?? p.value)")
    assert order.index(moved) > order.index("Money")
    page.get_by_label("Toggle what else was published").click()
    add = page.locator("[data-add]:enabled")
    expect(add.first).to_be_visible()
    title = add.first.get_attribute("data-title")
    before = len(editor.pieces())
    heading = add.first.get_attribute("data-headings").split("\n")[0]  # type: ignore[union-attr]
    add.first.click()
    expect(page.get_by_text(f"“{title}” is at the end of “{heading}”")).to_be_visible()
    assert len(editor.pieces()) == before + 1
    pieces = page.evaluate(f"{STREAM}.getState().map(p => p.value?.article?.adminTitle ?? p.value)")
    below = pieces[pieces.index(heading) + 1 :]
    headings = [
        place for place, piece in enumerate(below) if piece in ("Money", "Life", "Features")
    ]
    assert below.index(title) == (headings[0] if headings else len(below)) - 1
    page.get_by_label("Search all articles").fill("bread")
    expect(page.locator("[data-published-list] li")).to_have_count(1)
    shoot(editor, "01-side-panel")
    editor.save()
    # Live beside the typing.
    page.get_by_label("Toggle preview").click()
    preview = page.frame_locator("iframe[title='Preview']").first
    expect(preview.locator("iframe")).to_have_count(5)
    page.wait_for_timeout(1000)  # Wagtail looks twice a second whether something was typed
    page.fill("#id_subject", "")
    page.locator("#id_subject").press_sequentially("Bread, bridges and a choir")
    subject = preview.locator(".subject")
    expect(subject).to_have_text("Bread, bridges and a choir", timeout=15_000)
    shoot(editor, "02-previews")
    page.fill("#id_preheader", "And what the weather means")
    page.fill("#id_subject", "")
    editor.save()


def see_what_stops(editor: Editor, shoot) -> None:
    assert editor.check("Subject") == "stop"
    shoot(editor, "03-stopped")
    editor.change(subject="Bread, bridges and a choir")
    assert editor.check("Subject") == "ok"


def see_what_gives_pause(editor: Editor, colleague: Editor, product: Product, shoot) -> None:
    try_another_subject(editor)
    assert editor.check("Subject test") == "warning"  # the demo has too few readers for it
    shoot(editor, "04-look-again")
    comment(colleague, shoot)
    assert editor.check("Comments of colleagues") == "warning"
    resolve_both(editor)
    assert editor.check("Comments of colleagues") == "ok"
    assert editor.check("Subject test") == "ok"
    assert editor.check("Test") == "warning"
    editor.page.goto(editor.desk)
    editor.page.get_by_role("button", name="Send a test to me").click()
    expect(editor.page.get_by_text("A test is on its way to editor@example.org")).to_be_visible()
    assert editor.check("Test") == "ok"
    product.mail_to("editor@example.org", "[Test] Bread, bridges and a choir")
    editor.page.goto(editor.desk)
    expect(editor.page.get_by_text("Ready: every check is fine")).to_be_visible()
    shoot(editor, "06-all-green")


SUBJECTS = "#panel-child-content-subject_test-section [data-panel-toggle]"


def try_another_subject(editor: Editor) -> None:
    editor.open_editor()
    editor.page.locator(SUBJECTS).first.click()
    editor.page.locator("#id_other_subjects-ADD").click()
    editor.page.fill("#id_other_subjects-0-subject", "A choir, and other crimes")
    editor.save()


def comment(colleague: Editor, shoot) -> None:
    colleague.open_editor()
    page = colleague.page
    page.get_by_label("Toggle comments").click()
    with colleague.while_wagtail_saves():  # it will answer that there is no comment
        add = "[data-contentpath=subject] [data-component=add-comment-button]"
        page.locator(add).click(force=True)
        page.locator(".comment__input").fill("Is a choir news?")
        page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment__text")).to_have_text("Is a choir news?")
    colleague.save()
    shoot(colleague, "05-comment")


def resolve_both(editor: Editor) -> None:
    editor.open_editor()
    page = editor.page
    page.locator(SUBJECTS).first.click()
    page.locator("#id_other_subjects-0-DELETE-button").click()
    page.get_by_label("Toggle comments").click()
    with editor.while_wagtail_saves():
        page.locator(".comment summary").first.press("Enter")
    page.get_by_role("menuitem", name="Resolve").click()
    expect(page.locator(".comment")).to_have_count(0)
    expect(page.locator("[name=comments-0-resolved]")).to_have_value("1")
    editor.save()


def approve_by_two(editor: Editor, colleague: Editor, product: Product, shoot) -> None:
    page, other = editor.page, colleague.page
    page.goto(editor.desk)
    expect(page.get_by_text("somebody else has to look at it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Ask a colleague to approve").click()
    mail = product.mail_to("admin@example.org", "Please approve")
    assert f"/admin/newsletters/issue/{editor.issue}/" in mail["text"]
    # The colleague has the desk open while the editor still types: they approve nothing unseen.
    other.goto(colleague.desk)
    version = other.locator("input[name=version]").first.get_attribute("value")
    leave(other)
    editor.change(subject="Typed in the last moment")
    other.goto(colleague.desk)
    other.evaluate(
        "v => document.querySelectorAll('input[name=version]').forEach(i => i.value = v)", version
    )
    other.get_by_role("button", name="Approve", exact=True).click()
    expect(other.get_by_text("Look at it once more")).to_be_visible()
    leave(other)
    editor.change(subject="Bread, bridges and a choir")
    other.goto(colleague.desk)
    other.get_by_role("button", name="Approve", exact=True).click()
    expect(other.get_by_text("Approved. Now schedule it")).to_be_visible()
    other.get_by_role("button", name="Schedule", exact=True).click()
    expect(other.get_by_text("It goes out on").first).to_be_visible()
    expect(other.locator(".desk-countdown time")).to_contain_text(AHEAD)
    shoot(colleague, "07-scheduled")
    # Typed after the approval: it stays out of the mail, and the desk says so.
    leave(other)
    editor.change(preheader="Nobody approved this")
    other.goto(colleague.desk)
    expect(other.get_by_text("It was edited after the approval")).to_be_visible()
    [[before]] = product.sql("SELECT send_at FROM subscriptions_mailing WHERE status = 'scheduled'")
    later = before + timedelta(days=1)
    other.fill("input[name=day]", f"{later:%Y-%m-%d}")
    other.get_by_role("button", name="Change the hour").click()
    expect(other.get_by_text("It goes out on Saturday").first).to_be_visible()
    other.get_by_role("button", name="Take off the schedule").click()
    expect(other.get_by_text("It stays approved")).to_be_visible()
    other.get_by_role("link", name="Send now").click()
    shoot(colleague, "08-send-now")
    other.get_by_role("button", name=re.compile(r"Send to 2,[34]\d\d readers")).click()
    expect(other.locator(".desk-state")).to_have_text("Sent", timeout=60_000)
    [mail] = product.mails("reader01234@example.org")
    assert mail["subject"] == "Bread, bridges and a choir"
    assert "Nobody approved this" not in mail["html"]
    follow_a_link(mail["html"], other)
    other.goto(f"{colleague.desk}report/")
    expect(other.locator("dt:text-is('Clicks') + dd")).to_have_text(re.compile(r"^\s*1\b"))
    shoot(colleague, "09-report")
    other.goto("/newsletter/weekly/")
    expect(other.get_by_role("link", name="Bread, bridges and a choir")).to_be_visible()
    leave_with_one_click(mail, product)


def leave(page: Page) -> None:
    """Away from the desk, which loads itself anew when the issue changes: not while we do."""
    page.goto("/admin/")


def leave_with_one_click(mail: dict[str, Any], product: Product) -> None:
    """As a mail program does (RFC 8058)."""
    url = mail["headers"]["List-Unsubscribe"].strip("<>")
    answer = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=10)
    assert answer.status_code == 200
    [[left]] = product.sql(
        "SELECT count(*) FROM subscriptions_subscription WHERE status = 'unsubscribed'"
    )
    assert left >= 1


def follow_a_link(html: str, page: Page) -> None:
    """As a reader does: it counts, and leads to the article."""
    link = re.search(r'href="(http[^"]+/newsletter/go/\d+/)"[^>]*aria-label="Read on', html)
    assert link
    page.set_extra_http_headers({"User-Agent": "Mozilla/5.0 Firefox/140.0"})  # no robot
    page.goto(link[1])
    expect(page.locator("article h1")).to_be_visible()

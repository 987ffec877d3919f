"""An issue of words alone, with no article, goes its whole way; one with nothing in it does not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from wagtail.rich_text import RichText

from newsroom.templatetags.mail import PREHEADER_SHOWN
from subscriptions.issues import checklist, rendering
from subscriptions.issues.checks import NOTHING
from subscriptions.models import IssueLink, IssuePage, Mailing, OtherSubject
from subscriptions.sending import freezing
from tests.factories import (
    make_appeal,
    make_article,
    make_image,
    make_issue,
    make_subscription,
    make_user,
)
from tests.sending import send_all

pytestmark = pytest.mark.django_db

LETTER = "<p>Dear readers, this week we have but a word for you.</p>"


def test_letter_goes_its_whole_way(client, site, inbox, committing) -> None:
    for number in range(4):
        make_subscription(site.newsletter, f"letter{number}@example.org")
    issue = make_issue(
        site.newsletter,
        [],
        letter=LETTER,
        subject="A letter",
        preheader="A word",
        sample_percent=50,
    )
    issue.other_subjects.add(OtherSubject(subject="A word"))
    issue.save_revision()
    client.force_login(make_user())
    desk = f"/admin/newsletters/issue/{issue.pk}/"
    page = client.get(desk).text
    assert "No article, for" in page
    for mode in ("email", "phone", "dark", "no-pictures", "text"):
        assert "have but a word" in client.get(f"{desk}preview/{mode}/").text
    version = re.search(r'data-version="([^"]+)"', page)[1]
    with committing():
        client.post(f"{desk}send-now/", {"version": version})
    freezing.choose_subject(Mailing.objects.get(), 1, "the test", timezone.now())
    send_all()
    mails = [inbox.to(f"letter{number}@example.org")[-1] for number in range(4)]
    assert {mail["subject"] for mail in mails} == {"A letter", "A word"}
    assert all("have but a word" in mail["html"] + mail["text"] for mail in mails)
    assert IssueLink.objects.exists()  # there is something to decide the test by
    Mailing.objects.close_done()
    client.logout()
    for address in (issue.url, "/newsletter/weekly/", "/newsletter/weekly/feed/"):
        answer = client.get(address)
        assert answer.status_code == 200 and "A letter" in answer.text
    assert "have but a word" in client.get(issue.url).text
    client.force_login(make_user())
    assert client.get(f"{desk}report/").status_code == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda: ("quote", {"text": "Bread is dear", "who": ""}),
        lambda: ("event", {"title": "We meet", "at": timezone.now()}),
        lambda: ("letter", RichText("<p>👋</p>")),
        lambda: ("letter", RichText("<ul><li>رسالة</li></ul>")),
        lambda: ("picture", {"image": make_image("cartoon"), "caption": ""}),
    ],
)
def test_any_piece_that_says_something_is_an_issue(site, make: Callable[[], Any]) -> None:
    issue = make_issue(site.newsletter, [], body=[make()])
    assert checklist.stops(issue) == ""


@pytest.mark.parametrize(
    "body",
    [
        [],
        [("letter", RichText(""))],
        [("letter", RichText("<p></p>"))],
        [("letter", RichText("<p>&nbsp;\u200b\u2003</p><p><br/>\ufeff</p>"))],
        [("section", "News")],
        [("section", "News"), ("letter", RichText("<p> </p>"))],
        [("quote", {"text": " ", "who": "Ann"})],
        [("appeal", None)],
    ],
)
def test_issue_with_nothing_in_it_is_stopped_and_never_frozen(site, body: Any) -> None:
    make_appeal()
    issue = make_issue(site.newsletter, [], body=body)
    assert checklist.stops(issue) == NOTHING
    mailing = freezing.approve(issue, None, timezone.now())
    with pytest.raises(rendering.Unsendable):
        freezing.freeze(mailing, timezone.now())


def test_letter_about_articles_that_were_all_withdrawn_does_not_go(site) -> None:
    article = make_article(site.section)
    mailing = freezing.approve(make_issue(site.newsletter, [article], LETTER), None, timezone.now())
    article.unpublish()
    with pytest.raises(rendering.Unsendable):
        freezing.freeze(mailing, timezone.now())


def test_weekly_letter_under_the_same_subject_is_another_one_when_its_words_are(site) -> None:
    def again(letter: str) -> bool:
        issue = make_issue(site.newsletter, [], letter, subject="The letter")
        return "again" in checklist.stops(issue)

    sent = freezing.approve(
        make_issue(site.newsletter, [], LETTER, subject="The letter"), None, timezone.now()
    )
    Mailing.objects.filter(pk=sent.pk).update(status="sent", finished_at=timezone.now())
    assert again(LETTER) and not again("<p>Another one</p>")


def preview_of(html: str) -> str:
    """What an inbox shows after the subject: the first text of the body, seen or not."""
    body = BeautifulSoup(html, "html.parser").body
    return body.get_text()[: PREHEADER_SHOWN + 20].lstrip("\n ") if body else ""


@pytest.mark.parametrize("preheader", ["Kurz", "", "Fish & <b>chips</b>", "خبر قصير", "x" * 150])
def test_inbox_shows_nothing_after_a_short_preheader(client, site, preheader: str) -> None:
    issue = make_issue(site.newsletter, [], LETTER, subject="A letter", preheader=preheader)
    rendered = rendering.render_issue(issue)
    shown = preview_of(rendered.html)
    expected = preheader or "A letter"
    assert shown.startswith(expected)
    rest = shown[len(expected) : PREHEADER_SHOWN]
    assert not re.sub("[\u034f\u200c\xa0]", "", rest)
    assert "\u034f" not in rendered.text
    assert ("\u034f" in rendered.html) == (len(expected) < PREHEADER_SHOWN)
    IssuePage.objects.get(pk=issue.pk).get_latest_revision().publish()
    assert "\u034f" not in client.get(issue.url).text

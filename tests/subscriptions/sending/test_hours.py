"""The newsletter's clock: what goes out at its hour, and what is said when it can't."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.mail import providers
from subscriptions import tasks
from subscriptions.models import IssuePage
from subscriptions.sending import freezing
from tests.factories import make_user
from tests.sending import received

pytestmark = pytest.mark.django_db


def test_approved_issue_goes_out_at_its_hour(issue, audience, inbox, committing) -> None:
    freezing.approve(issue, None, timezone.now())
    with committing():
        tasks.keep_hours()
    assert received(inbox, audience) == Counter(dict.fromkeys(audience, 1))


def test_issue_that_cannot_go_out_says_so_to_the_editors_and_goes_once_it_can(
    issue, audience, inbox, committing, monkeypatch
) -> None:
    editor = make_user()
    mailing = freezing.approve(issue, None, timezone.now())
    whole = providers.current()
    monkeypatch.setattr(providers, "current", lambda: replace(whole, most_bytes=1000))
    for _ in range(3):
        with committing():
            tasks.keep_hours()
    mailing.refresh_from_db()
    assert mailing.status == "scheduled" and "Take something out" in mailing.problem
    [mail] = inbox.to(editor.email)
    assert "has a problem" in mail["subject"] and "Take something out" in mail["text"]
    monkeypatch.setattr(providers, "current", lambda: whole)
    with committing():
        tasks.keep_hours()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.problem) == ("sent", "")


def test_missed_hour_sends_nothing_and_tells_the_editors(
    issue, audience, inbox, committing
) -> None:
    editor = make_user()
    mailing = freezing.approve(issue, None, timezone.now() - timedelta(hours=4))
    for _ in range(2):
        with committing():
            tasks.keep_hours()
    mailing.refresh_from_db()
    assert mailing.status == "missed"
    assert sum(received(inbox, audience).values()) == 0
    [mail] = inbox.to(editor.email)
    assert "is late" in mail["subject"]


def test_unapproved_issue_is_not_sent_and_editors_are_told_once(
    issue, audience, inbox, committing, site
) -> None:
    editor, finance = make_user(), make_user("Finance")
    local = timezone.now().astimezone(site.newsletter.zone) - timedelta(hours=1)
    site.newsletter.weekday, site.newsletter.send_time = local.weekday(), local.time()
    site.newsletter.save()
    IssuePage.objects.filter(pk=issue.pk).update(issue_on=local.date())
    for _ in range(3):
        with committing():
            tasks.keep_hours()
    [mail] = inbox.to(editor.email)
    assert mail["subject"] == f"Not sent: {issue.title} waits for somebody"
    assert "nobody has approved it" in mail["text"]
    assert inbox.to(finance.email) == []
    assert sum(received(inbox, audience).values()) == 0

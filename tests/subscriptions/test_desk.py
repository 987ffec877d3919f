"""The issue's desk, as an editor uses it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions import delivery
from subscriptions.models import IssuePage, Mailing, Newsletter
from tests.factories import make_article, make_issue, make_subscription, make_user


@pytest.fixture
def issue(site) -> IssuePage:
    for number in range(3):
        make_subscription(site.newsletter, f"desk{number}@example.org")
    return make_issue(site.newsletter, [make_article(site.section)], subject="On bread")


@pytest.fixture
def editor(client, db):
    user = make_user()
    client.force_login(user)
    return user


def desk(issue: IssuePage, action: str = "") -> str:
    return f"/admin/newsletters/issue/{issue.pk}/" + (f"do/{action}/" if action else "")


def test_desk_shows_the_audience_and_the_previews(client, editor, issue) -> None:
    page = client.get(desk(issue)).text
    assert "Not approved" in page and "<strong>3</strong> readers" in page
    assert "On bread" in client.get("/admin/newsletters/").text
    email = client.get(desk(issue) + "preview/email/")
    assert "Read" in email.text and "%recipient" not in email.text
    assert "Unsubscribe" in client.get(desk(issue) + "preview/text/").text


def test_editor_approves_and_withdraws(client, editor, issue) -> None:
    page = client.post(desk(issue, "approve"), follow=True).text
    mailing = Mailing.objects.get()
    assert mailing.status == "scheduled" and mailing.approved_by == editor
    assert mailing.send_at == issue.newsletter.next_send_at(mailing.approved_at)
    assert "It goes out on Friday" in page
    assert "Somebody else" in client.post(desk(issue, "approve"), follow=True).text
    client.post(desk(issue, "withdraw"))
    mailing.refresh_from_db()
    assert mailing.status == "cancelled"


def test_day_changed_in_the_draft_is_the_day_it_goes_out(client, editor, issue) -> None:
    week_later = issue.issue_on + timedelta(days=7)
    issue.issue_on = week_later
    issue.save_revision()
    client.post(desk(issue, "approve"))
    assert Mailing.objects.get().send_at.astimezone(issue.newsletter.zone).date() == week_later


def test_edit_after_the_approval_is_pointed_out(client, editor, issue) -> None:
    client.post(desk(issue, "approve"))
    issue.save_revision()
    assert "edited after the approval" in client.get(desk(issue)).text


def test_who_edited_last_does_not_approve_alone(client, editor, issue) -> None:
    issue.save_revision(user=editor)
    assert "somebody else has to" in client.get(desk(issue)).text
    for url in (desk(issue, "approve"), desk(issue) + "send-now/"):
        assert "somebody else has to" in client.post(url, follow=True).text
    assert not Mailing.objects.exists()
    client.force_login(make_user())
    client.post(desk(issue, "approve"))
    assert Mailing.objects.get().status == "scheduled"
    client.force_login(editor)  # what a second person has approved, she may send at once
    client.post(desk(issue) + "send-now/")
    assert Mailing.objects.get().send_at <= timezone.now()


def test_newsroom_of_one_approves_what_it_wrote(client, editor, issue) -> None:
    Newsletter.objects.update(two_people=False)
    issue.save_revision(user=editor)
    client.post(desk(issue, "approve"))
    assert Mailing.objects.get().status == "scheduled"


def test_send_now_names_the_audience_and_asks_first(
    client, editor, issue, inbox, committing
) -> None:
    url = f"/admin/newsletters/issue/{issue.pk}/send-now/"
    assert "3 readers" in client.get(url).text
    assert not Mailing.objects.exists()
    with committing():
        client.post(url)
    with committing():
        client.post(url)  # pressed twice
    got = Counter(len(inbox.to(f"desk{number}@example.org")) for number in range(3))
    assert got == {1: 3}
    assert "Sent" in client.get(desk(issue)).text
    assert client.get(f"/admin/newsletters/issue/{issue.pk}/progress/").status_code == 200


def test_editor_sends_a_test_to_herself(client, editor, issue, inbox) -> None:
    client.post(desk(issue, "test"))
    assert [mail["subject"] for mail in inbox.to(editor.email)] == ["[Test] On bread"]


def test_issue_without_articles_is_not_approved(client, editor, site) -> None:
    issue = make_issue(site.newsletter, [])
    send_now = f"/admin/newsletters/issue/{issue.pk}/send-now/"
    for url in (desk(issue, "approve"), send_now):
        assert "no articles" in client.post(url, follow=True).text
    assert not Mailing.objects.exists()


def test_running_mailing_is_paused_resumed_and_cancelled_but_not_withdrawn(
    client, editor, issue
) -> None:
    mailing = delivery.approve(issue, editor, timezone.now())
    delivery.freeze(mailing, timezone.now())
    assert "Too late" in client.post(desk(issue, "withdraw"), follow=True).text
    for action, status in (("pause", "paused"), ("resume", "sending"), ("pause", "paused"),
                           ("cancel", "cancelled"), ("resume", "cancelled")):  # fmt: skip
        client.post(desk(issue, action))
        mailing.refresh_from_db()
        assert mailing.status == status
    assert set(mailing.batches.values_list("status", flat=True)) == {"cancelled"}


def test_finance_and_strangers_stay_outside(client, issue) -> None:
    assert client.get(desk(issue)).status_code == 302
    client.force_login(make_user("Finance"))
    for path in ("/admin/newsletters/", desk(issue), desk(issue) + "preview/email/"):
        assert client.get(path).status_code in (302, 403)
    client.post(desk(issue, "approve"))
    assert not Mailing.objects.exists()


def test_approved_issue_is_not_deleted(client, editor, issue) -> None:
    client.force_login(make_user(None))
    client.post(desk(issue, "approve"))
    client.post(f"/admin/pages/{issue.pk}/delete/")
    assert IssuePage.objects.filter(pk=issue.pk).exists()


def test_editor_edits_the_issue_in_wagtail(client, editor, issue) -> None:
    page = client.get(f"/admin/pages/{issue.pk}/edit/")
    assert page.status_code == 200
    assert "Check, approve, send" in page.text
    for mode in ("web", "email", "text"):
        answer = client.get(f"/admin/pages/{issue.pk}/view_draft/", {"mode": mode})
        assert answer.status_code == 200

"""The issue's desk, as an editor uses it."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from newsroom.core.privacy import list_index, seal
from newsroom.mail.compose import Rendered
from newsroom.models import ArticlePage
from subscriptions.issues import rendering
from subscriptions.models import IssuePage, Mailing, Newsletter, OtherSubject, Subscription
from subscriptions.sending import freezing
from tests.answers import led_to
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user
from tests.queries import sql_of

pytestmark = pytest.mark.costly


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


def test_no_page_counts_the_readers(client, editor, issue) -> None:
    checked = desk(issue) + "checklist/"
    mail_it = f"/admin/newsletters/mail/{ArticlePage.objects.get().pk}/"
    for path in ("/admin/", "/admin/newsletters/", desk(issue), checked, mail_it):
        asked = sql_of(lambda path=path: client.get(path))
        assert [sql for sql in asked if '"subscriptions_subscription"' in sql] == [], path
    assert "3 readers" in client.get(mail_it).text
    send_now = sql_of(lambda: client.get(desk(issue) + "send-now/"))  # a send hangs on it
    assert len([sql for sql in send_now if '"subscriptions_subscription"' in sql]) == 1


def test_readers_of_others_are_counted_once_a_minute(client, editor, issue) -> None:
    others = issue.newsletter.get_parent().add_child(
        instance=Newsletter(title="O", slug="o", sender_name="O", sender_address="o@example.org")
    )
    issue.newsletter.leave_out.add(others)
    issue.newsletter.save()
    asked = sql_of(lambda: [client.get("/admin/newsletters/"), client.get(desk(issue))])
    assert len([sql for sql in asked if '"subscriptions_subscription"' in sql]) == 1


def press(client, issue: IssuePage, action: str, **data: str) -> str:
    """A button of the desk, as it stands on the page that the editor looks at."""
    page = client.get(desk(issue)).text
    version = re.search(r'data-version="([^"]+)"', page)
    data = {"version": version[1] if version else ""} | data
    return client.post(desk(issue, action), data, follow=True).text


def hour(moment: datetime) -> dict[str, str]:
    return {"day": f"{moment:%Y-%m-%d}", "hour": f"{moment:%H:%M}"}


def test_editor_approves_then_schedules_and_changes_their_mind(client, editor, issue) -> None:
    assert "Now schedule it" in press(client, issue, "approve")
    mailing = Mailing.objects.get()
    assert mailing.status == "approved" and mailing.approved_by == editor
    assert mailing.send_at is None
    assert "Somebody else" in press(client, issue, "approve")
    friday = issue.newsletter.next_send_at(timezone.now())
    page = press(client, issue, "schedule", **hour(friday))
    mailing.refresh_from_db()
    assert mailing.status == "scheduled" and mailing.send_at == friday
    assert mailing.not_after == friday + timedelta(hours=3)
    assert "It goes out on Friday" in page and "data-countdown" in page
    press(client, issue, "schedule", **hour(friday + timedelta(hours=2)))
    mailing.refresh_from_db()
    assert mailing.send_at == friday + timedelta(hours=2)
    press(client, issue, "unschedule")
    mailing.refresh_from_db()
    assert mailing.status == "approved" and mailing.send_at is None
    press(client, issue, "withdraw")
    mailing.refresh_from_db()
    assert mailing.status == "cancelled"
    assert "Approve it first" in press(client, issue, "schedule", **hour(friday))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "2020-01-01", "hour": "09:00"}, "has passed"),
        ({"day": "", "hour": "09:00"}, "Choose a day"),
        ({"day": "2030-13-45", "hour": "9"}, "valid"),
        ({"day": "2031-03-30", "hour": "02:30"}, "does not exist"),  # clocks change in Berlin
    ],
)
def test_hour_that_cannot_be_is_refused(client, editor, issue, typed, said) -> None:
    press(client, issue, "approve")
    assert said in press(client, issue, "schedule", **typed)
    assert Mailing.objects.get().status == "approved"


def test_hour_that_comes_twice_is_the_first_of_the_two(client, editor, issue) -> None:
    press(client, issue, "approve")
    press(client, issue, "schedule", day="2031-10-26", hour="02:30")
    assert Mailing.objects.get().send_at == datetime(2031, 10, 26, 0, 30, tzinfo=UTC)


def test_day_changed_in_the_draft_is_the_day_that_is_proposed(client, editor, issue) -> None:
    issue.issue_on += timedelta(days=7)
    issue.save_revision()
    page = press(client, issue, "approve")
    assert f'name="day" value="{issue.issue_on:%Y-%m-%d}"' in page


def test_approved_and_not_scheduled_is_never_sent(client, editor, issue, inbox) -> None:
    press(client, issue, "approve")
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        assert not Mailing.objects.due(timezone.now()).exists()
    assert not freezing.freeze(Mailing.objects.get(), timezone.now())


def test_what_was_changed_since_the_page_was_opened_is_not_approved(client, editor, issue) -> None:
    """Wagtail's editor saves while a colleague types, over the same revision."""
    colleague = make_user()
    revision = issue.save_revision(user=colleague)
    opened = client.get(desk(issue)).text
    version = re.search(r'data-version="([^"]+)"', opened)[1]
    newest = issue.get_latest_revision_as_object()
    newest.subject = "Something else altogether"
    newest.save_revision(user=colleague, overwrite_revision=revision)
    assert IssuePage.objects.get().latest_revision_id == revision.pk
    for url in (desk(issue, "approve"), desk(issue) + "send-now/"):
        assert "Look at it once more" in client.post(url, {"version": version}, follow=True).text
    assert not Mailing.objects.exists()


def test_approved_text_stays_while_a_colleague_goes_on_typing(client, editor, issue) -> None:
    colleague = make_user()
    revision = issue.save_revision(user=colleague)
    press(client, issue, "approve")
    newest = issue.get_latest_revision_as_object()
    newest.subject = "Typed after the approval"
    newest.save_revision(user=colleague, overwrite_revision=revision)
    mailing = Mailing.objects.get()
    assert mailing.revision.as_object().subject == "On bread"
    newest = IssuePage.objects.get().get_latest_revision_as_object()
    assert newest.subject == "Typed after the approval"
    assert "edited after the approval" in client.get(desk(issue)).text


def test_who_edited_last_does_not_approve_alone(client, editor, issue) -> None:
    issue.save_revision(user=editor)
    assert "somebody else has to" in client.get(desk(issue)).text
    assert "somebody else has to" in press(client, issue, "approve")
    assert "somebody else has to" in client.post(desk(issue) + "send-now/", follow=True).text
    assert not Mailing.objects.exists()
    client.force_login(make_user())
    press(client, issue, "approve")
    assert Mailing.objects.get().status == "approved"
    client.force_login(editor)  # what a second person has approved, they may send at once
    client.post(desk(issue) + "send-now/")
    assert Mailing.objects.get().send_at <= timezone.now()


def test_colleagues_are_asked_once_for_each_state_of_the_issue(
    client, editor, issue, inbox, committing
) -> None:
    colleague = make_user()
    for _ in range(2):
        with committing():
            press(client, issue, "ask")
    assert len(inbox.to(colleague.email)) == 1
    assert inbox.to(editor.email) == []
    issue.save_revision(user=editor)
    with committing():
        press(client, issue, "ask")
    assert len(inbox.to(colleague.email)) == 2


def test_newsroom_of_one_approves_what_it_wrote(client, editor, issue) -> None:
    Newsletter.objects.update(two_people=False)
    issue.save_revision(user=editor)
    press(client, issue, "approve")
    assert Mailing.objects.get().status == "approved"


def test_week_is_skipped_and_taken_back(client, editor, site) -> None:
    before = site.newsletter.next_send_at(timezone.now())
    url = f"/admin/newsletters/{site.newsletter.pk}/skip/"
    assert "No issue on" in client.post(url, follow=True).text
    newsletter = Newsletter.objects.get()
    assert newsletter.next_send_at(timezone.now()) == before + timedelta(days=7)
    assert "Take back" in client.get("/admin/newsletters/").text
    client.post(url, {"holiday": newsletter.holidays.get().pk})
    assert Newsletter.objects.get().next_send_at(timezone.now()) == before


def test_week_with_an_approved_issue_is_not_skipped(client, editor, issue) -> None:
    press(client, issue, "approve")
    page = client.post(f"/admin/newsletters/{issue.newsletter.pk}/skip/", follow=True).text
    assert "withdraw it first" in page
    assert not issue.newsletter.holidays.exists()


def test_coming_issue_is_drafted_before_its_day(client, editor, site) -> None:
    make_article(site.section, title="Fresh bread")
    client.post(f"/admin/newsletters/{site.newsletter.pk}/draft/")
    assert IssuePage.objects.get().subject == "Fresh bread"
    url = f"/admin/newsletters/{site.newsletter.pk}/draft/"
    assert "has its issue already" in client.post(url, follow=True).text


def test_send_now_names_the_audience_and_asks_first(
    client, editor, issue, inbox, committing
) -> None:
    url = f"/admin/newsletters/issue/{issue.pk}/send-now/"
    assert "3 readers" in client.get(url).text
    assert not Mailing.objects.exists()
    version = re.search(r'name="version" value="([^"]+)"', client.get(url).text)[1]
    for _ in range(2):  # pressed twice
        with committing():
            client.post(url, {"version": version})
    got = Counter(len(inbox.to(f"desk{number}@example.org")) for number in range(3))
    assert got == {1: 3}
    assert "Sent" in client.get(desk(issue)).text
    assert client.get(f"/admin/newsletters/issue/{issue.pk}/progress/").status_code == 200


def test_editor_sends_a_test_to_themselves(client, editor, issue, inbox) -> None:
    client.post(desk(issue, "test"))
    assert [mail["subject"] for mail in inbox.to(editor.email)] == ["[Test] On bread"]


def test_test_goes_to_the_seed_list_too_with_every_subject(client, editor, issue, inbox) -> None:
    make_subscription(issue.newsletter, "test-seed@example.org")
    Subscription.objects.filter(subscriber__email_index=list_index("test-seed@example.org")).update(
        seed=True
    )
    issue.other_subjects.add(OtherSubject(subject="On flour"))
    issue.save_revision()
    press(client, issue, "test", seeds="on")
    for address in (editor.email, "test-seed@example.org"):
        subjects = {mail["subject"] for mail in inbox.to(address)}
        assert subjects == {"[Test] On bread", "[Test] On flour"}
    assert not [mail for mail in inbox.to("desk0@example.org") if "[Test]" in mail["subject"]]


def test_test_goes_to_a_colleague_chosen_by_name_and_to_no_typed_address(
    client, editor, issue, inbox
) -> None:
    colleague = make_user("Finance", first_name="Ada", last_name="Brandt")
    page = client.get(desk(issue)).text
    assert f'value="{colleague.pk}"' in page and "Ada Brandt" in page
    assert colleague.email not in page
    said = press(client, issue, "test", colleague=str(colleague.pk))
    assert f"on its way to {colleague.username}" in said and colleague.email not in said
    assert [mail["subject"] for mail in inbox.to(colleague.email)] == ["[Test] On bread"]
    assert not inbox.to(editor.email)
    gone = make_user(is_active=False)
    nobody = make_user(email="")
    for chosen in ("stranger@example.org", "", "0", "9" * 40, "1; 2", gone.pk, nobody.pk):
        said = press(client, issue, "test", colleague=str(chosen))
        assert "Choose a colleague from the list" in said
    assert issue.test_sends.count() == 1 and not inbox.to("stranger@example.org")


def test_sent_issues_desk_shows_its_report_and_what_went_out(client, editor, issue) -> None:
    mailing = make_frozen(issue, editor)
    running = client.get(desk(issue)).text
    assert "Checks" not in running and "Clicks per 100 mails" not in running
    mailing.batches.update(status="accepted")
    Mailing.objects.close_done()
    later = issue.get_latest_revision_as_object()
    later.subject = "Written afterwards"
    later.save_revision()
    page = client.get(desk(issue)).text
    assert "data-checklist" not in page and "to put right" not in page
    assert "<h2>Report</h2>" in page and "100.00 per 100" in page
    assert "On bread" in page and "Written afterwards" not in page
    assert "Written afterwards" not in client.get(desk(issue) + "preview/email/").text


@pytest.fixture
def renders(monkeypatch) -> list[str]:
    """The subjects of all mails rendered from here on."""
    found: list[str] = []
    real = rendering.render

    def noted(template: str, context: Any, subject: str) -> Rendered:
        found.append(subject)
        return real(template, context, subject)

    monkeypatch.setattr(rendering, "render", noted)
    return found


def look_at_everything(client, issue: IssuePage) -> None:
    client.get(desk(issue))
    for mode in ("email", "phone", "dark", "no-pictures", "text", "whole", "whole-text"):
        assert client.get(desk(issue) + f"preview/{mode}/").status_code == 200
    assert client.get(desk(issue) + "checklist/").status_code == 200


def test_desk_renders_once_for_each_version_and_minute(client, editor, issue, renders) -> None:
    look_at_everything(client, issue)
    look_at_everything(client, issue)
    assert renders == ["On bread"] * 2  # with teasers, and with whole articles
    newest = issue.get_latest_revision_as_object()
    newest.subject = "On flour"
    newest.save_revision(overwrite_revision=issue.latest_revision)  # as Wagtail's editor does
    look_at_everything(client, issue)
    assert "On flour" in client.get(desk(issue)).text
    assert renders == ["On bread"] * 2 + ["On flour"] * 2
    assert {0 < cache.ttl(key) <= 60 for key in cache.keys("rendered-issue:*")} == {True}


def test_what_is_kept_of_an_embargoed_issue_tells_nothing(client, editor, issue) -> None:
    look_at_everything(client, issue)
    kept = [cache.get(key) for key in cache.keys("rendered-issue:*")]
    assert kept and not any(b"bread" in value or b"<html" in value for value in kept)
    moved, *_ = cache.keys("rendered-issue:*")
    cache.set(moved, seal("{}", "another key"))  # what was not sealed for here is not shown
    assert "Unsubscribe" in client.get(desk(issue) + "preview/text/").text


def test_approval_looks_at_the_issue_itself_and_not_at_what_is_kept(
    client, editor, issue, renders
) -> None:
    look_at_everything(client, issue)
    press(client, issue, "approve")
    assert len(renders) == 4


def test_empty_issue_is_not_approved(client, editor, site) -> None:
    issue = make_issue(site.newsletter, [])
    send_now = f"/admin/newsletters/issue/{issue.pk}/send-now/"
    for url in (desk(issue, "approve"), send_now):
        assert "nothing in this issue" in client.post(url, follow=True).text
    assert not Mailing.objects.exists()


def test_running_mailing_is_paused_resumed_and_cancelled_but_not_withdrawn(
    client, editor, issue
) -> None:
    mailing = make_frozen(issue, editor)
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
        assert led_to(client.get(path)) == "/admin/"
    client.post(desk(issue, "approve"))
    assert not Mailing.objects.exists()


def test_approved_issue_is_not_deleted(client, editor, issue) -> None:
    client.force_login(make_user(None))
    press(client, issue, "approve")
    client.post(f"/admin/pages/{issue.pk}/delete/")
    assert IssuePage.objects.filter(pk=issue.pk).exists()


def test_editor_edits_the_issue_in_wagtail(client, editor, issue) -> None:
    page = client.get(f"/admin/pages/{issue.pk}/edit/")
    assert page.status_code == 200
    assert "Check, approve, send" in page.text
    for mode in ("all", "web", "email", "phone", "dark", "no-pictures", "text"):
        answer = client.get(f"/admin/pages/{issue.pk}/view_draft/", {"mode": mode})
        assert answer.status_code == 200

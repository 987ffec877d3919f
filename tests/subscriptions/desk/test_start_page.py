"""What an editor's start page says of the issues."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Mailing
from subscriptions.sending import freezing
from tests.factories import make_article, make_issue, make_user

HOME = "/admin/"


@pytest.fixture
def editor(client, db):
    user = make_user()
    client.force_login(user)
    return user


def test_start_page_has_the_weeks_issue_and_its_state_at_each_step(client, editor, site) -> None:
    assert "Not drafted yet" in client.get(HOME).text
    issue = make_issue(site.newsletter, [make_article(site.section)], subject="On bread")
    desk = f'href="/admin/newsletters/issue/{issue.pk}/"'
    page = client.get(HOME).text
    assert desk in page and "On bread" in page and "Draft, not approved" in page
    assert "Not drafted yet" not in page
    mailing = freezing.approve(issue, editor)
    assert "Approved, not scheduled" in client.get(HOME).text
    freezing.schedule(mailing, timezone.now() + timedelta(hours=1))
    assert "Scheduled" in client.get(HOME).text
    mailing.refresh_from_db()
    freezing.freeze(mailing, timezone.now() + timedelta(hours=1))
    assert "Sending" in client.get(HOME).text
    mailing.batches.update(status="accepted")
    Mailing.objects.close_done()
    page = client.get(HOME).text
    assert f"{desk[:-1]}report/" in page and "Sent" in page


def test_old_draft_that_nobody_approved_waits_for_nobody(client, editor, site) -> None:
    day = timezone.localdate() - timedelta(days=8)
    make_issue(site.newsletter, [make_article(site.section)], subject="Of old", issue_on=day)
    assert "Of old" not in client.get(HOME).text


def test_editor_sees_no_money_and_may_search(client, editor) -> None:
    page = client.get(HOME).text
    assert 'role="search"' in page and "To review" not in page


def test_start_page_asks_little(client, editor, site, django_assert_max_num_queries) -> None:
    client.get(HOME)
    with django_assert_max_num_queries(45):
        client.get(HOME)

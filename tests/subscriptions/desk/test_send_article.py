"""“Mail it”: from an article to its readers in three clicks, after the checks."""

from typing import Any

import pytest

from newsroom.models import ArticlePage
from subscriptions.models import IssuePage, Mailing, Newsletter
from tests.answers import led_to
from tests.factories import make_article, make_subscription, make_user


@pytest.fixture
def article(site) -> ArticlePage:
    make_subscription(site.newsletter, "breaking@example.org")
    return make_article(site.section, title="The bridge is open")


def mail(client, article: ArticlePage, **changes: Any) -> Any:
    typed = {
        "newsletter": Newsletter.objects.get().pk,
        "subject": "Open",
        "preheader": "At last",
    } | changes
    return client.post(f"/admin/newsletters/mail/{article.pk}/", typed, follow=True)


@pytest.fixture
def one_person(site) -> None:
    site.newsletter.two_people = False
    site.newsletter.save()


def test_article_is_mailed_at_once(client, article, one_person, inbox, committing) -> None:
    client.force_login(make_user())
    assert "Mail it" in client.get(f"/admin/pages/{article.pk}/edit/").text
    page = client.get(f"/admin/newsletters/mail/{article.pk}/").text
    assert "The bridge is open" in page and "1 readers" in page
    with committing():
        assert "It is being sent" in mail(client, article).text
    assert [one["subject"] for one in inbox.to("breaking@example.org")] == ["Open"]


def test_pressed_twice_it_is_made_once(client, article, one_person) -> None:
    client.force_login(make_user())
    mail(client, article)
    assert "was made into a mail today" in mail(client, article).text
    assert IssuePage.objects.count() == Mailing.objects.count() == 1


def test_two_people_are_asked_for(client, article, inbox, committing) -> None:
    editor, colleague = make_user(), make_user()
    client.force_login(editor)
    with committing():
        assert "has to approve" in mail(client, article).text
    assert not Mailing.objects.exists()
    assert len(inbox.to(colleague.email)) == 1 and inbox.to(editor.email) == []


def test_what_stops_an_issue_stops_it_too(client, article, one_person) -> None:
    client.force_login(make_user())
    assert "as it stands" in mail(client, article, subject="Dear {{ name }}").text
    assert not Mailing.objects.exists() and IssuePage.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"subject": ""}, {"newsletter": "999"}, {"newsletter": "x"}, {"subject": "x" * 151}]
)
def test_bad_input_is_told(client, article, one_person, changes) -> None:
    client.force_login(make_user())
    assert mail(client, article, **changes).status_code == 422
    assert not IssuePage.objects.exists()


def test_finance_and_unpublished_articles_stay_out(client, site, article) -> None:
    client.force_login(make_user("Finance"))
    assert led_to(client.get(f"/admin/newsletters/mail/{article.pk}/")) == "/admin/"
    client.force_login(make_user())
    article.unpublish()
    assert client.get(f"/admin/newsletters/mail/{article.pk}/").status_code == 404

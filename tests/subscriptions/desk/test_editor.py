"""What stands beside an issue's editor: other articles, previews."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.models import DailyReads, SectionPage
from subscriptions.desk.editor import headings_for
from subscriptions.models import NewsletterRule
from tests.answers import led_to
from tests.factories import make_article, make_issue, make_user


@pytest.fixture
def issue(site):
    return make_issue(site.newsletter, [make_article(site.section, title="In it")])


@pytest.mark.usefixtures("indexed")
def test_list_has_the_weeks_articles_best_first_and_searches_the_archive(
    client, site, issue, django_assert_max_num_queries
) -> None:
    client.force_login(make_user())
    now = timezone.now()
    old = make_article(site.section, title="Bread of old", published_at=now - timedelta(days=90))
    for number in range(20):
        read = make_article(site.section, title=f"Read {number}", published_at=now)
        DailyReads.objects.create(article=read, on=timezone.localdate(), count=number)
    url = f"/admin/newsletters/issue/{issue.pk}/published/"
    client.get(url)
    with django_assert_max_num_queries(20):
        page = client.get(url).text
    assert page.index("Read 19") < page.index("Read 3<") and old.title not in page
    assert "opened 19 times" in page
    found = client.get(url, {"q": "of old"}).text
    assert old.title in found and "Read 19" not in found
    assert "No article has these words" in client.get(url, {"q": "zzz\0zz"}).text


def test_previews_show_what_each_kind_of_reader_gets(client, issue) -> None:
    client.force_login(make_user())
    base = f"/admin/newsletters/issue/{issue.pk}/preview/"
    mails = {mode: client.get(f"{base}{mode}/") for mode in ("email", "dark", "no-pictures")}
    assert "@media all" in mails["dark"].text and "@media all" not in mails["email"].text
    assert "img-src 'none'" in mails["no-pictures"].text
    for answer in mails.values():
        assert "%recipient" not in answer.text
        assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert client.get(f"{base}nothing/").status_code == 404


def test_finance_sees_neither_list_nor_previews(client, issue) -> None:
    client.force_login(make_user("Finance"))
    for path in ("published/", "preview/email/"):
        url = f"/admin/newsletters/issue/{issue.pk}/{path}"
        assert led_to(client.get(url)) == "/admin/"


def test_each_article_of_the_list_knows_the_heading_that_it_belongs_below(
    client, site, issue
) -> None:
    client.force_login(make_user())
    inner = site.section.add_child(instance=SectionPage(title="Ballots", slug="ballots"))
    rules = [("Anything else", None), ("", site.section), ("News & views", site.section)]
    for heading, source in [*rules, ("The vote", inner)]:
        NewsletterRule.objects.create(newsletter=site.newsletter, heading=heading, source=source)
    article = make_article(inner, title="Counted twice")
    article.section = inner
    found = headings_for(article, list(site.newsletter.rules.select_related("source")))
    assert found == ["The vote", "News & views", "Ballots", "Anything else"]
    page = client.get(f"/admin/newsletters/issue/{issue.pk}/published/").text
    words = "The vote&#10;News &amp; views&#10;Ballots&#10;Anything else"
    assert f'data-headings="{words}"' in page


def test_way_back_to_the_desk_stands_in_sight_in_the_editor(client, issue) -> None:
    client.force_login(make_user())
    page = client.get(f"/admin/pages/{issue.pk}/edit/").text
    [link] = re.findall(rf'<a[^>]*href="/admin/newsletters/issue/{issue.pk}/"[^>]*>', page)
    assert "w-header-button" in link
    assert page.count("Check, approve, send") == 1  # not once more in the menu of dots

"""What stands beside an issue's editor: other articles, previews."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.models import DailyReads
from tests.factories import make_article, make_issue, make_user


@pytest.fixture
def issue(site):
    return make_issue(site.newsletter, [make_article(site.section, title="In it")])


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
        assert client.get(url).status_code in (302, 403)

"""Clicks: counted by link, in one statement, and never by reader."""

import re

import pytest

from subscriptions.models import IssueLink, IssuePage, Mailing
from subscriptions.sending import counted_links, engine
from subscriptions.sending.transports import open_transport
from subscriptions.tracking import clicks
from tests.factories import make_appeal, make_article, make_frozen, make_issue, make_subscription

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def issue(site) -> IssuePage:
    article = make_article(site.section, title="Bread")
    letter = '<p><a href="https://other.example/?a=1&amp;b=2">elsewhere</a></p>'
    return make_issue(site.newsletter, [article], letter=letter)


@pytest.fixture
def mailing(issue) -> Mailing:
    make_appeal()
    return make_frozen(issue)


def test_every_link_of_the_html_is_counted_and_leads_where_it_led(client, mailing) -> None:
    hrefs = set(re.findall(r'<a\b[^>]*href="(http[^"]+)"', mailing.bodies.get().html))
    personal = {href for href in hrefs if "((reader" in href}
    assert len(personal) == 2  # unsubscribe, preferences: they stay the reader's own
    assert all(href.startswith(counted_links.beginning("go")) for href in hrefs - personal)
    link = mailing.links.get(url="https://other.example/?a=1&b=2")
    answer = client.get(f"/newsletter/go/{link.pk}/", headers={"User-Agent": BROWSER})
    assert answer.status_code == 302 and answer["Location"] == link.url
    assert "no-store" in answer["Cache-Control"]
    link.refresh_from_db()
    assert link.total == 1


def test_link_in_another_script_leads_to_its_address_in_ascii(client, mailing) -> None:
    link = mailing.links.first()
    link.url = "https://пример.example/хлеб?q=х#х"
    link.save()
    answer = client.get(f"/newsletter/go/{link.pk}/", headers={"User-Agent": BROWSER})
    path = "%D1%85%D0%BB%D0%B5%D0%B1?q=%D1%85#%D1%85"
    assert answer["Location"] == f"https://xn--e1afmkfd.example/{path}"


def test_link_of_an_article_knows_its_headline_once(mailing) -> None:
    [link] = mailing.links.filter(label="Bread")
    assert "/politics/article-" in link.url
    assert mailing.links.get(url__endswith="/support/").label == "Support us"
    assert mailing.links.get(url__startswith="https://other").label == "elsewhere"


def test_text_part_and_web_version_keep_their_addresses(client, issue, mailing) -> None:
    assert counted_links.beginning("go") not in mailing.bodies.get().text
    assert "https://other.example/?a=1&b=2" in mailing.bodies.get().text
    assert counted_links.beginning("go") not in client.get(issue.url).text


def test_two_readers_have_the_same_links(site, mailing, inbox) -> None:
    for n in range(2):
        make_subscription(site.newsletter, f"same{n}@example.org")
    again = make_issue(site.newsletter, [make_article(site.section)])
    make_frozen(again)
    transport = open_transport()
    while engine.send_next(transport):
        pass
    go = counted_links.beginning("go")
    found = [
        set(re.findall(rf"{go}[\d/]+", inbox.to(f"same{n}@example.org")[0]["html"]))
        for n in range(2)
    ]
    assert found[0] and found[0] == found[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "curl/8.5"},
        {"User-Agent": BROWSER, "Sec-Purpose": "prefetch"},
        {},
    ],
)
def test_robots_are_led_on_and_not_counted(client, mailing, headers) -> None:
    link = mailing.links.first()
    answer = client.get(f"/newsletter/go/{link.pk}/", headers=headers)
    assert answer.status_code == 302
    assert client.head(f"/newsletter/go/{link.pk}/").status_code == 302
    link.refresh_from_db()
    assert link.total == 0


def test_one_network_is_counted_only_so_often(client, mailing, monkeypatch) -> None:
    monkeypatch.setitem(clicks.LIMIT, "most", 3)
    link = mailing.links.first()
    for _ in range(5):
        answer = client.get(
            f"/newsletter/go/{link.pk}/", headers={"User-Agent": BROWSER}, REMOTE_ADDR="9.8.7.6"
        )
        assert answer.status_code == 302
    link.refresh_from_db()
    assert link.total == 3


@pytest.mark.parametrize("path", ["0/", "999999999/", "1/7/", "99999999999999999999/"])
def test_link_that_is_not_there_leads_nowhere(client, mailing, path) -> None:
    first = mailing.links.first()
    path = path.replace("1/", f"{first.pk}/") if path == "1/7/" else path
    answer = client.get(f"/newsletter/go/{path}", headers={"User-Agent": BROWSER})
    assert answer.status_code == 404
    assert IssueLink.objects.get(pk=first.pk).total == 0

"""A newsletter's feed has its whole issues."""

from typing import Any

from django.conf import settings
from wagtail.models import PageViewRestriction

from tests.factories import make_article, make_image, make_issue
from tests.newsroom.publishing.test_feeds import read, texts
from tests.queries import queries_of

FEED = "/newsletter/weekly/feed/"


def make_full_issue(site: Any, **fields: Any) -> Any:
    picture = make_image("Square")
    body = [{"type": "text", "value": "<p>All the words.</p>"}]
    whole, short = (make_article(site.section, body=body, lead_image=picture) for _ in range(2))
    gone = make_article(site.section, title="Withdrawn", live=False)
    link = f'<a linktype="page" id="{short.pk}">this</a>'
    pieces = [
        {"type": "letter", "value": f"<p>Dear reader, {link}</p>"},
        {"type": "section", "value": "Heads nothing"},
        {"type": "article", "value": {"article": gone.pk}},
        {"type": "section", "value": "Bread & more"},
        {"type": "article", "value": {"article": whole.pk, "full_text": True}},
        {"type": "article", "value": {"article": short.pk, "headline": "Other <words>"}},
        {"type": "picture", "value": {"image": picture.pk, "caption": "The square"}},
        {"type": "event", "value": {"title": "Meeting", "at": "2026-11-06T18:30:00Z"}},
        {"type": "archive", "value": {"article": short.pk, "why": "A year ago"}},
        {"type": "quote", "value": {"text": "Said so.", "who": "A witness"}},
    ]
    issue = make_issue(site.newsletter, [], body=pieces, live=False, **fields)
    issue.save_revision().publish()
    return issue


def test_issue_is_there_with_all_that_it_has(client: Any, site: Any) -> None:
    make_full_issue(site, preheader="Bread <b> & more")
    feed = read(client, FEED)
    [content] = texts(feed, "a:entry/a:content/text()")
    for wanted in (
        "Dear reader", "Bread &amp; more", "All the words.", "Other &lt;words&gt;", "The square",
        "6 November 2026, 19:30", "A year ago", "Said so.", f'href="{settings.BASE_URL}/politics/',
    ):  # fmt: skip
        assert wanted in content
    for absent in ("Heads nothing", "Withdrawn", "linktype"):
        assert absent not in content
    assert texts(feed, "a:entry/a:summary/text()") == ["Bread &lt;b&gt; &amp; more"]
    assert texts(feed, "a:link[@rel='self']/@href") == [f"{settings.BASE_URL}{FEED}"]


def test_feed_speaks_the_language_of_its_newsletter(client: Any, site: Any) -> None:
    site.newsletter.language = "de"
    site.newsletter.save()
    make_full_issue(site)
    feed = read(client, FEED)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert "6. November 2026" in texts(feed, "a:entry/a:content/text()")[0]


def test_unchanged_feed_is_not_sent_again(client: Any, site: Any) -> None:
    issue = make_full_issue(site)
    answer = client.get(FEED)
    conditions = [{"If-None-Match": answer["ETag"]}, {"If-Modified-Since": answer["Last-Modified"]}]
    assert [client.get(FEED, headers=one).status_code for one in conditions] == [304, 304]
    before = texts(read(client, FEED), "a:entry/a:id/text()")
    issue.slug, issue.subject = "another", "Another"
    issue.save_revision().publish()
    assert "Another" in client.get(FEED, headers=conditions[0]).text
    assert texts(read(client, FEED), "a:entry/a:id/text()") == before


def test_private_issue_is_nowhere(client: Any, site: Any) -> None:
    seen, private = (
        make_full_issue(site, subject="Open"),
        make_full_issue(site, subject="Hidden", slug="private"),
    )
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    assert texts(read(client, FEED), "a:entry/a:title/text()") == ["Open"]
    assert "Hidden" not in client.get("/newsletter/weekly/").text
    assert site.newsletter.latest_issue() == seen
    PageViewRestriction.objects.create(page=site.newsletter, restriction_type="login")
    assert client.get(FEED).status_code == 404
    assert "box-signup" not in client.get("/").text
    assert "box-signup" not in client.get("/newsletter/").text


def test_feed_costs_no_query_per_issue_or_article(client: Any, site: Any) -> None:
    read(client, FEED)
    make_full_issue(site)
    read(client, FEED)
    few = queries_of(lambda: read(client, FEED))
    for number in range(3):
        make_full_issue(site, slug=f"issue-{number}")
    assert queries_of(lambda: read(client, FEED)) == few

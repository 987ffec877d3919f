"""Every feed is valid, whole, and asked for again only when something has changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import parse_http_date
from lxml import etree
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction

from newsroom.core.uris import to_uri
from newsroom.models import ArticleByline, ArticlePage, Author, Correction, Masthead, SectionPage
from tests.factories import make_article, make_image, make_issue, make_user
from tests.queries import queries_of

pytestmark = pytest.mark.costly

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
PATHS = ["/feed/", "/politics/feed/", "/topic/bread/feed/", "/author/ann/feed/"]
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def read(client: Any, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/atom+xml")
    feed = etree.fromstring(answer.content)
    SCHEMA.assertValid(feed)
    ids = feed.xpath("//a:id/text()", namespaces=ATOM)
    assert len(set(ids)) == len(ids) and all(":" in one for one in ids)
    return feed


def texts(feed: Any, path: str) -> list[str]:
    return [str(one) for one in feed.xpath(path, namespaces=ATOM)]


def make_story(site: Any, **fields: Any) -> ArticlePage:
    image = make_image("Bakery")
    other = make_article(site.section, title="Other", published_at=LONG_AGO)
    link = f'<a linktype="page" id="{other.pk}">other</a>'
    body = [
        {"type": "text", "value": f"<p>All the words, and an {link} page. 1 &lt; 2</p>"},
        {"type": "image", "value": {"image": image.pk, "caption": "Loaves"}},
        {"type": "quote", "value": {"text": "Said <so>.", "who": "A witness"}},
    ]
    fields = {
        "title": "A <b> & c",
        "deck": "Deck <i> & d",
        "body": body,
        "lead_image": image,
    } | fields
    article = make_article(site.section, **{"published_at": LONG_AGO} | fields)
    author, _ = Author.objects.get_or_create(name="Ann")
    article.bylines.add(ArticleByline(author=author))
    article.tags.add("bread")
    article.save()
    return article


@pytest.mark.parametrize("path", PATHS)
def test_feed_is_valid_and_has_the_whole_text(client: Any, site: Any, path: str) -> None:
    make_story(site)
    feed = read(client, path)
    entry = feed.xpath("a:entry[a:title = 'A <b> & c']", namespaces=ATOM)[0]
    [content] = texts(entry, "a:content/text()")
    assert "All the words" in content and "1 &lt; 2" in content and "Said &lt;so&gt;." in content
    assert f'href="{settings.BASE_URL}/politics/' in content and "linktype" not in content
    assert content.count(f'src="{settings.BASE_URL}/media/') == 2
    assert texts(entry, "a:summary/text()") == ["Deck &lt;i&gt; &amp; d"]
    assert texts(entry, "a:author/a:name/text()") == ["Ann"]
    assert texts(entry, "a:category/@term") == ["bread"]
    assert texts(feed, "a:link[@rel='self']/@href") == [f"{settings.BASE_URL}{path}"]
    assert client.get(texts(feed, "a:link[@rel='alternate']/@href")[0]).status_code == 200


def test_article_without_byline_or_anything_else_is_valid(client: Any, site: Any) -> None:
    assert not read(client, "/feed/").xpath("a:entry", namespaces=ATOM)
    make_article(site.section, deck="")
    feed = read(client, "/feed/")
    assert texts(feed, "a:author/a:name/text()") == [Masthead.load().name]
    assert not texts(feed, "a:entry/a:author") and not texts(feed, "//a:name[not(text())]")


def test_what_xml_can_not_hold_is_left_out(client: Any, site: Any) -> None:
    story = make_story(site, title="A\x0bB\ufffe\x1f", deck="D\x0c", published_at=timezone.now())
    story.tags.add("t\x01")
    story.save()
    assert "AB" in texts(read(client, "/feed/"), "a:entry/a:title/text()")
    etree.fromstring(client.get("/news-sitemap.xml").content)


def entry_ids(client: Any) -> set[str]:
    return set(texts(read(client, "/feed/"), "a:entry/a:id/text()"))


def test_entry_keeps_its_id_wherever_its_page_moves(
    client: Any, site: Any, django_capture_on_commit_callbacks: Any
) -> None:
    story = make_story(site)
    before = entry_ids(client)
    other = site.home.add_child(instance=SectionPage(title="City", slug="city"))
    story.slug, story.title = "another", "Another"
    story.save_revision().publish()
    story.move(other, pos="last-child")
    site.section.slug = "state"
    site.section.save_revision().publish()
    assert entry_ids(client) == before
    copy = ArticlePage.objects.get(pk=story.pk).copy(update_attrs={"slug": "copy", "title": "Copy"})
    assert entry_ids(client) == {*before, f"urn:uuid:{copy.translation_key}"}


def modified(client: Any, path: str) -> int:
    return parse_http_date(client.get(path)["Last-Modified"])


@pytest.mark.parametrize("path", PATHS)
def test_correction_and_new_version_are_told(client: Any, site: Any, path: str) -> None:
    story = make_story(site)
    make_article(site.section, title="Later", published_at=LONG_AGO + timedelta(days=1))
    before = modified(client, path)
    assert before <= (LONG_AGO + timedelta(days=1)).timestamp()
    story.corrections.add(Correction(corrected_on=timezone.localdate(), text="It was five."))
    story.save_revision().publish()
    feed = read(client, path)
    [updated] = texts(feed, "a:entry[a:title = 'A <b> & c']/a:updated/text()")
    assert datetime.fromisoformat(updated) > timezone.now() - timedelta(minutes=1)
    assert texts(feed, "a:updated/text()") == [updated]
    assert modified(client, path) > before
    assert "It was five." in client.get(path).text


@pytest.mark.parametrize("path", PATHS)
def test_unchanged_feed_is_not_sent_again(client: Any, site: Any, path: str) -> None:
    story = make_story(site)
    make_story(site, title="Stays")
    answer = client.get(path)
    conditions = [{"If-None-Match": answer["ETag"]}, {"If-Modified-Since": answer["Last-Modified"]}]
    for condition in conditions:
        again = client.get(path, headers=condition)
        assert again.status_code == 304 and not again.content and again["ETag"] == answer["ETag"]
    story.unpublish()
    for condition in conditions:
        assert "A &lt;b&gt; &amp; c" not in client.get(path, headers=condition).text
        assert client.get(path, headers=condition).status_code == 200


def test_feed_is_never_newer_than_now(client: Any, site: Any) -> None:
    """RFC 9110, 8.8.2.1. Otherwise no condition would be met before that day."""
    ArticlePage.objects.filter(pk=make_story(site).pk).update(
        updated_at=timezone.now() + timedelta(days=300)
    )
    assert modified(client, "/feed/") <= timezone.now().timestamp()


def test_private_article_is_in_no_feed(client: Any, site: Any) -> None:
    private = make_story(site, title="Hidden")
    make_story(site, title="Open")
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    for path in PATHS:
        assert set(texts(read(client, path), "a:entry/a:title/text()")) & {"Hidden", "Open"} == {
            "Open"
        }
    PageViewRestriction.objects.create(page=site.section, restriction_type="login")
    assert client.get("/politics/feed/").status_code == 404


def test_feed_of_a_renamed_section_or_newsletter_is_still_found(
    client: Any, site: Any, django_capture_on_commit_callbacks: Any
) -> None:
    make_story(site)
    make_issue(site.newsletter, [], live=True)
    pages = (
        (site.section, "/politics/", "politics"),
        (site.newsletter, "/newsletter/weekly/", "weekly"),
    )
    for page, path, old in pages:
        for slug in ("another", "политика"):
            with django_capture_on_commit_callbacks(execute=True):
                page.slug = slug
                page.save_revision().publish()
        answer = client.get(f"{path}feed/")
        assert answer.status_code == 301
        assert client.get(answer["Location"]).status_code == 200
        assert answer["Location"] == to_uri(f"{path.replace(old, slug)}feed/")
    assert client.get("/nothing/feed/").status_code == 404


@pytest.mark.parametrize(
    ("old", "to", "asked", "answered"),
    [
        ("/blog/feed/", "/feed/", "/blog/feed/", "/feed/"),  # of the site that was before ours
        ("/blog/feed/", "/feed/", "/de/blog/feed/", "/blog/feed/"),
        ("/old/", "/politics/?from=old#top", "/old/feed/", "/politics/feed/?from=old"),
        ("/old/", "https://other.example/", "/old/feed/", "https://other.example/"),
    ],
)
def test_redirect_that_an_editor_made_leads_to_a_feed(
    client: Any, site: Any, old: str, to: str, asked: str, answered: str
) -> None:
    Redirect.add_redirect(old, to)
    assert client.get(asked)["Location"] == answered


@pytest.mark.parametrize("path", PATHS)
def test_name_that_somebody_gave_up_leaves_the_feeds(client: Any, site: Any, path: str) -> None:
    make_story(site)
    before = {"If-Modified-Since": client.get(path)["Last-Modified"]}
    client.force_login(make_user())
    edit = reverse("wagtailsnippets_newsroom_author:edit", args=[Author.objects.get().pk])
    assert client.post(edit, {"name": "A. L.", "role": "", "slug": "ann"}).status_code == 302
    answer = client.get(path, headers=before)
    assert answer.status_code == 200 and "A. L." in answer.text


def test_article_was_not_changed_in_the_future(client: Any, site: Any) -> None:
    story = make_story(site)
    coming = timezone.now() + timedelta(days=30)  # as an importer may have written it
    ArticlePage.objects.filter(pk=story.pk).update(updated_at=coming)
    [updated] = texts(read(client, "/feed/"), "a:entry[a:title = 'A <b> & c']/a:updated/text()")
    assert datetime.fromisoformat(updated) == LONG_AGO
    assert modified(client, "/feed/") <= timezone.now().timestamp()
    assert f'"dateModified": "{LONG_AGO.isoformat()}"' in client.get(story.url).text


@pytest.mark.parametrize("path", PATHS)
def test_no_language_is_chosen_for_a_feed(client: Any, site: Any, path: str) -> None:
    make_story(site)
    assert client.get(f"/de{path}")["Location"] == path
    assert b"/de/" not in client.get(path, headers={"Accept-Language": "de"}).content


@pytest.mark.parametrize("path", PATHS)
def test_feed_costs_no_query_per_article(client: Any, site: Any, path: str) -> None:
    make_story(site)
    make_story(site)
    read(client, path)
    few = queries_of(lambda: read(client, path))
    for number in range(4):
        make_story(site, title=f"Story {number}")
    assert queries_of(lambda: read(client, path)) == few


def test_each_page_names_its_feed(client: Any, site: Any) -> None:
    story = make_story(site)
    for page, feed in {
        "/": "/feed/",
        story.url: "/politics/feed/",
        "/politics/": "/politics/feed/",
        "/topic/bread/": "/topic/bread/feed/",
        "/author/ann/": "/author/ann/feed/",
        "/newsletter/weekly/": "/newsletter/weekly/feed/",
    }.items():
        shown = client.get(page).text
        assert f'<link rel="alternate" type="application/atom+xml" href="{feed}"' in shown
    for page in ("/politics/", "/topic/bread/", "/author/ann/"):
        assert f'<a href="{page}feed/"' in client.get(page).text


def test_article_takes_no_address_of_a_feed(client: Any, site: Any) -> None:
    client.force_login(make_user())
    for page in (make_article(site.section), site.newsletter):
        page.slug = "feed"
        with pytest.raises(Exception, match="address of the site itself"):
            page.full_clean()

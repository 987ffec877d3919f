"""What pages say of themselves to search engines, to sites that link to them, and to crawlers."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from django.conf import settings
from django.utils import timezone
from wagtail.models import PageViewRestriction

from newsroom.core.languages import NAMES
from newsroom.models import ArticleByline, ArticlePage, Author, Masthead, TextPage
from tests.factories import make_appeal, make_article, make_image, make_issue


def metas(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    assert len({name for name, _ in found}) == len(found), "said twice"
    return {name: unescape(value) for name, value in found}


@pytest.fixture
def article(site: Any) -> ArticlePage:
    article = make_article(
        site.section,
        title='“A” </script><b> & "c"',
        deck='Deck "d" & <i>',
        lead_image=make_image("Bakery"),
    )
    author = Author.objects.create(name='Ann </script> "Lee"')
    article.bylines.add(ArticleByline(author=author))
    article.tags.add("bread")
    article.save()
    return article


def test_every_page_has_a_description_and_a_sharing_card(
    client: Any, site: Any, article: ArticlePage
) -> None:
    make_appeal()
    site.home.add_child(instance=TextPage(title="About", slug="about", body="<p>We &amp; you.</p>"))
    issue = make_issue(site.newsletter, [article], live=True, preheader="This week")
    author = f"/author/{Author.objects.get().slug}/"
    told = {
        "/": "", "/politics/": "", article.url: 'Deck "d" & <i>', "/about/": "We & you.",
        "/topic/bread/": "Articles about “bread”", author: 'Articles by Ann </script> "Lee"',
        "/newsletter/": "", "/newsletter/weekly/": "Our free weekly", issue.url: "This week",
        "/privacy/": "Little.", "/search/": "", "/search/?q=x": "", "/support/": "Our reporting",
        "/support/manage/": "", "/newsletter/weekly/signup/": "", "/support/thanks/": "",
    }  # fmt: skip
    for path, description in told.items():
        page = client.get(path).text
        said = metas(page)
        assert said["description"] and said["description"].startswith(description), path
        assert said["og:description"] == said["description"]
        assert said["og:title"] and said["og:title"] in unescape(page).split("</title>")[0]
        assert said["og:type"] and said["og:site_name"] == Masthead.load().name
        address = said["og:url"]
        assert f'<link rel="canonical" href="{address}">' in page
        assert metas(client.get(f"/de{path}").text)["og:url"] == address


def test_card_shows_the_picture(client: Any, article: ArticlePage) -> None:
    for path in (article.url, "/", "/politics/", "/topic/bread/"):
        said = metas(client.get(path).text)
        assert said["og:image"].startswith(f"{settings.BASE_URL}/media/")
        assert (said["og:image:width"], said["og:image:alt"]) == ("64", "A picture of Bakery")


def test_article_without_a_deck_is_described_by_its_first_words(client: Any, site: Any) -> None:
    body = [{"type": "text", "value": f"<h2>Bread</h2><p>Dearer &amp; {'dearer ' * 90}</p>"}]
    page = client.get(make_article(site.section, deck="", body=body).url).text
    said = metas(page)["description"]
    assert said.startswith("Bread Dearer & dearer") and said.endswith("…") and len(said) == 200


def test_words_of_a_description_are_parted_where_readers_see_them_parted(
    client: Any, site: Any
) -> None:
    rich = '<p>Dear<b>er</b> <i>bread</i>, <a href="https://x.example">they say</a>.</p><p>Then</p>'
    body = [{"type": "text", "value": rich}, {"type": "list", "value": ["one", "two"]}]
    page = client.get(make_article(site.section, deck="", body=body).url).text
    assert metas(page)["description"] == "Dearer bread, they say. Then one two"


def test_later_page_of_a_list_and_mailed_link_have_no_address_to_share(
    client: Any, site: Any
) -> None:
    for path in ("/politics/?page=2", "/newsletter/preferences/nonsense/", "/nothing/"):
        assert "og:url" not in metas(client.get(path).text)


def structured(page: str) -> dict[str, Any]:
    [raw] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    data: dict[str, Any] = json.loads(raw)
    return data


def test_article_tells_machines_what_it_is(client: Any, article: ArticlePage) -> None:
    article.published_at = timezone.now() - timedelta(days=3)
    article.save_revision().publish()
    for path in (article.url, f"/ar{article.url}"):
        page = client.get(path).text
        data = structured(page)
        assert (data["@type"], data["headline"]) == ("NewsArticle", article.title)
        assert data["author"][0]["name"] == 'Ann </script> "Lee"'
        assert data["author"][0]["url"].startswith(f"{settings.BASE_URL}/author/")
        assert data["url"] == article.full_url and data["articleSection"] == "Politics"
        assert data["datePublished"] < data["dateModified"]
        assert data["image"][0].startswith(f"{settings.BASE_URL}/media/")
        assert data["publisher"]["name"] == Masthead.load().name
        assert "</script><b>" not in page


def test_article_without_byline_or_picture_is_its_publishers(client: Any, site: Any) -> None:
    data = structured(client.get(make_article(site.section, deck="").url).text)
    assert data["author"] == data["publisher"] and data["image"] == []


@pytest.mark.parametrize(
    ("motto", "seo_title", "title"),
    [("", "", "The Paper"), ("Who reads, knows", "", "Who reads, knows – The Paper"),
     ("Who reads, knows", "News", "News – The Paper")],
)  # fmt: skip
def test_front_page_is_called_as_the_masthead_is(
    client: Any, site: Any, motto: str, seo_title: str, title: str
) -> None:
    Masthead.objects.update(name="The Paper", motto=motto)
    site.home.seo_title = seo_title
    site.home.save()
    assert f"<title>{title}</title>" in client.get("/").text


def test_searches_are_closed_to_crawlers_in_every_language(client: Any, site: Any) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    for code in ("", *(f"/{code}" for code in NAMES)):
        assert not robots.can_fetch("x", f"{code}/search/?q=x")
        assert robots.can_fetch("x", f"{code}/politics/")


def test_robots_txt_names_the_sitemaps(client: Any, site: Any, article: ArticlePage) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    sitemaps = re.findall(r"^Sitemap: (.+)$", answer.text, re.MULTILINE)
    assert sitemaps == [
        f"{settings.BASE_URL}/{name}" for name in ("sitemap.xml", "news-sitemap.xml")
    ]
    for sitemap in sitemaps:
        assert article.slug in client.get(sitemap.removeprefix(settings.BASE_URL)).text
    assert client.get("/de/robots.txt").status_code == 302


def test_sitemap_has_topics_and_authors(client: Any, site: Any, article: ArticlePage) -> None:
    hidden = make_article(site.section)
    hidden.tags.add("secret")
    hidden.save()
    PageViewRestriction.objects.create(page=hidden, restriction_type="login")
    sitemap = client.get("/sitemap.xml").text
    assert "/topic/bread/" in sitemap and "/author/" in sitemap
    assert "secret" not in sitemap and hidden.slug not in sitemap

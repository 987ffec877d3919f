import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from newsroom.models import (
    ArticleByline,
    ArticlePage,
    Author,
    Correction,
    RelatedArticle,
    SectionPage,
    TextPage,
)
from newsroom.models.article.related import related_to
from tests.factories import arrange, make_appeal, make_article, make_image, make_issue, titles
from tests.queries import queries_of


@pytest.fixture
def article(site) -> ArticlePage:
    body = [
        {"type": "text", "value": "<p>First words.</p>"},
        {"type": "quote", "value": {"text": "Said so.", "who": "A witness"}},
        {"type": "list", "value": ["A point"]},
        {"type": "embed", "value": {"url": "https://video.example/1", "title": "A film"}},
        {"type": "table", "value": {"data": [["Town", "Loaves"], ["Dolna", "5"]],
                                    "first_row_is_table_header": True, "table_caption": "",
                                    "first_col_is_header": False}},
    ]  # fmt: skip
    article = make_article(site.section, title="Headline", wire_credit="AFP contributed", body=body)
    for order, name in enumerate(["Ann", "Bo", "Cy"]):
        author = Author.objects.create(name=name)
        article.bylines.add(ArticleByline(author=author, sort_order=order))
    article.corrections.add(Correction(corrected_on=timezone.localdate(), text="It was five."))
    article.tags.add("bread")
    article.save()
    return article


def test_article_shows_everything_it_has(client, article) -> None:
    page = client.get(article.url).text
    for wanted in (
        "Headline", "Deck", "Ann, Bo and Cy", "First words.", "Said so.", "A witness", "A point",
        "A film", "Dolna", "AFP contributed", "It was five.", "bread",
    ):  # fmt: skip
        assert wanted in page


def test_article_of_a_section_that_is_not_published_leads_to_nothing_of_it(client, article) -> None:
    section, url = article.section, article.url
    section.unpublish()
    page = client.get(url).text
    assert "Politics</p>" in page and f'href="{section.url}' not in page


def test_front_page_shows_the_newest_of_each_section(client, site) -> None:
    for day in range(6):
        make_article(
            site.section,
            title=f"Story of day {day}",
            published_at=timezone.now() - timedelta(days=day),
        )
    assert titles(client.get("/").text) == [f"Story of day {day}" for day in range(6)]


def test_front_page_shows_nothing_twice(client, site) -> None:
    city = site.home.add_child(instance=SectionPage(title="City", slug="city"))
    now = timezone.now()
    for number in range(12):
        at = now - timedelta(hours=number)
        make_article(site.section, title=f"Politics {number}", published_at=at)
        make_article(city, title=f"City {number}", published_at=at - timedelta(days=9))
    old = make_article(site.section, title="Chosen", published_at=now - timedelta(days=99))
    for lead in (None, old.pk):
        arrange(site.home, ("top", {"lead": {"article": lead}}), ("sections", None))
        shown = titles(client.get("/").text)
        assert len(set(shown)) == len(shown) == 6 + 4 + 4
        assert shown[0] == ("Chosen" if lead else "Politics 0")
        assert {f"City {number}" for number in range(4)} <= set(shown)
        assert {f"Politics {number}" for number in range(9)} <= set(shown)


def test_section_whose_newest_articles_are_private_stays_on_the_front_page(client, site) -> None:
    now = timezone.now()
    for number in range(14):
        make_article(
            site.section, title=f"Open {number}", published_at=now - timedelta(days=number)
        )
    for _ in range(12):
        article = make_article(site.section, title="Hidden", published_at=now)
        PageViewRestriction.objects.create(page=article, restriction_type="login")
    assert titles(client.get("/").text) == [f"Open {number}" for number in range(10)]


def test_lead_without_picture_is_marked(client, site) -> None:
    lead = make_article(site.section, lead_image=make_image("Bakery"))
    make_article(site.section, published_at=timezone.now() - timedelta(days=1))
    assert "teaser-words" not in client.get("/").text
    lead.lead_image = None
    lead.save()
    assert client.get("/").text.count("teaser-words") == 1


def test_section_of_any_name_leaves_the_ids_of_the_front_page_alone(client, site) -> None:
    make_appeal()
    for slug in ("content", "ask-title", "give-own", "later-email"):
        section = site.home.add_child(instance=SectionPage(title=slug, slug=slug))
        for _ in range(8):
            make_article(section)
    ids = re.findall(r' id="([^"]+)"', client.get("/").text)
    assert len(set(ids)) == len(ids)


def test_private_article_is_in_no_list(
    client, site, article, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        hidden = make_article(site.section, title="Hidden", deck="Bread")
        hidden.tags.add("bread")
        hidden.save()
    article.related_articles.add(RelatedArticle(article=hidden))
    article.save()
    PageViewRestriction.objects.create(page=hidden, restriction_type="login")
    for path in (
        "/", article.url, "/politics/", "/topic/bread/", "/search/?q=Bread", "/feed/",
        "/politics/feed/", "/topic/bread/feed/", "/sitemap.xml", "/news-sitemap.xml", "/archive/",
        f"/archive/{timezone.localdate():%Y/%m}/", "/most-read/", "/corrections/",
    ):  # fmt: skip
        page = client.get(path)
        assert page.status_code == 200 and hidden.slug not in page.text, path


def test_private_section_or_text_is_not_in_the_frame(client, site) -> None:
    text = site.home.add_child(instance=TextPage(title="Board", slug="board", body="<p>x</p>"))
    for page in (site.section, text):
        assert f'href="{page.url}"' in client.get("/").text
        PageViewRestriction.objects.create(page=page, restriction_type="login")
        assert f'href="{page.url}"' not in client.get("/").text


def test_empty_site_says_so(client, site) -> None:
    assert "Nothing has been published yet" in client.get("/").text


def test_draft_is_not_shown(client, site) -> None:
    draft = make_article(site.section, title="Secret plan", live=False)
    assert client.get(draft.url).status_code == 404
    assert "Secret plan" not in client.get("/").text


def test_related_articles_are_those_chosen_then_the_newest(site) -> None:
    chosen, newer, newest = (make_article(site.section) for _ in range(3))
    article = make_article(site.section)
    article.related_articles.add(RelatedArticle(article=chosen))
    article.save()
    assert related_to(article) == [chosen, newest, newer]


def test_then_come_those_that_share_most_topics_the_rare_ones_first(site: Any) -> None:
    def about(*topics: str, **fields: Any) -> ArticlePage:
        article = make_article(site.section, **fields)
        article.tags.add(*topics)
        article.save()
        return article

    two, rare = about("bread", "mills"), about("mills")
    often = [about("bread") for _ in range(3)]
    about("mills", "bread", live=False)
    article = about("bread", "mills", "nobody else's")
    make_article(site.section)  # the section's newest
    assert related_to(article) == [two, rare, often[2]]
    lists = set(article.lists_on_it())
    assert {f"topic:{tag.pk}" for tag in article.tags.all()} <= lists  # so it is purged with them


def test_search_finds_words_of_the_deck(client, site, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make_article(site.section, title="On loaves", deck="Bread is dearer")
    assert "On loaves" in client.get("/search/", {"q": "dearer"}).text


@pytest.mark.parametrize("query", ["", "\0", "%", "'", "a" * 5000, "nothing like it"])
def test_search_survives_any_query(client, site, query: str) -> None:
    assert client.get("/search/", {"q": query, "page": "x"}).status_code == 200


@pytest.mark.parametrize("path", ["/feed/", "/sitemap.xml", "/news-sitemap.xml"])
def test_feed_and_sitemaps_list_the_article(client, article, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert article.slug in answer.text


def test_public_page_is_anonymous_and_allows_no_inline_code(client, article) -> None:
    answer = client.get(article.url)
    assert not answer.cookies
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe-inline" not in policy
    assert "<script>" not in answer.text and " style=" not in answer.text


def test_page_is_the_same_for_every_reader(client, article) -> None:
    """So that a cache may serve it: nothing on it is made for one visit."""
    make_appeal()
    for path in (article.url, "/support/"):
        first, second = (re.sub(r'value="form:[^"]+"', "", client.get(path).text) for _ in "12")
        assert first == second


def test_no_page_loads_anything_from_elsewhere(client, article) -> None:
    for path in (article.url, "/", "/support/", "/newsletter/weekly/"):
        page = client.get(path).text
        for marker in ('src="http', 'srcset="http', "@import", "url(http"):
            assert marker not in page


def test_article_page_costs_few_queries(
    client, site, article, django_assert_max_num_queries
) -> None:
    make_appeal()
    make_issue(site.newsletter, [article], live=True)
    client.get(article.url)
    with django_assert_max_num_queries(40):
        client.get(article.url)


def test_front_page_costs_no_query_per_article(client, site) -> None:
    for _ in range(3):
        make_article(site.section)
    client.get("/")
    few = queries_of(lambda: client.get("/"))
    for _ in range(5):
        make_article(site.section)
    assert queries_of(lambda: client.get("/")) == few


def test_without_redis_pages_and_forms_work(client, article, settings) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "unix:///nowhere"}
    settings.CACHES, settings.REDIS_URL = {"default": away}, "unix:///nowhere"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["redis"]) == (200, False)
    assert client.get(article.url).status_code == 200
    form = {"email": "reader@example.org", "consent": "on"}
    assert client.post("/newsletter/weekly/signup/", form).status_code == 302


def test_moved_article_is_still_found(client, article) -> None:
    from wagtail.contrib.redirects.models import Redirect

    Redirect.add_redirect("/old/", article)
    assert client.get("/old/")["Location"] == article.url
    assert Page.objects.get(pk=article.pk).live

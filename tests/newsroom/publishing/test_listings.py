"""Topics and authors have pages, and the search knows them."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.urls import reverse
from wagtail.models import PageViewRestriction

from newsroom.models import ArticleByline, ArticlePage, Author
from tests.factories import make_article, make_user
from tests.queries import queries_of


def signed(site: Any, author: Author, tags: list[str], **fields: Any) -> ArticlePage:
    article = make_article(site.section, **fields)
    article.bylines.add(ArticleByline(author=author))
    article.tags.add(*tags)
    article.save()
    return article


def hide(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type="login")


@pytest.fixture
def ann(site: Any) -> Author:
    return Author.objects.create(name="Анна Ли", role="Reporter")


def test_every_link_below_an_article_leads_to_a_page_with_it(client: Any, site, ann) -> None:
    tags = ["bread", "C++", "c", "पनीर", "хлеб", "面包", "press freedom", "🙂", "a/b", "?x&y"]
    article = signed(site, ann, tags, title="On loaves")
    page = client.get(article.url).text
    links = re.findall(r'href="(/(?:topic|author)/[^"]*)"', page)
    assert len(links) == len(tags)  # the author's, and all but the smile's
    for link in links:
        assert "On loaves" in client.get(link).text, unquote(link)


def test_topic_that_no_reader_may_know_yet_is_not_there(client: Any, site, ann) -> None:
    signed(site, ann, ["secret"], live=False)
    hide(signed(site, ann, ["hidden"]))
    for path in (
        "/topic/secret/",
        "/topic/hidden/",
        "/topic/никто/",
        reverse("author", args=[ann.slug]),
    ):
        assert client.get(path).status_code == 404, path
    for query in ("secret", "hidden", "Анна"):
        page = client.get("/search/", {"q": query}).text
        assert 'href="/topic/' not in page and 'href="/author/' not in page


@pytest.mark.parametrize("query", ["Анна Ли", "ли анна", "АННА", " ли "])
def test_author_is_found_by_their_name(client: Any, site, ann, query: str) -> None:
    signed(site, ann, [], title="On loaves")
    page = client.get("/search/", {"q": query}).text
    assert f'href="{reverse("author", args=[ann.slug])}"' in page
    assert "On loaves" in page and "Nothing found" not in page


def test_author_who_took_another_name_is_not_found_by_the_former(
    client: Any, site, ann, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        signed(site, ann, [], title="On loaves")
        ann.name, ann.slug = "A. L.", ""
        ann.save()
    assert "On loaves" not in client.get("/search/", {"q": "Анна"}).text
    assert client.get("/author/анна-ли/").status_code == 404
    assert "On loaves" in client.get("/author/a-l/").text


def test_topic_is_found_by_its_name(client: Any, site, ann) -> None:
    signed(site, ann, ["press freedom"])
    for query in ("Freedom", "edom", "press"):
        page = client.get("/search/", {"q": query}).text
        assert 'href="/topic/press-freedom/"' in page and "Nothing found" not in page


def test_page_of_an_author_is_reached_in_every_language(client: Any, site, ann) -> None:
    signed(site, ann, ["хлеб"])
    page = client.get(f"/de{reverse('author', args=[ann.slug])}").text
    assert '<html lang="de"' in page and "Reporter" in page
    assert '<html lang="de"' in client.get("/de/topic/хлеб/").text


def test_byline_keeps_its_links_where_one_reads_from_right_to_left(client: Any, site, ann) -> None:
    ann.name = "Ann <b>"
    ann.save()
    page = client.get(f"/ar{signed(site, ann, []).url}").text
    assert re.search(
        r'<strong>\u2068<a href="/ar/author/[^"]+">Ann &lt;b&gt;</a>\u2069</strong>', page
    )


def test_each_author_has_an_address_of_their_own(client: Any, site) -> None:
    names = ["Ann Lee", "Ann-Lee", "🙂", "!", "ж" * 120, "ж" * 119]
    authors = [Author.objects.create(name=name) for name in names]
    assert len({author.slug for author in authors}) == len(names)
    for author in authors:
        signed(site, author, [])
        assert client.get(reverse("author", args=[author.slug])).status_code == 200


def test_editor_makes_an_author_and_gives_them_an_address(client: Any, site) -> None:
    client.force_login(make_user())
    add = reverse("wagtailsnippets_newsroom_author:add")
    assert client.post(add, {"name": "Ann Lee", "role": "", "slug": ""}).status_code == 302
    assert Author.objects.get(name="Ann Lee").slug == "ann-lee"
    answer = client.post(add, {"name": "Another", "role": "", "slug": "ann-lee"})
    assert answer.status_code == 200 and answer.context["form"].errors["slug"]


@pytest.mark.parametrize("path", ["/topic/bread/", "/author/ann/", "/search/?q=ann"])
def test_listing_costs_no_query_per_article(client: Any, site, path: str) -> None:
    ann = Author.objects.create(name="Ann")

    def look() -> None:
        assert client.get(path).status_code == 200

    signed(site, ann, ["bread", "wheat"])
    client.get(path)
    few = queries_of(look)
    for _ in range(5):
        signed(site, ann, ["bread", "wheat"])
    assert queries_of(look) == few

"""What programs get of what is in print; docs/api.md is played."""

import json
import re
import shlex
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from wagtail.models import PageViewRestriction
from wagtail.rich_text import RichText

from newsroom.models import ArticleByline, ArticlePage, Author, Correction
from tests.environment import ROOT
from tests.factories import make_article, make_image, make_user
from tests.queries import queries_of

LIST = "/api/v2/articles/"


@pytest.fixture
def article(site: Any) -> ArticlePage:
    article = make_article(
        site.section,
        title="On loaves",
        slug="on-loaves",
        owner=make_user(first_name="Staff", last_name="Member"),
        lead_image=make_image("bread", credit="Ann / Agency"),
        body=[("text", RichText("<p>Bread is <b>dearer</b>.</p>"))],
    )
    article.bylines.add(ArticleByline(author=Author.objects.create(name="Ann Lee")))
    article.corrections.add(Correction(corrected_on=timezone.localdate(), text="It was five."))
    article.tags.add("bread")
    article.save()
    return article


def test_article_is_told_as_it_is_printed(client: Any, article: ArticlePage) -> None:
    found = client.get(f"{LIST}{article.pk}/").json()
    assert set(found) == {
        *("id", "meta", "title", "deck", "published_at", "updated_at", "reading_minutes"),
        *("wire_credit", "section", "authors", "topics", "corrections", "picture", "text"),
    }
    assert set(found["meta"]) == {"type", "detail_url", "html_url", "slug"}
    assert found["meta"]["detail_url"] == f"{settings.BASE_URL}{LIST}{article.pk}/"
    assert found["authors"][0]["name"] == "Ann Lee"
    assert found["section"]["slug"] == "politics" and found["topics"][0]["slug"] == "bread"
    assert "<b>dearer</b>" in found["text"] and found["picture"]["credit"] == "Ann / Agency"
    assert found["corrections"][0]["text"] == "It was five."
    assert "Staff" not in json.dumps(found) and article.owner.username not in json.dumps(found)
    [listed] = client.get(LIST).json()["items"]
    assert listed == {name: found[name] for name in found if name != "text"}


def test_what_no_reader_may_open_is_not_there(client: Any, site: Any, article: ArticlePage) -> None:
    draft = make_article(site.section, live=False)
    private = make_article(site.section)
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    article.title = "A draft of another headline"
    article.save_revision()
    listed = client.get(LIST).json()
    assert [one["title"] for one in listed["items"]] == ["On loaves"]
    assert listed["meta"]["total_count"] == 1
    for hidden in (draft.pk, private.pk, site.home.pk, 10**17):
        assert client.get(f"{LIST}{hidden}/").status_code == 404
    client.force_login(make_user())
    assert client.get(f"{LIST}{draft.pk}/").status_code == 404
    article.unpublish()
    assert client.get(LIST).json()["items"] == []
    site.section.unpublish()
    assert client.get("/api/v2/sections/").json()["items"] == []


def test_author_who_gave_up_a_name_is_told_by_the_other_at_once(
    client: Any, article: ArticlePage
) -> None:
    client.get(LIST)
    author = Author.objects.get()
    author.name, author.slug = "A. L.", ""
    author.save()
    for path in (LIST, f"{LIST}{article.pk}/"):
        assert "A. L." in client.get(path).text and "Ann" not in client.get(path).text.replace(
            "Ann / Agency", ""
        )


def test_list_is_narrowed(client: Any, site: Any, article: ArticlePage) -> None:
    make_article(site.section, title="Another")
    today = timezone.localdate().isoformat()
    for query, titles in (
        ("section=politics", ["Another", "On loaves"]),
        ("topic=bread&author=ann-lee", ["On loaves"]),
        (f"since={today}&until={today}&limit=1", ["Another"]),
        ("offset=1", ["On loaves"]),
        ("section=nowhere", []),
        ("until=1999-01-01", []),
        ("since=9999-12-31", []),
        ("until=9999-12-31&limit=50", ["Another", "On loaves"]),
        ("since=0001-01-01", ["Another", "On loaves"]),
    ):
        found = client.get(f"{LIST}?{query}").json()["items"]
        assert sorted(one["title"] for one in found) == titles, query


@pytest.mark.parametrize(
    "query",
    ["limit=51", "limit=-1", "limit=x", "offset=10001", "offset=1e9", "since=x", "until=2026-02-31",
     "search=x", "fields=*", "owner=1", "order=random", "rich_text_format=html", "x" * 5000,
     "limit=" + "9" * 5000],
)  # fmt: skip
def test_what_makes_no_sense_is_said(client: Any, site: Any, query: str) -> None:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 400 and len(answer.json()["message"]) <= 200


def test_api_is_read_only_and_open_to_every_page(client: Any, article: ArticlePage) -> None:
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(client, method)(LIST).status_code == 405, method
    answer = client.get(LIST, HTTP_ORIGIN="https://other.test")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer and not answer.cookies
    again = client.get(LIST, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert again.status_code == 304 and not again.content
    article.save()
    article.title = "Changed"
    article.save()
    assert client.get(LIST, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 200
    assert client.get(f"/de{LIST}")["Location"] == LIST


@pytest.mark.usefixtures("standing_clock")
def test_who_asks_all_the_time_has_to_wait(client: Any, site: Any) -> None:
    for _ in range(120):
        client.get(f"{LIST}?limit=x")
    answer = client.get(LIST)
    assert answer.status_code == 429 and answer["Retry-After"]


def test_list_costs_no_query_per_article(client: Any, site: Any, article: ArticlePage) -> None:
    def look() -> None:
        assert client.get(LIST).status_code == 200

    look()
    few = queries_of(look)
    for number in range(3):
        other = make_article(site.section, lead_image=make_image(f"x{number}"))
        other.bylines.add(ArticleByline(author=Author.objects.create(name=f"A{number}")))
        other.tags.add("bread", f"t{number}")
        other.save()
    assert queries_of(look) == few


def test_examples_in_the_documentation_work(client: Any, article: ArticlePage) -> None:
    page = (ROOT / "docs/api.md").read_text()
    commands = [shlex.split(line) for line in re.findall(r"^curl .+$", page, re.MULTILINE)]
    assert len(commands) >= 4
    for command in commands:
        url = command[-1].replace("https://news.example.org", "").replace("1234", str(article.pk))
        assert client.get(url).status_code == 200, url
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    found = client.get(f"{LIST}{article.pk}/").json()
    assert set(json.loads(example)) == set(found)

"""What stands where on a front page that editors have arranged."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from wagtail.models import PageViewRestriction

from newsroom.models import ArticlePage, DailyReads, HomePage, SectionPage
from newsroom.models.front import filling
from newsroom.models.front.filling import Row
from tests.factories import World, arrange, make_appeal, make_article, make_user, titles


def pin(article: ArticlePage, **more: Any) -> dict[str, Any]:
    return {"article": article.pk, **more}


def pins(*articles: ArticlePage | None) -> list[dict[str, Any]]:
    values = [pin(article) if article else {"article": None} for article in articles]
    return [{"id": f"{n}", "type": "item", "value": value} for n, value in enumerate(values)]


@pytest.fixture
def paper(site: World) -> dict[str, ArticlePage]:
    """“City 0” is the newest, “Politics 0” a little older, and so on."""
    city = site.home.add_child(instance=SectionPage(title="City", slug="city"))
    found = {}
    for number in range(5):
        for hours, section in enumerate((city, site.section)):
            title = f"{section.title} {number}"
            at = timezone.now() - timedelta(days=number, hours=hours)
            found[title] = make_article(section, title=title, published_at=at)
    return found


def read(article: ArticlePage, count: int, days_ago: int = 0) -> None:
    on = timezone.localdate() - timedelta(days=days_ago)
    DailyReads.objects.create(article=article, on=on, count=count)


def test_places_are_pinned_or_filled_by_their_rule_and_nothing_stands_twice(
    client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    paper["City 3"].tags.add("bread")
    paper["City 3"].pick = True
    paper["City 3"].save()
    paper["Politics 2"].pick = True
    paper["Politics 2"].save()
    tag = paper["City 3"].tags.get()
    read(paper["Politics 4"], 50)
    read(paper["City 0"], 40, days_ago=6)
    read(paper["City 1"], 99, days_ago=7)  # too long ago
    read(paper["City 2"], 3)  # too few
    arrange(
        site.home,
        ("top", {"lead": pin(paper["Politics 3"]), "count": 1}),
        ("articles", {"by": "most_read", "count": 2, "title": "They read"}),
        ("articles", {"section": site.section.pk, "count": 2, "pins": pins(None, paper["City 4"])}),
        ("articles", {"topic": tag.pk, "count": 3}),
        ("articles", {"by": "picks", "count": 2}),
    )
    page = client.get("/").text
    assert titles(page) == [
        *("Politics 3", "City 0"),  # pinned; the newest
        "Politics 4",  # the most read but for “City 0”
        *("Politics 0", "City 4"),  # an empty place is the rule's
        "City 3",
        "Politics 2",  # the pick that is left
    ]
    for words in ("They read", 'href="/politics/">Politics', 'href="/topic/bread/">bread'):
        assert words in page


@pytest.mark.parametrize("why", ["draft", "embargo", "private", "over", "deleted"])
def test_what_is_pinned_but_not_for_readers_gives_way_to_the_rule_and_the_editor_is_told(
    why: str, client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    fields = {"draft": {"live": False}, "embargo": {"published_at": tomorrow}}.get(why, {})
    hidden = make_article(site.section, title="Hidden <b>", **fields)
    until = (timezone.now() - timedelta(minutes=1)).isoformat() if why == "over" else None
    arrange(site.home, ("top", {"lead": pin(hidden, until=until), "count": 0}))
    site.home.save_revision().publish()
    if why == "private":
        PageViewRestriction.objects.create(page=hidden, restriction_type="login")
    if why == "deleted":
        hidden.delete()
    shown = titles(client.get("/").text)
    if why == "over":
        assert shown == ["Hidden &lt;b&gt;"]  # it is the newest
        return
    assert shown == ["City 0"]
    client.force_login(make_user("Editors"))
    editor = client.get(f"/admin/pages/{site.home.pk}/edit/").text
    assert ("Hidden &lt;b&gt;" if why != "deleted" else "Left out: article") in editor
    if why != "deleted":
        preview = HomePage.objects.get().make_preview_request().rendered_content
        assert "Hidden &lt;b&gt;" in preview and titles(preview) == ["City 0"]


def test_preview_shows_what_is_not_saved_yet(site: World, paper: dict[str, ArticlePage]) -> None:
    """As Wagtail makes it of the form: with values, not as they are stored."""
    home = HomePage.objects.get()
    until = timezone.now() + timedelta(hours=1)
    lead = {"article": paper["City 4"], "until": until}
    value = {"lead": lead, "count": 0, "by": "newest", "section": None, "topic": None, "pins": []}
    home.arrangement = [("top", value), ("articles", {"count": 1, "by": "newest", "pins": []})]
    assert titles(home.make_preview_request().rendered_content) == ["City 4", "City 0"]


def test_without_an_arrangement_the_page_fills_itself(
    client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    by_itself = titles(client.get("/").text)
    arrange(site.home)
    assert titles(client.get("/").text) == by_itself
    assert by_itself[:6] == [f"{name} {n}" for n in range(3) for name in ("City", "Politics")]


def test_boxes_stand_where_they_were_put_and_once(
    client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    make_appeal()
    assert "ask-title" not in client.get("/").text
    arrange(
        site.home, ("box", {"box": "signup"}), ("box", {"box": "appeal"}), ("top", {}),
        ("box", {"box": "of an app that is gone"}),
    )  # fmt: skip
    page = client.get("/").text
    assert page.count('class="box box-ask') == page.count('class="box box-signup') == 1
    assert page.index("box-signup") < page.index("box-ask") < page.index("City 0")


def test_list_of_the_most_read_needs_enough_reads(
    client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    arrange(site.home, ("most_read", {"count": 3}))
    for number in range(2):
        read(paper[f"City {number}"], 100 + number)
    assert "ranked" not in client.get("/").text
    assert "Not enough" in client.get("/most-read/").text
    read(paper["City 2"], 300)
    for page in (client.get("/").text, client.get("/most-read/").text):
        places = [page.index(f">City {number}<") for number in (2, 1, 0)]
        assert places == sorted(places)
    paper["City 2"].unpublish()
    assert "City 2" not in client.get("/most-read/").text


@pytest.mark.parametrize("what", ["rows", "twice", "box twice"])
def test_what_can_not_be_arranged_is_said(
    what: str, site: World, paper: dict[str, ArticlePage]
) -> None:
    blocks: dict[str, list[tuple[str, Any]]] = {
        "rows": [("articles", {})] * 13,
        "twice": [
            ("top", {"lead": pin(paper["City 0"])}),
            ("articles", {"pins": pins(paper["City 0"])}),
        ],
        "box twice": [("box", {"box": "signup"})] * 2,
    }
    words = {"rows": "12", "twice": "“City 0”", "box twice": "Sign-up"}[what]
    arrange(site.home, *blocks[what])
    field = HomePage._meta.get_field("arrangement")
    with pytest.raises(ValidationError) as refusal:
        field.stream_block.clean(HomePage.objects.get().arrangement)
    assert words in str(refusal.value.as_json_data())


def test_long_arrangement_costs_no_query_more(
    client: Any, site: World, paper: dict[str, ArticlePage]
) -> None:
    def queries(*blocks: tuple[str, Any]) -> int:
        arrange(site.home, *blocks)
        client.get("/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/")
        return len(asked)

    paper["City 0"].tags.add("bread")
    paper["City 0"].save()
    topic = paper["City 0"].tags.get().pk
    row = ("articles", {"section": site.section.pk, "topic": topic, "by": "picks", "count": 1})
    few = queries(("top", {}), row)
    rows = [("articles", {"by": by, "count": 1}) for by in ("picks", "most_read", "newest")]
    assert queries(("top", {}), row, *rows * 3, ("most_read", {}), ("sections", None)) == few


@settings(max_examples=100)
@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=4), max_size=5),
    st.sets(st.integers(1, 9)),
    st.lists(st.integers(1, 9), unique=True, max_size=9),
)
def test_every_place_that_can_be_filled_is_and_nothing_stands_twice(
    pinned: list[list[int | None]], in_print: set[int], best: list[int]
) -> None:
    rows = [Row("articles", list(places)) for places in pinned]
    best = [pk for pk in best if pk in in_print]
    filling.place(rows, in_print, [[best] for _ in rows])
    shown = [pk for row in rows for pk in row.pins if pk]
    assert len(shown) == len(set(shown)) and set(shown) <= in_print
    wanted = {pk for places in pinned for pk in places if pk} & in_print
    assert wanted <= set(shown)
    empty = sum(pk is None for row in rows for pk in row.pins)
    assert not empty or set(best) <= set(shown)


def test_arrangement_of_an_older_version_is_still_read(client: Any, site: World) -> None:
    """Without what blocks have since; with blocks that there are no longer."""
    HomePage.objects.update(arrangement=json.dumps([{"type": "gone", "value": {"x": 1}},
                                                    {"type": "top", "value": {}}]))  # fmt: skip
    assert client.get("/").status_code == 200

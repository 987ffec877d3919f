"""The search finds what is in print, however it is asked for, and nothing else."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from wagtail.models import PageViewRestriction
from wagtail.rich_text import RichText

from newsroom.core.database import TookTooLong, at_most
from newsroom.models import ArticleByline, ArticlePage, Author, SearchEntry
from newsroom.search import looking_up
from newsroom.web.public_forms import TOO_OFTEN
from tests.factories import make_article
from tests.queries import queries_of


def write(site: Any, title: str, text: str = "", **fields: Any) -> ArticlePage:
    return make_article(
        site.section, title=title, deck="", body=[("text", RichText(text))], **fields
    )


def titles(page: str) -> list[str]:
    found = re.findall(r'<h2 class="teaser-title"><a [^>]*>(.*?)</a>', page)
    return [re.sub("</?mark>", "", one) for one in found]


def search(client: Any, **asked: Any) -> str:
    answer = client.get("/search/", asked)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.every_case
def test_word_is_found_in_whatever_form_it_was_typed(client: Any, site: Any) -> None:
    text = (
        "<p>Antonín Dvořák protested. Цены на хлеба и ёлки. 面包店 example.org: U.S. anti-war</p>"
    )
    write(site, "On loaves", text)
    write(site, "Another", "<p>Nothing of it.</p>")
    for typed in (
        *("protest", "PROTESTS", "protesting loaves", "loaves", "Dvořák", "dvorak", "Dvor\u030cák"),
        *(
            "хлеб",
            "ХЛЕБОВ",
            "елка",
            "ёлку",
            "面包",
            "example.org",
            "anti-war",
            "the loaves",
        ),
        *('"antonín dvořák"', '"dvořák protested" loaves', "loaves!", "(loaves) & | ! <-> :*"),
    ):
        assert titles(search(client, q=typed)) == ["On loaves"], typed
    assert titles(search(client, q='"protested dvořák"')) == []


def test_words_are_marked_and_hostile_text_stays_text(client: Any, site: Any) -> None:
    write(
        site,
        "Loaves <script>alert(1)</script>",
        "<p>" + "Long before. " * 50 + "A &lt;img src=x onerror=alert(1)&gt; Dvořák loaves.</p>",
    )
    page = search(client, q="dvorak loaves <b>")
    assert "dvorak loaves &lt;b&gt;" in page and "<b>" not in page
    page = search(client, q="dvorak loaves")
    assert "<mark>Loaves</mark> &lt;script&gt;" in page
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>Dvořák</mark> <mark>loaves</mark>" in page
    assert "<img src=x" not in page and "<script>alert" not in page
    assert "Long before" in page and page.count("Long before") < 8


@pytest.mark.parametrize(
    ("title", "typed", "shown"),
    [
        ("สำนักข่าวอิสระ", "ข่าว", "สำนัก<mark>ข่าว</mark>อิสระ"),
        ("独立新闻机构", "新闻", "独立<mark>新闻</mark>机构"),
        ("रोटी की कीमत बढ़ी", "कीमत", "रोटी की <mark>कीमत</mark> बढ़ी"),
    ],
)
def test_no_mark_cuts_a_letter_in_two(
    client: Any, site: Any, title: str, typed: str, shown: str
) -> None:
    write(site, title)
    assert shown in search(client, q=typed)


def test_headline_counts_more_and_the_newest_come_first_when_asked(client: Any, site: Any) -> None:
    day = [datetime(2026, 1, n, tzinfo=UTC) for n in (1, 2, 3)]
    write(site, "Loaf of bread", published_at=day[0])
    write(site, "Second", "<p>A loaf</p>", published_at=day[1])
    write(site, "Third", "<p>It was not this loaf.</p>", published_at=day[2])
    assert titles(search(client, q="loaf"))[0] == "Loaf of bread"
    assert titles(search(client, q="loaf", sort="date")) == ["Third", "Second", "Loaf of bread"]
    assert titles(search(client, since="2026-01-02", until="2026-01-02")) == ["Second"]
    assert titles(search(client, q="loaf", since="2026-01-03")) == ["Third"]


@pytest.mark.every_case
@pytest.mark.parametrize("several", [0, looking_up.SEVERAL])
def test_search_is_narrowed_by_section_and_author_of_few_articles_or_many(
    client: Any, site: Any, several: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(looking_up, "SEVERAL", several)
    ann = Author.objects.create(name="Ann Lee")
    signed = write(site, "Loaf by Ann")
    signed.bylines.add(ArticleByline(author=ann))
    signed.save()
    write(site, "Loaf by nobody")
    assert titles(search(client, q="loaf", author="lee")) == ["Loaf by Ann"]
    assert titles(search(client, q="loaf", author="lee", section="politics")) == ["Loaf by Ann"]
    assert len(titles(search(client, q="loaf", section="politics"))) == 2
    for asked, words in (
        ({"author": "Bob"}, "Nobody with this name"),
        ({"section": "nowhere"}, "no such section"),
        ({"since": "31.02.2026"}, "not a day"),
        ({"until": "2026-13-45T"}, "not a day"),
        ({"since": "2026-02-02", "until": "2026-01-01"}, "before the first one"),
    ):
        answer = client.get("/search/", {"q": "loaf", **asked})
        assert answer.status_code == 422 and words in answer.text
        assert 'aria-invalid="true"' in answer.text and "<details" in answer.text


def test_word_that_is_mistyped_is_found_by_the_one_most_like_it(client: Any, site: Any) -> None:
    write(site, "The government resigns")
    page = search(client, q="govenrment resigns")
    assert titles(page) == ["The government resigns"]
    assert "Nothing found about “govenrment resigns”. This is about “government resigns”." in page
    write(site, "A slip", "<p>The goverment slept.</p>")
    page = search(client, q="goverment")
    assert titles(page) == ["A slip"] and "Did you mean" not in page  # no more would be found
    write(site, "Government again")
    assert 'href="/search/?q=government">Did you mean “government”?' in search(
        client, q="goverment"
    )
    assert "Nothing found" in search(client, q="zyzzyva")


def test_note_is_found_and_shown_in_brackets(client: Any, site: Any) -> None:
    text = RichText("<p>Prices rise.[[The Gazette, page 3.]] Bread does.</p>")
    make_article(site.section, title="Prices", body=[("text", text)])
    page = client.get("/search/?q=gazette").text
    assert "Prices rise. (The <mark>Gazette</mark>, page 3.) Bread" in page and "[[" not in page


def test_all_are_indexed_anew_by_a_command(client: Any, site: Any) -> None:
    article = make_article(site.section, title="Bread", body=[("text", RichText("<p>Rye.</p>"))])
    SearchEntry.objects.all().delete()
    ArticlePage.objects.update(reading_minutes=0)
    for _ in range(2):
        call_command("index_articles", verbosity=0)
    article.refresh_from_db()
    assert article.url in client.get("/search/?q=rye").text and article.reading_minutes == 1


def test_what_is_not_in_print_is_neither_found_nor_counted_nor_guessed(
    client: Any, site: Any
) -> None:
    draft = write(site, "Embargoed merger", "<p>merger</p>", live=False)
    private = write(site, "Private merger", "<p>merger</p>")
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    gone = write(site, "Withdrawn merger", "<p>merger</p>")
    gone.unpublish()
    shown = write(site, "On loaves", "<p>loaves</p>")
    shown.body = [("text", RichText("<p>merger</p>"))]
    shown.save_revision()  # a draft of what is in print
    for asked in ({"q": "merger"}, {"q": "megrer"}, {"q": "embargoed"}, {"q": "Withdrawm"}):
        page = search(client, **asked)
        assert titles(page) == [] and "Did you mean" not in page and "This is about" not in page
    ArticlePage.objects.filter(pk=shown.pk).update(live=False)  # past every form
    assert titles(search(client, q="loaves")) == []
    assert set(SearchEntry.objects.values_list("pk", flat=True)) == {private.pk, shown.pk}
    draft.live = True
    draft.save()
    assert titles(search(client, q="merger")) == ["Embargoed merger"]


@pytest.mark.parametrize(
    "typed",
    ["x" * 10_000, "x " * 5000, "面" * 10_000, "!!! ??? …", '"', '"""', "'", "a & | ! :*", "\\",
     "%_", "-", "<->", "\0", "the", "\u200f\u0301", "a" * 199 + "é"],
)  # fmt: skip
def test_any_query_has_an_answer(client: Any, site: Any, typed: str) -> None:
    write(site, "On loaves")
    for page in ("1", "0", "-1", "x", str(10**9), str(10**30)):
        assert client.get("/search/", {"q": typed, "page": page}).status_code == 200


def test_more_than_the_most_are_not_counted(
    client: Any, site: Any, monkeypatch: Any, settings: Any
) -> None:
    monkeypatch.setattr(looking_up, "MOST", 2)
    monkeypatch.setattr("newsroom.search.views.MOST", 2)
    for number in range(4):
        write(site, f"Loaf {number}")
    page = search(client, q="loaf", sort="date", page="9")
    assert titles(page) == ["Loaf 3", "Loaf 2"] and "More than 2 articles" in page


def test_next_page_asks_for_the_same(client: Any, site: Any) -> None:
    for number in range(13):
        write(site, f"Loaf {number}")
    page = search(client, q="loaf", sort="date", since="2026-01-01")
    following = "?q=loaf&amp;since=2026-01-01&amp;sort=date&amp;page=2"
    assert f'href="{following}"'.replace("&amp;", "&") in page.replace("&amp;", "&")


def test_number_of_queries_does_not_grow(client: Any, site: Any) -> None:
    def look() -> None:
        search(client, q="loaf bread protests")

    write(site, "Loaf bread protests")
    search(client, q="x")
    few = queries_of(look)
    for _ in range(8):
        write(site, "Loaf bread protests")
    assert queries_of(look) <= few


@pytest.mark.usefixtures("standing_clock")
def test_who_searches_all_the_time_has_to_wait(client: Any, site: Any) -> None:
    for _ in range(60):
        client.get("/search/", {"q": "x"})
    answer = client.get("/search/", {"q": "x"})
    assert answer.status_code == 429 and str(TOO_OFTEN) in answer.text
    assert client.get("/search/").status_code == 200


def test_search_that_takes_too_long_is_stopped(client: Any, site: Any, monkeypatch: Any) -> None:
    with pytest.raises(TookTooLong), at_most(0.01), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")  # afterwards there is time again
    monkeypatch.setattr("newsroom.search.views.SECONDS", 0.2)
    write(site, "Loaf")

    def slowly(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        slow = "ts_rank" in sql
        return execute("SELECT pg_sleep(5)" if slow else sql, () if slow else params, *rest)

    with connection.execute_wrapper(slowly):
        answer = client.get("/search/", {"q": "loaf"})
    assert answer.status_code == 503 and "took too long" in answer.text

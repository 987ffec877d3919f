"""What readers are told of an article's kind, and of the series that it is a part of."""

import json
import re

import pytest

from newsroom.models import ArticlePage, Kind, Series
from subscriptions.issues.rendering import render_issue
from tests.factories import make_appeal, make_article, make_issue


def told(client, article) -> str:
    """What the page says to machines that it is."""
    data = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', client.get(article.url).text
    )
    return json.loads(data[1])["@type"]


def test_what_is_no_news_is_labelled_wherever_its_headline_stands(client, site) -> None:
    opinion = make_article(site.section, title="We must", kind=Kind.OPINION)
    for url in ("/", site.section.url, opinion.url):
        assert re.search(r'class="kind"[^>]*>Opinion<', client.get(url).text)
    assert '<category term="Opinion"' in client.get("/feed/").text
    issue = make_issue(site.newsletter, [opinion])
    rendered = render_issue(issue)
    assert ">Opinion<" in rendered.html and "Opinion: We must" in rendered.text


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("news", "NewsArticle"),
        ("opinion", "OpinionNewsArticle"),
        ("analysis", "AnalysisNewsArticle"),
        ("feature", "ReportageNewsArticle"),
        ("obituary", "NewsArticle"),
    ],
)
def test_machines_are_told_the_kind(client, site, kind, schema) -> None:
    assert told(client, make_article(site.section, kind=kind)) == schema


def test_beside_the_dead_nobody_is_asked_for_anything(client, site) -> None:
    make_appeal()
    news, obituary = (make_article(site.section, kind=kind) for kind in ("news", "obituary"))
    asks = ('class="box box-ask"', 'class="box signup"', "footer-signup")
    boxes = {url: [ask in client.get(url).text for ask in asks] for url in (news.url, obituary.url)}
    assert boxes[news.url][0] and boxes[news.url][2] and not any(boxes[obituary.url])
    words = "paid for by readers"
    alone = render_issue(make_issue(site.newsletter, [obituary]))
    among = render_issue(make_issue(site.newsletter, [news, obituary]))
    assert words not in alone.html + alone.text and words in among.html


def test_a_part_tells_its_place_among_those_that_are_out(client, site) -> None:
    series = Series.objects.create(title="The dam", slug="dam", introduction="How it broke.")
    first, draft, last = (
        make_article(site.section, title=title, series=series, series_part=part, live=live)
        for title, part, live in (("Built", 1, True), ("Cracked", 2, False), ("Broken", 3, True))
    )
    page = client.get(last.url).text
    assert "Part 2 of 2" in page and 'href="/series/dam/"' in page
    assert f'href="{first.url}" rel="prev"' in page and 'rel="next"' not in page
    listed = client.get("/series/dam/").text
    assert listed.index("Built") < listed.index("Broken") and "Cracked" not in listed
    assert "Cracked" not in client.get("/series/dam/feed/").text
    draft.save_revision().publish()
    page = client.get(ArticlePage.objects.get(pk=draft.pk).url).text
    assert "Part 2 of 3" in page and 'rel="prev"' in page and 'rel="next"' in page
    assert "/series/dam/" in client.get("/sitemap.xml").text


def test_the_only_part_that_is_out_has_no_number(client, site) -> None:
    series = Series.objects.create(title="The dam", slug="dam")
    second = make_article(site.section, series=series, series_part=2)
    page = client.get(second.url).text
    assert "Part of a series" in page and "1 of 1" not in page


def test_a_series_without_a_part_that_is_out_is_not_there(client, site) -> None:
    series = Series.objects.create(title="The dam", slug="dam")
    make_article(site.section, series=series, series_part=1, live=False)
    assert client.get("/series/dam/").status_code == 404
    assert client.get("/series/dam/feed/").status_code == 404
    assert "/series/dam/" not in client.get("/sitemap.xml").text

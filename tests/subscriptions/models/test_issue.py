"""An issue's pieces: what readers see of what editors put together."""

import json

import pytest
from django.utils import timezone
from wagtail.rich_text import RichText

from newsroom.mail import plain_text
from newsroom.models import ArticlePage
from subscriptions.issues import rendering
from subscriptions.models import IssuePage
from tests.factories import make_appeal, make_article, make_image, make_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def articles(site) -> list[ArticlePage]:
    return [make_article(site.section, title=f"Story {letter}") for letter in "ABC"]


@pytest.fixture
def issue(site, articles) -> IssuePage:
    a, b, c = articles
    body = [
        ("letter", RichText('<p>Dear readers, <a href="/about/">about us</a></p>')),
        ("section", "News"),
        ("article", {"article": a, "headline": "Said otherwise", "teaser": "And shorter"}),
        ("section", "Features"),
        ("article", {"article": b}),
        ("quote", {"text": "Bread is bread", "who": "A baker"}),
        ("event", {"title": "We meet", "at": timezone.now(), "place": "Berlin", "text": "Come"}),
        ("appeal", None),
        ("archive", {"article": c, "why": "Because it is true again"}),
    ]
    return make_issue(site.newsletter, [], body=body)


def test_every_kind_of_piece_is_in_both_parts_and_on_the_web(client, issue) -> None:
    make_appeal(title="Keep us free")
    rendered = rendering.render_issue(issue)
    issue.save_revision().publish()
    web = client.get(IssuePage.objects.get().url).text
    for said in (
        "Dear readers", "News", "Said otherwise", "And shorter", "Features", "Story B",
        "Bread is bread", "A baker", "We meet", "Berlin", "Keep us free", "Story C",
        "Because it is true again",
    ):  # fmt: skip
        for where in (rendered.html, rendered.text, web):
            assert said in where
    assert "Story A" not in rendered.text


def test_articles_below_a_heading_belong_to_it(issue) -> None:
    assert [(piece.story.title, piece.section) for piece in issue.stories] == [
        ("Story A", "News"), ("Story B", "Features"), ("Story C", "Features"),
    ]  # fmt: skip


def test_heading_with_nothing_left_below_it_is_left_out(issue, articles) -> None:
    articles[0].unpublish()
    rendered = rendering.render_issue(IssuePage.objects.get())
    assert "== News ==" not in rendered.text and "== Features ==" in rendered.text


def test_article_deleted_meanwhile_is_left_out(issue, articles) -> None:
    ArticlePage.objects.get(pk=articles[0].pk).delete()
    fresh = IssuePage.objects.get()
    assert [piece.story.title for piece in fresh.stories] == ["Story B", "Story C"]
    assert len(fresh.article_ids()) == 3


def test_whole_article_can_be_read_in_the_mail(site) -> None:
    body = json.dumps(
        [
            {"type": "text", "value": "<p>First <b>paragraph</b></p>"},
            {"type": "quote", "value": {"text": "Quoted", "who": "She"}},
            {"type": "list", "value": [{"type": "item", "value": "A point"}]},
            {"type": "embed", "value": {"url": "https://video.example/1", "title": "A video"}},
        ]
    )
    article = make_article(site.section, body=body)
    issue = make_issue(
        site.newsletter, [], body=[("article", {"article": article, "full_text": True})]
    )
    rendered = rendering.render_issue(issue)
    for said in ("paragraph", "Quoted", "A point", "A video"):
        assert said in rendered.html and said in rendered.text
    assert "https://video.example/1" in rendered.text
    assert 'aria-label="Read on' not in rendered.html


def test_picture_chosen_for_the_issue_takes_the_place_of_the_articles(site) -> None:
    own, other = make_image("own"), make_image("other")
    article = make_article(site.section, lead_image=own)
    body = [("article", {"article": article, "image": other})]
    html = rendering.render_issue(make_issue(site.newsletter, [], body=body)).html
    assert "other" in html and "own" not in html.replace("unknown", "")


def test_mail_speaks_the_newsletters_language(site, articles) -> None:
    site.newsletter.language = "de"
    site.newsletter.save()
    rendered = rendering.render_issue(make_issue(site.newsletter, articles))
    assert 'lang="de"' in rendered.html
    assert "Abmelden" in rendered.html and "Abmelden" in rendered.text
    assert "Unsubscribe" not in rendered.html


def test_right_to_left_mail_runs_that_way(site, articles) -> None:
    site.newsletter.language = "ar"
    site.newsletter.save()
    issue = make_issue(site.newsletter, articles, subject="خبز الأسبوع 🥖")
    rendered = rendering.render_issue(issue)
    assert 'dir="rtl"' in rendered.html and 'lang="ar"' in rendered.html
    assert "direction:ltr" not in rendered.html.replace(" ", "")
    assert rendered.subject == "خبز الأسبوع 🥖"


def test_newsletters_own_colour_is_in_its_mail(site, articles) -> None:
    site.newsletter.accent, site.newsletter.accent_dark = "#0b4f6c", "#7cc4e2"
    site.newsletter.save()
    html = rendering.render_issue(make_issue(site.newsletter, articles)).html
    assert "#0b4f6c" in html and "#7cc4e2" in html and "#7a1710" not in html


def test_links_of_the_text_are_numbered_once_each(issue) -> None:
    text = rendering.render_issue(issue).text
    body, links = text.split("\nLinks\n")
    assert "about us [1]" in body and "Said otherwise [2]" in body
    assert links.count("[2] http") == 1
    assert plain_text.wrap("[12] https://x.example/" + "a" * 90 + "\n").startswith("[12] https")
    assert all(len(line) <= 72 or "http" in line for line in text.splitlines())


def test_web_version_tells_machines_what_it_is(client, issue) -> None:
    issue.subject = "Bread </script><script>alert(1)</script>"
    issue.save_revision().publish()
    page = client.get(IssuePage.objects.get().url).text
    raw = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    data = json.loads(raw)
    assert data["@type"] == "PublicationIssue" and data["name"].startswith("Bread </script>")
    assert [part["headline"] for part in data["hasPart"]] == ["Story A", "Story B", "Story C"]
    assert "<script>alert" not in page


def test_archive_is_a_feed_too(client, site, issue) -> None:
    url = f"/newsletter/{site.newsletter.slug}/feed/"
    assert issue.subject not in client.get(url).text
    issue.save_revision().publish()
    answer = client.get(url)
    assert answer["Content-Type"].startswith("application/atom+xml")
    assert issue.subject in answer.text
    assert client.get("/newsletter/nothing/feed/").status_code == 404


def test_pieces_take_no_query_for_each(site, django_assert_max_num_queries) -> None:
    few = make_issue(site.newsletter, [make_article(site.section) for _ in range(2)])
    many = make_issue(site.newsletter, [make_article(site.section) for _ in range(20)])
    assert len(many.pieces) == 20 and len(few.pieces) == 2
    with django_assert_max_num_queries(8):
        assert len(IssuePage.objects.get(pk=many.pk).pieces) == 20

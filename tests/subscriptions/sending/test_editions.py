"""An issue in editions: each reader gets the one that they have chosen, once."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from wagtail.rich_text import RichText

from donations.models import Donor
from newsroom.mail import providers
from newsroom.mail.links import at_host
from newsroom.models import ArticlePage, Masthead
from subscriptions.issues import previews, rendering
from subscriptions.issues.checklist import inspect
from subscriptions.models import Edition, IssueLink, IssuePage, Newsletter, Subscription
from subscriptions.readers import wishes
from subscriptions.sending import freezing
from tests.factories import (
    make_appeal,
    make_article,
    make_deferral,
    make_frozen,
    make_image,
    make_issue,
    make_subscription,
    make_supporter,
)
from tests.sending import received, send_all

pytestmark = pytest.mark.django_db
MIRROR, WHOLE = "https://mirror.example.net", Edition.WHOLE
BODY = "The tram stays, says the whole text."


@pytest.fixture
def article(site) -> ArticlePage:
    body = json.dumps([{"type": "text", "value": f"<h2>Then</h2><p>{BODY}</p>"}])
    return make_article(site.section, title="Trams", body=body)


@pytest.fixture
def issue(site, article) -> IssuePage:
    archive = make_article(site.section, title="Old", body=json.dumps([]))
    pieces = [("article", {"article": article}), ("archive", {"article": archive, "why": "So"})]
    return make_issue(site.newsletter, [], body=pieces, subject="On trams")


def there_is_a_mirror() -> None:
    masthead = Masthead.load()
    masthead.mirror = MIRROR
    masthead.save()


def reader(site, edition: Edition) -> Subscription:
    made = make_subscription(site.newsletter)
    wishes.read_whole(made, Edition.WHOLE in edition)
    wishes.use_mirror(made.subscriber, Edition.MIRROR in edition)
    return made


def test_everybody_gets_one_copy_of_the_edition_they_had_chosen(
    site, issue, inbox, monkeypatch, settings
) -> None:
    provider = replace(providers.current(), per_call=2)
    monkeypatch.setattr(providers, "current", lambda: provider)
    there_is_a_mirror()
    readers = {
        edition: [reader(site, edition) for _ in range(3)] for edition in map(Edition, range(4))
    }
    mailing = make_frozen(issue)
    assert mailing.editions() == dict.fromkeys(map(Edition, range(4)), 3)
    assert {body.edition for body in mailing.bodies.all()} == {0, 1, 2, 3}
    first = mailing.batches.get(seq=0)  # a batch that is divided stays of its edition
    assert first.split_off(first.subscriber_ids[:1], "pending").edition == first.edition

    for edition, some in readers.items():  # too late: this issue is frozen
        wishes.read_whole(some[0], Edition.WHOLE not in edition)
        wishes.use_mirror(some[0].subscriber, Edition.MIRROR not in edition)
    masthead = Masthead.load()
    masthead.mirror = ""
    masthead.save()
    send_all()

    addresses = [one.subscriber.email for some in readers.values() for one in some]
    assert received(inbox, addresses) == Counter(dict.fromkeys(addresses, 1))
    for edition, some in readers.items():
        host = MIRROR if Edition.MIRROR in edition else settings.BASE_URL
        other = settings.BASE_URL if Edition.MIRROR in edition else MIRROR
        for one in some:
            [mail] = inbox.to(one.subscriber.email)
            for part in (mail["html"], mail["text"]):
                assert (BODY in part) == (Edition.WHOLE in edition)
                assert f"{host}/newsletter/unsubscribe/" in part
                assert other not in part and f"{host}/politics/" in mail["text"]
            assert f'"{host}/newsletter/go/' in mail["html"]
            assert mail["headers"]["List-Unsubscribe"].startswith(f"<{settings.BASE_URL}/")


def test_only_chosen_editions_are_made_and_without_a_mirror_no_link_leads_there(
    site, issue
) -> None:
    reader(site, Edition.MIRROR)
    mailing = make_frozen(issue)
    assert [body.edition for body in mailing.bodies.all()] == [0]


def test_clicks_of_all_editions_count_for_one_link_and_stay_on_their_host(
    site, issue, article, client
) -> None:
    there_is_a_mirror()
    for edition in map(Edition, range(4)):
        reader(site, edition)
    mailing = make_frozen(issue)
    link = mailing.links.get(url=article.full_url)
    for body in mailing.bodies.all():
        assert f"/newsletter/go/{link.pk}/" in body.html
        client.get(f"/newsletter/go/{link.pk}/", headers={"User-Agent": "Firefox"})
    answer = client.get(f"/newsletter/go/{link.pk}/", headers={"User-Agent": "curl"})
    assert answer["Location"] == article.url and answer["Location"].startswith("/")
    assert IssueLink.objects.get(pk=link.pk).total == 4


def test_every_edition_is_of_the_approved_revision(site, article) -> None:
    reader(site, WHOLE)
    issue = make_issue(site.newsletter, [article], letter="<p>Approved words.</p>")
    mailing = freezing.approve(issue, None, timezone.now())
    issue.body = [("letter", RichText("<p>Later words.</p>"))]
    issue.save_revision()
    assert freezing.freeze(mailing, timezone.now())
    html = mailing.bodies.get().html
    assert "Approved words." in html and "Later words." not in html and BODY in html


def test_article_that_was_withdrawn_is_in_no_edition(issue, article) -> None:
    article.unpublish()
    for edition in (rendering.TEASERS, WHOLE):
        made = rendering.render_issue(IssuePage.objects.get(pk=issue.pk), edition)
        assert "Trams" not in made.html + made.text and BODY not in made.html + made.text


def test_what_does_not_fit_stays_a_teaser_and_the_checklist_says_so(site) -> None:
    text = json.dumps([{"type": "text", "value": f"<p>{'A long sentence of it. ' * 1500}</p>"}])
    articles = [make_article(site.section, title=f"Story {n}", body=text) for n in range(5)]
    issue = make_issue(site.newsletter, articles)
    made = rendering.render_issue(issue, WHOLE)
    assert made.shortened == ["Story 2", "Story 3", "Story 4"]
    assert len(made.html.encode()) <= rendering.MOST_WHOLE
    assert made.html.count("Read on:") == 3
    [finding] = [one for one in inspect(issue) if one.label == "Whole articles"]
    assert finding.state == "warning" and "“Story 2”" in finding.words


def test_every_kind_of_block_is_in_both_parts(site) -> None:
    picture = make_image("tram", credit="Photo: Ann")
    table = {
        "data": [["Line", "Year"], ["1", None], ["Goals", 0]],
        "first_row_is_table_header": True,
        "first_col_is_header": False,
    }
    body = [
        {"type": "text", "value": "<h2>Under it</h2><p>One <b>bold</b> <a href='/x/'>link</a></p>"},
        {"type": "quote", "value": {"text": "We counted", "who": "The mayor"}},
        {"type": "image", "value": {"image": picture.pk, "caption": "At noon"}},
        {"type": "embed", "value": {"url": "https://video.example/1", "title": "A film"}},
        {"type": "list", "value": ["First", "Second"]},
        {"type": "table", "value": table},
    ]
    article = make_article(site.section, body=json.dumps(body))
    issue = make_issue(
        site.newsletter, [], body=[("section", "News"), ("article", {"article": article})]
    )
    made = rendering.render_issue(issue, WHOLE)
    for words in (
        *("Under it", "We counted", "The mayor", "At noon", "Photo: Ann", "A film"),
        *("First", "Second", "Line", "Year"),
    ):
        assert words in made.html and words in made.text
    assert ">Under it</h4>" in made.html  # below the section's and the article's own
    assert 'alt="A picture of tram"' in made.html and "<th" in made.html
    assert "https://video.example/1" in made.text and "<iframe" not in made.html
    assert "None" not in made.html + made.text
    assert ">0</td>" in made.html and "Goals; 0" in made.text
    assert "See it on our site" not in made.html


@pytest.mark.parametrize(
    "typed",
    [
        "<p>unclosed <b>x",
        "</mj-text></mj-column><mj-raw>x</mj-raw>",
        "<p>x<script>alert(1)</script></p>",
        "<p><a href='javascript:alert(1)'>x</a><img src=x onerror=alert(1)></p>",
        "<p>x<br>&nbsp;<!-- [if mso]> --></p>",
        "<![CDATA[<p>x</p>]]>",
    ],
)
def test_what_no_form_of_ours_lets_in_stops_no_issue_and_reaches_no_inbox(site, typed) -> None:
    article = make_article(site.section, body=json.dumps([{"type": "text", "value": typed}]))
    issue = make_issue(site.newsletter, [article], letter=typed)
    html = rendering.render_issue(issue, WHOLE).html.lower()
    assert not [bad for bad in ("<script", "javascript:", "onerror", "<mj-") if bad in html]


def test_kind_of_block_that_no_mail_can_show_becomes_a_link() -> None:
    unknown = [{"block_type": "map", "value": ""}]
    html = render_to_string("subscriptions/email/full_text.html", {"body": unknown, "url": "/a/"})
    assert '<a href="/a/">See it on our site</a>' in html


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("{0}/a/?b=1#c", "{1}/a/?b=1#c"),
        ('<a href="{0}">', '<a href="{1}">'),
        ("See {0}.", "See {1}."),
        ("{0}.evil.example/", "{0}.evil.example/"),
        ("{0}@evil.example/", "{0}@evil.example/"),
        ("{0}80/", "{0}80/"),
        ("https://archive.example/2026/{0}/a/", "https://archive.example/2026/{0}/a/"),
    ],
)
def test_only_our_own_addresses_get_the_mirrors_host(settings, body: str, made: str) -> None:
    settings.BASE_URL = "https://site.example"
    ours, mirror = "https://site.example", MIRROR
    assert at_host(body.format(ours), mirror) == made.format(ours, mirror)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Mirror.example.net/", MIRROR),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("", ""),
        ("http://mirror.example.net", None),
        ("https://mirror.example.net/path", None),
        ("https://mirror.example.net?x", None),
        ("https://a:b@mirror.example.net", None),
        ("mirror.example.net", None),
        ("https://127.0.0.1:8000\r\nX: y", None),
    ],
)
def test_mirrors_address_is_https_and_a_host(typed: str, kept: str | None) -> None:
    masthead = Masthead(mirror=typed)
    if kept is None:
        with pytest.raises(ValidationError):
            masthead.clean()
    else:
        masthead.clean()
        assert masthead.mirror == kept


def test_site_is_no_mirror_of_itself(settings) -> None:
    settings.BASE_URL = MIRROR
    with pytest.raises(ValidationError, match="the site itself"):
        Masthead(mirror=MIRROR).clean()


def test_preview_shows_whole_articles_with_dead_personal_links(issue) -> None:
    there_is_a_mirror()
    assert BODY in previews.one(issue, "whole").text
    assert BODY in previews.one(issue, "whole-text").text
    assert BODY not in previews.one(issue, "email").text
    mirrored = rendering.render_issue(issue, WHOLE | Edition.MIRROR)
    for part in (mirrored.html, mirrored.text):
        assert "((reader" not in rendering.for_display(part)


# --- Who supports us is not asked -------------------------------------------------------------


@pytest.fixture
def appealing(site, article) -> IssuePage:
    """With the appeal as a piece, below a heading of its own."""
    make_appeal(title="Please give", message="<p>We need you.</p>")
    pieces = [("article", {"article": article}), ("section", "You"), ("appeal", None)]
    return make_issue(site.newsletter, [], body=pieces)


def ann_supports_us(site) -> None:
    make_subscription(site.newsletter, "ann@example.org")
    make_subscription(site.newsletter, "bob@example.org")
    make_supporter("ann@example.org")


def test_supporter_gets_the_issue_without_the_appeal(site, appealing, inbox) -> None:
    ann_supports_us(site)
    mailing = make_frozen(appealing)
    assert mailing.editions() == {rendering.TEASERS: 1, Edition.SPARED: 1}
    asked, spared = mailing.bodies.order_by("edition")
    for part in (spared.html, spared.text):
        assert "Trams" in part and "/support" not in part
        assert "We need you" not in part and ">You<" not in part and "\nYou\n" not in part
    assert "We need you" in asked.html and "We need you" in asked.text and ">You<" in asked.html
    send_all()
    for name in ("ann", "bob"):
        [mail] = inbox.to(f"{name}@example.org")
        assert ("We need you" in mail["html"]) == (name == "bob")


def test_supporter_gets_no_line_at_the_end_either(site, issue) -> None:
    make_appeal()
    ann_supports_us(site)
    asked, spared = make_frozen(issue).bodies.order_by("edition")
    assert "/support" in asked.html + asked.text
    assert "/support" not in spared.html + spared.text


def test_newsletter_may_ask_supporters_too(site, appealing) -> None:
    ann_supports_us(site)
    Newsletter.objects.update(ask_supporters=True)
    issue = IssuePage.objects.get(pk=appealing.pk)
    assert make_frozen(issue).editions() == {rendering.TEASERS: 2}


@pytest.mark.parametrize("they", ["said no", "said later"])
def test_who_said_no_or_later_is_not_asked_whatever_the_newsletter_says(
    site, appealing, they: str
) -> None:
    ann_supports_us(site)
    Newsletter.objects.update(ask_supporters=True)
    if they == "said no":
        Donor.objects.update(not_asked_since=timezone.localdate())
    else:
        make_deferral("ann@example.org")
    issue = IssuePage.objects.get(pk=appealing.pk)
    assert make_frozen(issue).editions() == {rendering.TEASERS: 1, Edition.SPARED: 1}


def test_issue_that_asks_nobody_has_one_edition(site) -> None:
    make_appeal()
    ann_supports_us(site)
    obituary = make_article(site.section, title="She wrote", kind="obituary")
    issue = make_issue(site.newsletter, [obituary])
    assert make_frozen(issue).editions() == {rendering.TEASERS: 2}


def test_supporter_who_wants_whole_articles_at_the_mirror_gets_those(site, appealing) -> None:
    there_is_a_mirror()
    ann = reader(site, WHOLE | Edition.MIRROR)
    make_supporter(ann.subscriber.email)
    body = make_frozen(appealing).bodies.get()
    assert body.edition == 7 and BODY in body.html and MIRROR in body.html
    assert "We need you" not in body.html
    labels = [edition.label for edition in rendering.editions(appealing)]
    assert len(labels) == 8 and labels[7] == (
        "Whole articles, links to the mirror, not asked for support"
    )

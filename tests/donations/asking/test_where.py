"""Where the ask stands, and where it never does."""

import pytest
from django.urls import reverse

from donations.asking.ask_cookie import opened, sealed, today
from donations.asking.deciding import COOLING, Memory, month_of
from newsroom.models import HomePage, PolicyPage
from newsroom.models.article.kinds import Kind
from tests.factories import make_appeal, make_article, make_issue

EVERYWHERE = {"below": True, "third": True, "banner": True, "on_issues": True}
NOWHERE = dict.fromkeys(EVERYWHERE, False)


def reads(client, times: int) -> None:
    """Somebody who read that many articles this month before."""
    month = month_of(today())
    client.cookies["ask"] = sealed(Memory(month=month, read=times, shown_on=today() - 1))


def asks(client, url: str) -> set[str]:
    page = client.get(url).text
    marks = {"box": "box-ask", "banner": "ask-banner", "often": "You read us often"}
    return {name for name, mark in marks.items() if mark in page}


@pytest.mark.parametrize(
    ("places", "read", "article", "section"),
    [
        ({"below"}, 0, {"box"}, set()),
        ({"below"}, 3, {"box"}, set()),
        ({"third"}, 1, set(), set()),
        ({"third"}, 2, {"box", "often"}, set()),
        ({"below", "third"}, 2, {"box", "often"}, set()),
        ({"banner"}, 1, {"banner"}, {"banner"}),
        ({"below", "banner"}, 1, {"box"}, {"banner"}),
        (set(EVERYWHERE), None, {"box"}, set()),
        ({"third", "banner"}, None, set(), set()),
        (set(), 3, set(), set()),
    ],
)
def test_articles_and_sections_ask_where_the_appeal_says(
    client, site, places, read, article, section
) -> None:
    make_appeal(**NOWHERE | dict.fromkeys(places, True))
    if read is not None:
        reads(client, read)
    assert asks(client, make_article(site.section).url) == article
    assert asks(client, site.section.url) == section


def test_issue_of_a_newsletter_asks_on_the_web_unless_it_does_so_itself(client, site) -> None:
    make_appeal(**NOWHERE | {"on_issues": True})
    article = make_article(site.section)
    for number, expected in enumerate((1, 0)):
        issue = make_issue(site.newsletter, [article], slug=f"issue-{number}")
        issue.body.extend([("appeal", None)] * number)
        issue.save_revision().publish()
        assert client.get(issue.url).text.count("box-ask") == expected


def test_never_beside_the_dead_nor_on_pages_about_giving_or_the_law(client, site) -> None:
    make_appeal(**EVERYWHERE)
    reads(client, 3)
    obituary = make_article(site.section, kind=Kind.OBITUARY)
    policy = PolicyPage.objects.get().url
    others = [reverse(name) for name in ("manage_request", "thanks", "search", "kept")]
    for url in (obituary.url, policy, *others):
        assert asks(client, url) == set(), url
    assert asks(client, reverse("support")) == {"box"}  # the form itself
    assert asks(client, HomePage.objects.get().url) == {"banner"}


def test_editors_switch_it_off_for_an_article_or_a_section(client, site) -> None:
    make_appeal(**EVERYWHERE)
    reads(client, 3)
    article, quiet = (make_article(site.section, may_ask=may) for may in (True, False))
    assert asks(client, article.url) and not asks(client, quiet.url)
    site.section.may_ask = False
    site.section.save_revision().publish()
    assert not asks(client, article.url) and not asks(client, site.section.url)


def test_not_now_leads_back_and_brings_silence_without_javascript(client, site) -> None:
    make_appeal(**EVERYWHERE)
    article = make_article(site.section).url
    reads(client, 1)
    for cooling in COOLING[:2]:
        answer = client.post(reverse("not_now"), {"back": article})
        assert (answer.status_code, answer["Location"]) == (303, article)
        memory = opened(client.cookies["ask"].value)
        assert memory.is_silent(today() + cooling - 1) and not memory.is_silent(today() + cooling)
    assert asks(client, article) == asks(client, site.section.url) == set()
    answer = client.post(reverse("not_now"), {"back": "https://evil.example/"})
    assert answer["Location"] == "/"
    before = client.cookies["ask"].value
    assert client.get(reverse("not_now")).status_code == 303  # changes nothing
    assert client.cookies["ask"].value == before
    other = client.post(reverse("not_now"), headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403

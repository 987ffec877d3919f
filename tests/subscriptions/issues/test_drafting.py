from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsroom.models import ArticlePage, DailyReads, SectionPage
from subscriptions.issues import drafting
from subscriptions.models import IssuePage, NewsletterRule
from tests.factories import make_article


@pytest.fixture(autouse=True)
def _an_hour_before_it_goes_out(site) -> Iterator[None]:
    """Whatever day it is: the week's articles are out, and what comes later is not."""
    hour = site.newsletter.next_send_at(timezone.now())
    with time_machine.travel(hour - timedelta(hours=1), tick=False):
        yield


def test_draft_holds_the_weeks_articles_newest_first_and_none_of_the_last_issue(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())

    def published(days: float) -> ArticlePage:
        return make_article(site.section, published_at=send_at - timedelta(days=days))

    old, shown = published(9), published(5)
    last = drafting.draft_issue(site.newsletter, send_at - timedelta(days=3))
    assert last.article_ids() == [shown.pk, old.pk]
    fresh = [published(1), published(2)]
    published(-1)  # planned for the day after
    issue = drafting.draft_issue(site.newsletter, send_at)
    assert issue.article_ids() == [article.pk for article in fresh]
    assert issue.subject == fresh[0].title
    assert not issue.live


def test_nothing_is_drafted_before_the_drafting_day(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    begins = site.newsletter.drafting_starts_at(send_at)
    assert drafting.draft_due_issue(site.newsletter, begins - timedelta(minutes=1)) is None
    assert drafting.draft_due_issue(site.newsletter, begins) is not None


def test_two_beats_make_one_draft(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    assert drafting.draft_issue(site.newsletter, send_at)
    assert drafting.draft_issue(site.newsletter, send_at) is None
    assert IssuePage.objects.count() == 1


def test_week_without_articles_still_gets_a_draft(site) -> None:
    issue = drafting.draft_issue(site.newsletter, site.newsletter.next_send_at(timezone.now()))
    assert issue.subject == "The Weekly"


def rule(site, heading: str, source: SectionPage | None, most: int) -> None:
    site.newsletter.rules.add(
        NewsletterRule(
            heading=heading, source=source, most=most, sort_order=site.newsletter.rules.count()
        )
    )
    site.newsletter.save()


def headings_and_titles(issue: IssuePage) -> list[str]:
    return [piece.section if piece.kind == "section" else piece.headline for piece in issue.pieces]


def test_draft_follows_the_rules_of_its_newsletter(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    culture = site.home.add_child(instance=SectionPage(title="Culture", slug="culture"))
    yesterday = send_at - timedelta(days=1)
    made = {
        title: make_article(section, title=title, published_at=yesterday - timedelta(minutes=n))
        for n, (title, section) in enumerate(
            [("P1", site.section), ("P2", site.section), ("P3", site.section), ("C1", culture)]
        )
    }
    ArticlePage.objects.filter(pk=made["P3"].pk).update(pick=True)
    DailyReads.objects.create(article=made["P2"], on=yesterday.date(), count=50)
    rule(site, "News", site.section, 2)
    rule(site, "Culture", culture, 2)
    rule(site, "More", None, 5)
    issue = drafting.draft_issue(site.newsletter, send_at)
    # The pick, then the most read; what is left comes last, each article once.
    assert headings_and_titles(issue) == ["News", "P3", "P2", "Culture", "C1", "More", "P1"]
    assert issue.subject == "P3"


def test_section_without_articles_leaves_no_heading(site) -> None:
    culture = site.home.add_child(instance=SectionPage(title="Culture", slug="culture"))
    rule(site, "Culture", culture, 2)
    issue = drafting.draft_issue(site.newsletter, site.newsletter.next_send_at(timezone.now()))
    assert list(issue.body) == []


def test_period_begins_with_the_last_issue_even_after_weeks_off(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    drafting.draft_issue(site.newsletter, send_at - timedelta(days=21))
    during = make_article(site.section, published_at=send_at - timedelta(days=15))
    make_article(site.section, published_at=send_at - timedelta(days=22))
    issue = drafting.draft_issue(site.newsletter, send_at)
    assert issue.article_ids() == [during.pk]


def test_newsletter_without_a_day_is_not_drafted_by_itself(site) -> None:
    site.newsletter.weekday = None
    site.newsletter.save()
    assert drafting.draft_due_issue(site.newsletter, timezone.now()) is None

from datetime import timedelta

from django.utils import timezone

from newsroom.models import ArticlePage
from subscriptions import assembly
from subscriptions.models import IssuePage
from tests.factories import make_article


def test_draft_holds_the_weeks_articles_newest_first_and_none_of_the_last_issue(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())

    def published(days: float) -> ArticlePage:
        return make_article(site.section, published_at=send_at - timedelta(days=days))

    old, shown = published(9), published(5)
    last = assembly.draft_issue(site.newsletter, send_at - timedelta(days=3))
    assert last.article_ids() == [shown.pk, old.pk]
    fresh = [published(1), published(2)]
    published(-1)  # planned for the day after
    issue = assembly.draft_issue(site.newsletter, send_at)
    assert issue.article_ids() == [article.pk for article in fresh]
    assert issue.subject == fresh[0].title
    assert not issue.live


def test_nothing_is_drafted_before_the_drafting_day(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    begins = site.newsletter.drafting_starts_at(send_at)
    assert assembly.draft_due_issue(site.newsletter, begins - timedelta(minutes=1)) is None
    assert assembly.draft_due_issue(site.newsletter, begins) is not None


def test_two_beats_make_one_draft(site) -> None:
    send_at = site.newsletter.next_send_at(timezone.now())
    assert assembly.draft_issue(site.newsletter, send_at)
    assert assembly.draft_issue(site.newsletter, send_at) is None
    assert IssuePage.objects.count() == 1


def test_week_without_articles_still_gets_a_draft(site) -> None:
    issue = assembly.draft_issue(site.newsletter, site.newsletter.next_send_at(timezone.now()))
    assert issue.subject == "The Weekly"

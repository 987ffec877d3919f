"""What an editor waits for: the draft of a week, the previews while they type, the checklist; and
how many clicks a second one link bears."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

ARTICLES, READERS, RUNS, CLICKS = 300, 100_000, 9, 4000
Figures = dict[str, tuple[float, str]]


def run() -> tuple[dict[str, Any], Figures]:
    from django.utils import timezone

    from newsroom.models import ArticlePage, DailyReads
    from subscriptions.issues import checklist, drafting, previews
    from subscriptions.models import IssueLink, IssuePage, NewsletterRule
    from tests.benchmarks.mailing import more_readers
    from tests.factories import make_article, make_frozen, make_site

    site = make_site()
    more_readers(site.newsletter, 0, READERS)
    send_at = site.newsletter.next_send_at(timezone.now())
    for number in range(ARTICLES):
        article = make_article(site.section, published_at=send_at - timedelta(minutes=20 * number))
        DailyReads.objects.create(article=article, on=timezone.localdate(), count=number % 50)
    for order, most in enumerate((6, 6, 8)):
        site.newsletter.rules.add(
            NewsletterRule(heading=f"Part {order}", most=most, sort_order=order)
        )
    site.newsletter.save()

    def draft() -> None:
        IssuePage.objects.all().delete()
        site.newsletter.refresh_from_db()
        drafting.draft_issue(site.newsletter, send_at)

    def newest() -> Any:
        return IssuePage.objects.get().get_latest_revision_as_object()

    figures: Figures = {
        f"draft from {ARTICLES} articles": (median(draft), "ms"),
        "all previews, side by side": (
            median(lambda: previews.side_by_side(newest(), "<p>web</p>")),
            "ms",
        ),
        "checklist": (median(lambda: checklist.inspect(newest())), "ms"),
    }
    issue = IssuePage.objects.get()
    issue.issue_on -= timedelta(days=1)
    make_frozen(issue)
    assert ArticlePage.objects.count() == ARTICLES
    figures["clicks on one link"] = (clicks_a_second(IssueLink.objects.earliest("number").pk), "/s")
    return {"articles": ARTICLES, "readers": READERS, "items": 20, "runs": RUNS}, figures


def median(what: Callable[[], object]) -> float:
    """Of some runs, the first left out, in milliseconds."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        what()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])


def clicks_a_second(link: int) -> float:
    """All on the same row, from four connections at once, without the web server."""
    from django.db import connections

    from subscriptions.models import IssueLink

    def click(count: int) -> None:
        for _ in range(count):
            IssueLink.follow(link, None)
        connections.close_all()

    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(click, [CLICKS // 4] * 4))
    seconds = time.perf_counter() - began
    assert IssueLink.objects.get(pk=link).total == CLICKS
    return CLICKS / seconds

"""Which articles go into this week's draft."""

from datetime import datetime, timedelta

from django.db import transaction

from newsroom.models import ArticlePage
from subscriptions.models import IssueItem, IssuePage, Newsletter

LOOK_BACK = timedelta(days=7)


def draft_due_issue(newsletter: Newsletter, now: datetime) -> IssuePage | None:
    """Draft the coming issue once its drafting day has begun, unless there is one already."""
    send_at = newsletter.next_send_at(now)
    if now < newsletter.drafting_starts_at(send_at):
        return None
    return draft_issue(newsletter, send_at)


def draft_issue(newsletter: Newsletter, send_at: datetime) -> IssuePage | None:
    """A new draft for that hour; None when the day has its issue.

    The newsletter's row is locked, so two beats or a beat and an editor make one draft.
    """
    day = send_at.astimezone(newsletter.zone).date()
    with transaction.atomic():
        newsletter = Newsletter.objects.select_for_update(of=("self",)).get(pk=newsletter.pk)
        if IssuePage.objects.child_of(newsletter).filter(issue_on=day).exists():
            return None
        articles = choose_articles(newsletter, send_at)
        issue = IssuePage(
            title=f"{newsletter.title}, {day:%-d %B %Y}",
            slug=day.isoformat(),
            live=False,
            issue_on=day,
            subject=articles[0].title[:150] if articles else newsletter.title,
            preheader="; ".join(article.title for article in articles[1:3])[:150],
            items=[IssueItem(article=article, sort_order=n) for n, article in enumerate(articles)],
        )
        newsletter.add_child(instance=issue)
        issue.save_revision()
    return issue


def choose_articles(newsletter: Newsletter, send_at: datetime) -> list[ArticlePage]:
    """The newest of the week that the last issue has not had."""
    last = (
        IssuePage.objects.child_of(newsletter)
        .filter(issue_on__lt=send_at.astimezone(newsletter.zone).date())
        .order_by("-issue_on")
        .first()
    )
    seen = last.items.values("article") if last else []
    week = (send_at - LOOK_BACK, send_at)
    fresh = ArticlePage.objects.in_print().filter(published_at__range=week)
    return list(fresh.exclude(pk__in=seen)[: newsletter.draft_length])

"""Which articles go into the coming issue's draft: by rules that stand on the newsletter."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from newsroom.models import ArticlePage
from subscriptions.models import IssuePage, Mailing, Newsletter, NewsletterRule
from subscriptions.models.newsletter import DRAFT_LENGTH

LOOK_BACK = timedelta(days=7)  # of the first issue
LONGEST_LOOK_BACK = timedelta(days=35)  # after a long silence, nobody wants the year's news


def draft_due_issue(newsletter: Newsletter, now: datetime) -> IssuePage | None:
    """Draft the coming issue once its drafting day has begun, unless there is one already."""
    if newsletter.weekday is None:
        return None
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
        if newsletter.issues().filter(issue_on=day).exists():
            return None
        sections = choose_articles(newsletter, send_at)
        chosen = [article for _, articles in sections for article in articles]
        issue = IssuePage(
            title=f"{newsletter.title}, {day:%-d %B %Y}",
            slug=day.isoformat(),
            live=False,
            issue_on=day,
            subject=chosen[0].title[:150] if chosen else newsletter.title,
            preheader="; ".join(article.title for article in chosen[1:3])[:150],
            body=body_of(sections),
        )
        newsletter.add_child(instance=issue)
        issue.save_revision()
    return issue


def body_of(sections: list[tuple[str, list[ArticlePage]]]) -> list[tuple[str, Any]]:
    """The pieces of a draft: each heading, and below it its articles."""
    body: list[tuple[str, Any]] = []
    for heading, articles in sections:
        if heading and articles:
            body.append(("section", heading))
        body += [("article", {"article": article}) for article in articles]
    return body


def choose_articles(
    newsletter: Newsletter, send_at: datetime
) -> list[tuple[str, list[ArticlePage]]]:
    """By the newsletter's rules: (heading, articles) each. Editors' picks come first, then the most
    read, then the newest; an article once, and none that the last issue had. Three queries."""
    ranked = list(fresh_articles(newsletter, send_at).values_list("pk", "path"))
    chosen: list[tuple[str, list[int]]] = []
    for rule in newsletter.rules.select_related("source") or [NewsletterRule(most=DRAFT_LENGTH)]:
        below = rule.source.path if rule.source else ""
        taken = [pk for pk, path in ranked if path.startswith(below)][: rule.most]
        ranked = [(pk, path) for pk, path in ranked if pk not in taken]
        chosen.append((rule.heading, taken))
    articles = ArticlePage.objects.in_bulk([pk for _, taken in chosen for pk in taken])
    return [(heading, [articles[pk] for pk in taken]) for heading, taken in chosen]


def fresh_articles(newsletter: Newsletter, send_at: datetime, before: date | None = None) -> Any:
    """Published since the last issue (``before`` that day) and not in it, best first."""
    day = before or send_at.astimezone(newsletter.zone).date()
    last = newsletter.issues().filter(issue_on__lt=day).first()
    begins = max(last_issue_at(newsletter, last, send_at), send_at - LONGEST_LOOK_BACK)
    fresh = ArticlePage.objects.published_between(begins, send_at)
    return fresh.exclude(pk__in=last.article_ids()) if last else fresh


def last_issue_at(newsletter: Newsletter, last: IssuePage | None, send_at: datetime) -> datetime:
    """When the last issue was frozen; its own hour if it never was (published by hand)."""
    if last is None:
        return send_at - LOOK_BACK
    sent = Mailing.objects.filter(issue=last, frozen_at__isnull=False).first()
    return sent.frozen_at if sent and sent.frozen_at else newsletter.hour_on(last.issue_on)

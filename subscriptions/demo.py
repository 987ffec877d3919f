"""The demo's newsletter, its last issue, and 2,400 made-up readers."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from wagtail.models import Page
from wagtail.rich_text import RichText

from newsroom.core.privacy import list_index
from newsroom.models import SectionPage
from subscriptions.issues import drafting
from subscriptions.models import (
    Consent,
    IssuePage,
    Newsletter,
    NewsletterIndexPage,
    NewsletterRule,
    Subscriber,
    Subscription,
    WelcomeMail,
)

READERS = 2400
LETTER = """<p>Dear readers,</p><p>this week we counted: votes, minutes, loaves of bread. Numbers
are shy in our country; they come out when nobody official is looking.</p>"""
RULES = [  # heading, section of the site, how many articles
    ("News", "politics", 3),
    ("Money", "economy", 2),
    ("Life", "society", 2),
    ("Features", None, 3),
]
WELCOMES = [  # after how many days, subject, text
    (
        2,
        "Who we are",
        "<p>We are journalists from Karvia, at home and abroad. Two things help us: that you read "
        "us, and that you pass us on.</p>",
    ),
    (
        5,
        "How to read us when the site is blocked",
        "<p>The whole text of some articles stands in the newsletter itself. You need nothing else "
        "to read them.</p>",
    ),
]


def load() -> None:
    home = Page.objects.get(slug="front")
    index = home.add_child(
        instance=NewsletterIndexPage(
            title="Newsletters",
            slug="newsletter",
            introduction="What we mail: little, by hand, and without counting who opens it.",
        )
    )
    weekly = index.add_child(
        instance=Newsletter(
            two_people=False,  # the demo has one editor to try things with
            title="The Weekly",
            slug="weekly",
            about="<p>Every Friday morning one mail: the week's best stories, chosen by an editor, "
            "with a letter about what happened between them.</p>",
            sender_name="The Meridian",
            sender_address="weekly@mail.example.org",
            reply_to="letters@example.org",
            canary_minutes=0,  # the demo's readers wait for nothing
        )
    )
    _rules(weekly)
    breaking = index.add_child(
        instance=Newsletter(
            two_people=False,
            title="Breaking news",
            slug="breaking",
            tagline="A mail when something happens that can't wait. A few times a month.",
            weekday=None,
            sender_name="The Meridian",
            sender_address="breaking@mail.example.org",
            reply_to="letters@example.org",
            accent="#0b4f6c",
            accent_dark="#7cc4e2",
            canary_minutes=0,
        )
    )
    make_readers(weekly, READERS)
    make_readers(breaking, 300, first=READERS + 1)
    last, coming = two_issues(weekly, timezone.now())
    _last_issue(weekly, last)
    drafting.draft_issue(weekly, coming)


def two_issues(newsletter: Newsletter, now: datetime) -> tuple[datetime, datetime]:
    """The hours of the last issue and of the coming one, with a full week between the last one and
    now and an hour before the coming one: so the draft is full, and there is time to look at it, on
    whatever day the demo begins."""
    soon = now + timedelta(hours=1)
    return newsletter.next_send_at(soon - timedelta(days=14)), newsletter.next_send_at(soon)


def _rules(newsletter: Newsletter) -> None:
    for order, (heading, slug, most) in enumerate(RULES):
        source = SectionPage.objects.filter(slug=slug).first() if slug else None
        newsletter.rules.add(
            NewsletterRule(heading=heading, source=source, most=most, sort_order=order)
        )
    for order, (days, subject, body) in enumerate(WELCOMES):
        newsletter.welcomes.add(
            WelcomeMail(after_days=days, subject=subject, body=body, sort_order=order)
        )
    newsletter.save()


def make_readers(newsletter: Newsletter, count: int, first: int = 1) -> None:
    """Confirmed readers “reader00001@example.org” and so on, in bulk."""
    today = timezone.localdate()
    emails = [f"reader{number:05}@example.org" for number in range(first, first + count)]
    with transaction.atomic():
        subscribers = Subscriber.objects.bulk_create(
            [Subscriber(email=email, email_index=list_index(email)) for email in emails],
            batch_size=5000,
        )
        subscriptions = Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=subscriber,
                    newsletter=newsletter,
                    status=Subscription.Status.CONFIRMED,
                    confirmed_on=today,
                )
                for subscriber in subscribers
            ],
            batch_size=5000,
        )
        Consent.objects.bulk_create(
            [
                Consent(
                    subscription=subscription,
                    action=Consent.Action.CONFIRMED,
                    policy_version="2026-11",
                    how="demo",
                )
                for subscription in subscriptions
            ],
            batch_size=5000,
        )


def _last_issue(newsletter: Newsletter, last: datetime) -> None:
    """An issue that is published, so that there is a preview to see."""
    issue = drafting.draft_issue(newsletter, last)
    assert issue
    issue.body.insert(0, ("letter", RichText(LETTER)))
    issue.save_revision().publish()
    IssuePage.objects.filter(pk=issue.pk).update(first_published_at=last, last_published_at=last)

"""Small builders of what tests need. Each makes one valid thing; keywords change it."""

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.images import ImageFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image
from wagtail.models import Collection, Locale, Page, Site
from wagtail.rich_text import RichText

from donations.models import Appeal, AppealAmounts, Contribution, Deferral, Donor
from donations.models.asking import days
from newsroom.address.site import follow
from newsroom.core.privacy import giving_index, list_index
from newsroom.models import (
    ArticlePage,
    CreditedImage,
    HomePage,
    Masthead,
    PolicyPage,
    SectionPage,
)
from subscriptions.models import (
    IssuePage,
    Mailing,
    Newsletter,
    NewsletterIndexPage,
    Subscriber,
    Subscription,
)
from subscriptions.sending import freezing

numbers = itertools.count(1)


@dataclass
class World:
    home: HomePage
    section: SectionPage
    newsletter: Newsletter
    policy: PolicyPage


def make_root() -> Page:
    """What Wagtail's migrations make is gone after a test that really commits."""
    Locale.objects.get_or_create(language_code=settings.LANGUAGE_CODE)
    if not Collection.get_first_root_node():
        Collection.add_root(name="Root")
    return Page.get_first_root_node() or Page.add_root(instance=Page(title="Root", slug="root"))


def make_site() -> World:
    """The one that the database holds from the beginning (tests/conftest.py), if nothing has
    emptied it."""
    home = HomePage.objects.first()
    if home is not None:
        section, policy = SectionPage.objects.get(), PolicyPage.objects.get()
        return World(home, section, Newsletter.objects.get(), policy)
    home = make_root().add_child(instance=HomePage(title="Home", slug="front"))
    site = Site.objects.filter(is_default_site=True).first() or Site(
        hostname="localhost", is_default_site=True
    )
    site.root_page = home
    site.save()
    follow()
    section = home.add_child(
        instance=SectionPage(title="Politics", slug="politics", show_in_menus=True)
    )
    masthead = Masthead.load()
    masthead.name, masthead.postal_address = "The Meridian", "Example Street 1, Berlin"
    masthead.save()
    policy = home.add_child(
        instance=PolicyPage(title="Privacy", slug="privacy", body="<p>Little.</p>", version="7")
    )
    index = home.add_child(instance=NewsletterIndexPage(title="Newsletters", slug="newsletter"))
    newsletter = index.add_child(
        instance=Newsletter(
            title="The Weekly",
            slug="weekly",
            sender_name="The Meridian",
            sender_address="weekly@mail.example.org",
            canary_minutes=0,
        )
    )
    return World(home, section, newsletter, policy)


def make_article(section: SectionPage, **fields: Any) -> ArticlePage:
    number = next(numbers)
    fields = {
        "title": f"Article {number}",
        "slug": f"article-{number}",
        "deck": f"Deck {number}",
        "published_at": timezone.now(),
    } | fields
    return section.add_child(instance=ArticlePage(**fields))


def arrange(home: HomePage, *blocks: tuple[str, Any]) -> None:
    """The front page, of blocks as they are stored."""
    home.arrangement = [{"type": kind, "value": value} for kind, value in blocks]
    home.save()


def titles(page: str) -> list[str]:
    """Of the teasers on it, from above."""
    return re.findall(r'class="teaser-title"><a href="[^"]+">([^<]+)</a>', page)


def make_image(title: str, **fields: Any) -> CreditedImage:
    drawn = BytesIO()
    Image.new("RGB", (64, 36), "teal").save(drawn, "JPEG")
    file = ImageFile(BytesIO(drawn.getvalue()), name=f"{title}.jpg")
    fields = {"description": f"A picture of {title}", "credit": "Ann"} | fields
    return CreditedImage.objects.create(title=title, file=file, **fields)


def make_subscriber(email: str = "") -> Subscriber:
    email = email or f"reader{next(numbers)}@example.org"
    return Subscriber.objects.create(email=email, email_index=list_index(email))


def make_subscription(
    newsletter: Newsletter, email: str = "", status: str = "confirmed"
) -> Subscription:
    return Subscription.objects.create(
        subscriber=make_subscriber(email), newsletter=newsletter, status=status
    )


def make_body(articles: list[ArticlePage], letter: str = "") -> list[tuple[str, Any]]:
    """The pieces of an issue: a letter, then the articles."""
    letters: list[tuple[str, Any]] = [("letter", RichText(letter))] if letter else []
    return letters + [("article", {"article": article}) for article in articles]


def make_issue(
    newsletter: Newsletter, articles: list[ArticlePage], letter: str = "", **fields: Any
) -> IssuePage:
    day: datetime = newsletter.next_send_at(timezone.now())
    fields = {
        "title": f"Issue {next(numbers)}",
        "issue_on": day.date(),
        "subject": "This week",
        "live": False,
        "body": make_body(articles, letter),
    } | fields
    issue = newsletter.add_child(instance=IssuePage(**fields))
    issue.save_revision()
    return IssuePage.objects.get(pk=issue.pk)


def make_frozen(issue: IssuePage, user: Any = None) -> Mailing:
    """The issue's mailing, approved for now and frozen: its batches are ready to be claimed."""
    mailing = freezing.approve(issue, user, timezone.now())
    assert freezing.freeze(mailing, timezone.now())
    mailing.refresh_from_db()
    return mailing


def make_appeal(**fields: Any) -> Appeal:
    appeal = Appeal.objects.create(**({"title": "Please give", "message": "We need you."} | fields))
    for currency in ("usd", "eur", "jpy"):
        for frequency in ("once", "monthly", "annual"):
            AppealAmounts.objects.create(
                appeal=appeal,
                currency=currency,
                frequency=frequency,
                amounts="500 1000 2000" if currency == "jpy" else "5 10 20",
                suggested="1000" if currency == "jpy" else "10",
            )
    return appeal


def make_supporter(email: str) -> Donor:
    """Something of theirs has arrived just now."""
    donor = Donor.objects.create(email=email, email_index=giving_index(email))
    Contribution.objects.create(
        donor=donor,
        stripe_payment_intent=f"pi_{email}",
        amount=500,
        currency="usd",
        frequency="once",
        status="succeeded",
        created_at=timezone.now(),
    )
    return donor


def make_deferral(email: str = "later@example.org", **fields: Any) -> Deferral:
    """Confirmed, and due in a month."""
    day = timezone.localdate() + timedelta(days=30)
    index = {"email": email, "email_index": giving_index(email)}
    made: Deferral = Deferral.objects.create(
        **index
        | {"status": "waiting", "remind_on": day, "due_at": days.at(day, "UTC"), "zone": "UTC"}
        | fields
    )
    return made


def make_user(role: str | None = "Editors", **fields: Any) -> Any:
    if not Group.objects.filter(name="Finance").exists():
        make_root()
        call_command("roles")
    name = f"user{next(numbers)}"
    user = get_user_model().objects.create_user(
        **{
            "username": name,
            "email": f"{name}@example.org",
            "is_superuser": role is None,
            "demo": True,  # no second factor
        }
        | fields
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user

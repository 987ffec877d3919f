"""A copied page is a new page: with dates of its own, in its place in every list."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from newsroom.models import ArticlePage, Correction
from subscriptions.models import IssuePage, Newsletter
from tests.factories import make_article, make_issue, make_user


@pytest.fixture
def desk(site: Any) -> Client:
    client = Client()
    client.force_login(make_user())
    return client


def copy(desk: Client, page: Page, parent: Page | None = None, **more: Any) -> Page:
    url = reverse("wagtailadmin_pages:copy", args=[page.pk])
    parent = parent or page.get_parent()
    form = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": parent.pk} | more
    answer = desk.post(url, form)
    assert answer.status_code == 302, answer.context["form"].errors
    made: Page = parent.get_children().get(slug="copy").specific
    return made


@pytest.fixture
def old(site: Any) -> ArticlePage:
    """An article of last month, with its mistake; live, and scheduled to go."""
    ago = timezone.now() - timedelta(days=40)
    article = make_article(
        site.section, title="Old", slug="old", published_at=ago, updated_at=ago, pick=True,
        first_published_at=ago, last_published_at=ago,
        expire_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    article.corrections.add(Correction(corrected_on=timezone.localdate(), text="It was five."))
    article.save_revision().publish()
    return article


@pytest.mark.parametrize("publish_copies", [True, False])
def test_a_copied_article_has_the_date_when_it_is_published(
    site: Any, desk: Client, old: ArticlePage, publish_copies: bool
) -> None:
    make_article(site.section, title="Of yesterday", published_at=timezone.now() - timedelta(1))
    made = copy(desk, old, **({"publish_copies": "on"} if publish_copies else {}))
    if not publish_copies:
        assert made.published_at is None and not made.live
        made.get_latest_revision().publish()
        made.refresh_from_db()
    assert made.published_at > timezone.now() - timedelta(minutes=5)
    draft = made.get_latest_revision_as_object()
    for page in (made, draft):
        assert (page.updated_at, page.expire_at, page.go_live_at) == (None, None, None)
        assert list(page.corrections.all()) == [] and not page.pick
    listed = Client().get("/news-sitemap.xml").text
    assert "/copy/" in listed and "/old/" not in listed
    feed = Client().get("/feed/").text
    assert feed.index("<title>Copy") < feed.index("<title>Of yesterday") < feed.index("<title>Old")
    old.refresh_from_db()
    assert old.corrections.count() == 1 and old.expire_at


def test_articles_that_are_copied_with_their_section_are_new_too(
    site: Any, desk: Client, old: ArticlePage
) -> None:
    section = copy(desk, site.section, copy_subpages="on", publish_copies="on")
    made = ArticlePage.objects.child_of(section).get()
    assert made.live and made.published_at > timezone.now() - timedelta(minutes=5)


def test_no_alias_is_offered_nor_made(site: Any, desk: Client, old: ArticlePage) -> None:
    """It would stand beside its original in every list."""
    page = desk.get(reverse("wagtailadmin_pages:copy", args=[old.pk]))
    assert "alias" not in page.context["form"].fields
    assert copy(desk, old, alias="on").alias_of is None


def test_a_copied_issue_is_of_the_next_day_that_has_none(site: Any, desk: Client) -> None:
    last = make_issue(site.newsletter, [], issue_on=timezone.localdate() - timedelta(days=70))
    coming = make_issue(site.newsletter, [])
    made = copy(desk, last)
    assert isinstance(made, IssuePage)
    assert made.issue_on == coming.issue_on + timedelta(days=7)
    assert made.get_latest_revision_as_object().issue_on == made.issue_on


def test_a_copied_issue_of_a_newsletter_without_a_fixed_day_is_of_today(
    site: Any, desk: Client
) -> None:
    issue = make_issue(site.newsletter, [])
    site.newsletter.weekday = None
    site.newsletter.save()
    made = copy(desk, issue)
    assert isinstance(made, IssuePage) and made.issue_on == timezone.localdate()


def test_a_copied_newsletter_leaves_the_issues_where_they_went_out(site: Any, desk: Client) -> None:
    make_issue(site.newsletter, [], live=True)
    page = desk.get(reverse("wagtailadmin_pages:copy", args=[site.newsletter.pk]))
    assert "copy_subpages" not in page.context["form"].fields
    made = copy(desk, site.newsletter, copy_subpages="on")
    assert isinstance(made, Newsletter) and not made.get_children().exists()


@pytest.mark.parametrize("name", ["policy", "home"])
def test_of_what_there_is_one_no_copy_is_made(site: Any, desk: Client, name: str) -> None:
    page = getattr(site, name)
    form = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": page.get_parent().pk}
    answer = desk.post(reverse("wagtailadmin_pages:copy", args=[page.pk]), form)
    assert answer.status_code == 200 and answer.context["form"].errors["new_parent_page"]

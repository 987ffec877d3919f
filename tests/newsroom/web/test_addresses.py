"""No page takes an address at which the site itself answers."""

from typing import Any

import pytest
from django.urls import get_resolver, reverse

from newsroom.models import PolicyPage, SectionPage, TextPage
from newsroom.web.addresses import taken
from subscriptions.models import IssuePage, Newsletter
from tests.factories import make_issue, make_user

OURS = [
    "admin", "documents", "newsletter", "support", "media", "feed", "search", "read", "webhooks",
    "healthz", "readyz", "static", "_util", "Admin",
]  # fmt: skip
COMMENTS = {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}


def test_every_pattern_but_that_of_pages_is_taken() -> None:
    starts = {str(p.pattern).lstrip("^").partition("/")[0] for p in get_resolver().url_patterns}
    assert starts - {""} <= taken("") and len(taken("")) >= 13


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["sectionpage", "textpage"])
@pytest.mark.parametrize("slug", OURS)
def test_editor_is_told_that_an_address_is_taken(
    client: Any, site: Any, slug: str, kind: str
) -> None:
    client.force_login(make_user())
    url = reverse("wagtailadmin_pages:add", args=["newsroom", kind, site.home.pk])
    fields = {"title": "A page", "slug": slug, "introduction": "", "body": "null"}
    for press in ({}, {"action-publish": "1"}):
        answer = client.post(
            url, fields | {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0} | press
        )
        assert answer.status_code == 200
        assert "is an address of the site itself" in answer.text or slug == "newsletter"
    model = {"sectionpage": SectionPage, "textpage": TextPage}[kind]
    assert not model.objects.filter(slug=slug).exists()


@pytest.mark.django_db
def test_page_is_not_renamed_or_copied_to_a_taken_address(client: Any, site: Any) -> None:
    client.force_login(make_user())
    site.section.slug = "support"
    with pytest.raises(Exception, match="address of the site itself"):
        site.section.save()
    url = reverse("wagtailadmin_pages:copy", args=[site.section.pk])
    form = {"new_title": "Search", "new_slug": "search", "new_parent_page": site.home.pk}
    answer = client.post(url, form)
    assert answer.status_code == 200
    assert "is an address of the site itself" in answer.text
    assert not SectionPage.objects.filter(slug="search").exists()
    assert client.post(url, form | {"new_slug": "research"}).status_code == 302


@pytest.mark.django_db
def test_newsletters_and_issues_keep_clear_of_addresses_below_theirs(site: Any) -> None:
    for slug in ("confirm", "go", "preferences", "unsubscribe"):
        with pytest.raises(Exception, match="address of the site itself"):
            Newsletter(title="x", slug=slug).clean()
    issue = make_issue(site.newsletter, [])
    for slug in ("feed", "signup", "check-your-inbox"):
        issue.slug = slug
        with pytest.raises(Exception, match="address of the site itself"):
            issue.clean()
    index = site.newsletter.get_parent().specific
    index.slug = "letters"
    with pytest.raises(Exception, match="Our links lead to"):
        index.save()
    site.policy.slug = "feed"
    with pytest.raises(Exception, match="address of the site itself"):
        site.policy.save()
    assert isinstance(site.policy, PolicyPage) and isinstance(issue, IssuePage)


@pytest.mark.django_db
def test_every_page_is_reached_at_its_address(client: Any, site: Any) -> None:
    for page in (site.home, site.section, site.policy, site.newsletter):
        assert client.get(page.url).status_code == 200

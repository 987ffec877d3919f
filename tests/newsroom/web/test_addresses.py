"""No page takes an address at which the site itself answers."""

import unicodedata
from typing import Any

import pytest
from django.urls import get_resolver, reverse

from newsroom.models import PolicyPage, SectionPage, TextPage
from newsroom.models.addressed import LONGEST_SLUG
from newsroom.web.addresses import taken
from subscriptions.models import IssuePage, Newsletter
from tests.factories import make_article, make_issue, make_user

OURS = [
    "admin", "documents", "newsletter", "support", "media", "feed", "search", "read", "webhooks",
    "healthz", "livez", "readyz", "static", "Admin", "topic", "author",
]  # fmt: skip
COMMENTS = {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}


def test_every_pattern_but_that_of_pages_is_taken() -> None:
    ours = [p for p in get_resolver().url_patterns if getattr(p, "name", "") != "wagtail_serve"]
    starts = {str(p.pattern).lstrip("^").partition("/")[0] for p in ours}
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
        words = "is already in use" if slug == "newsletter" else "is an address of the site itself"
        assert words in answer.text
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
    index.slug = "support"
    with pytest.raises(Exception, match="address of the site itself"):
        index.save()
    index.slug = "letters"
    index.save()
    site.policy.slug = "feed"
    with pytest.raises(Exception, match="address of the site itself"):
        site.policy.save()
    assert isinstance(site.policy, PolicyPage) and isinstance(issue, IssuePage)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        (unicodedata.normalize("NFD", "йод-и-ёж"), "йод-и-ёж"), ("\u200fخبر\u200e", "خبر"),
        ("الخُبز", "الخبز"), ("i\u0307stanbul", "istanbul"), ("İstanbul", "İstanbul"),
        ("straße", "straße"), ("ｎｅｗｓ", "news"), ("पनीर-१", "पनर-१"), ("ж" * 255, "ж" * 100),
        ("面" * 99 + "-包", "面" * 99), ("ſearch", ""), ("🙂", ""), ("a/b", ""),
    ],
)  # fmt: skip
def test_slug_is_kept_in_the_form_in_which_it_is_looked_up(
    client: Any, site: Any, typed: str, slug: str
) -> None:
    client.force_login(make_user())
    url = reverse("wagtailadmin_pages:add", args=["newsroom", "sectionpage", site.home.pk])
    form = {"title": "A page", "slug": typed, "introduction": "", "action-publish": "1"} | COMMENTS
    answer = client.post(url, form)
    if not slug:
        assert answer.status_code == 200 and answer.context["form"].errors["slug"]
        return
    page = SectionPage.objects.get(title="A page")
    assert page.slug == slug and client.get(page.url).status_code == 200
    copy = reverse("wagtailadmin_pages:copy", args=[page.pk])
    form = {"new_title": "Copy", "new_slug": f"2{typed}", "new_parent_page": site.home.pk}
    assert client.post(copy, form).status_code == 302
    assert SectionPage.objects.get(title="Copy").slug == f"2{slug}"[:100]


@pytest.mark.django_db
def test_page_with_the_longest_slugs_is_redirected_to_when_it_is_renamed(
    client: Any, site: Any, django_capture_on_commit_callbacks: Any
) -> None:
    slug = "ჟ" * LONGEST_SLUG
    newsletter = site.newsletter
    newsletter.slug = slug
    newsletter.save()
    issue = make_issue(newsletter, [], slug=f"2026-01-02-{slug}", live=True)
    for page, parent in ((issue, newsletter), (make_article(site.section, slug=slug), None)):
        old = page.url
        with django_capture_on_commit_callbacks(execute=True):
            page.slug = "short"
            page.save()
            if parent:
                parent.slug = "shorter"
                parent.save()
        answer = client.get(old)
        assert answer.status_code == 301
        assert client.get(answer["Location"]).status_code == 200
    article = reverse("wagtailadmin_pages:copy", args=[page.pk])
    form = {"new_title": "Copy", "new_slug": "ჟ" * 300, "new_parent_page": site.section.pk}
    assert client.post(article, form).status_code == 302


@pytest.mark.django_db
def test_every_page_is_reached_at_its_address(client: Any, site: Any) -> None:
    for page in (site.home, site.section, site.policy, site.newsletter):
        assert client.get(page.url).status_code == 200

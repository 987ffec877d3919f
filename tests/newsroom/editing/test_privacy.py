"""Readers have no sessions, so no page is for some of them only."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Page, PageViewRestriction

from newsroom.models import TextPage
from tests.factories import make_article, make_issue, make_user


@pytest.fixture
def desk(site: Any) -> Client:
    client = Client()
    client.force_login(make_user())
    return client


def restrict(page: Page, kind: str) -> PageViewRestriction:
    restriction: PageViewRestriction = PageViewRestriction.objects.create(
        page=page, restriction_type=kind, password="let me in"
    )
    return restriction


def privacy(page: Page) -> str:
    return reverse("wagtailadmin_pages:set_privacy", args=[page.pk])


def test_the_switch_is_not_offered(site: Any, desk: Client) -> None:
    article = make_article(site.section)
    for page in (article, site.section, site.newsletter, site.home):
        editor = desk.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).text
        assert 'data-a11y-dialog-show="set-privacy"' not in editor
        assert desk.get(privacy(page)).status_code == 302  # permission denied


@pytest.mark.parametrize("kind", ["password", "login", "groups"])
def test_no_page_can_be_restricted(site: Any, desk: Client, kind: str) -> None:
    article = make_article(site.section)
    form = {"restriction_type": kind, "password": "let me in", "groups": []}
    desk.post(privacy(article), form)
    restrict(article, "password")
    desk.post(privacy(article), form)
    assert [one.restriction_type for one in PageViewRestriction.objects.all()] == ["password"]


@pytest.mark.parametrize("kind", ["password", "login", "groups"])
def test_what_is_restricted_is_for_nobody_and_nowhere(
    site: Any, desk: Client, kind: str, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        article = make_article(site.section, title="Closed story", slug="closed")
    section = site.home.add_child(
        instance=type(site.section)(title="Closed section", slug="shut", show_in_menus=True)
    )
    inside = make_article(section, title="Closed story inside", slug="closed-inside")
    text = site.home.add_child(instance=TextPage(title="Closed text", slug="closed-t", body="x"))
    issue = make_issue(site.newsletter, [], title="Closed issue", subject="Closed", live=True)
    for page in (article, section, text, issue):
        restrict(page, kind)
    reader = Client()
    for page in (article, section, inside, text, issue):
        assert reader.get(page.url).status_code == 404
        assert desk.get(page.url).status_code == 404  # staff's session ends at /admin/
    paths = ("/", site.section.url, "/feed/", "/sitemap.xml", "/news-sitemap.xml",
             "/newsletter/weekly/", "/newsletter/weekly/feed/", "/search/?q=story")  # fmt: skip
    for path in paths:
        assert "losed" not in reader.get(path).text.replace("?q=", ""), path


def test_a_restricted_newsletter_is_not_listed(site: Any) -> None:
    restrict(site.newsletter, "password")
    reader = Client()
    assert "The Weekly" not in reader.get("/newsletter/").text
    for path in ("/newsletter/weekly/", "/newsletter/weekly/feed/"):
        assert reader.get(path).status_code == 404


def test_an_editor_makes_public_what_is_restricted(site: Any, desk: Client) -> None:
    article = make_article(site.section)
    restrict(article, "password")
    editor = desk.get(reverse("wagtailadmin_pages:edit", args=[article.pk])).text
    assert 'data-a11y-dialog-show="set-privacy"' in editor
    offered = desk.get(privacy(article)).json()["html"]
    assert 'value="none"' in offered
    for kind in ("password", "login", "groups"):
        assert f'value="{kind}"' not in offered
    desk.post(privacy(article), {"restriction_type": "none"})
    assert Client().get(article.url).status_code == 200


@pytest.mark.parametrize("kind", ["password", "login", "groups"])
def test_no_collection_can_be_restricted(site: Any, kind: str) -> None:
    client = Client()
    client.force_login(make_user(None))
    chest = Collection.get_first_root_node().add_child(name="Chest")
    url = reverse("wagtailadmin_collections:set_privacy", args=[chest.pk])
    client.post(url, {"restriction_type": kind, "password": "let me in"})
    assert not chest.get_view_restrictions().exists()


@pytest.mark.parametrize(
    "path", ["/_util/login/", "/_util/authenticate_with_password/1/1/",
             "/documents/authenticate_with_password/1/"],
)  # fmt: skip
def test_wagtails_doors_to_private_pages_are_gone(site: Any, path: str) -> None:
    answer = Client().post(path, {"password": "let me in", "return_url": "https://evil.example"})
    assert answer.status_code == 404 and not answer.cookies

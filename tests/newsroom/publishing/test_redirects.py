"""Old addresses lead on, and those that editors lead elsewhere; nobody is led in circles."""

from typing import Any

import pytest
from django.conf import settings
from django.utils.encoding import iri_to_uri
from wagtail.contrib.redirects.models import Redirect

from newsroom.models import SectionPage
from tests.factories import make_article, make_user


def test_article_is_found_at_its_old_addresses(client: Any, site: Any, committing: Any) -> None:
    article = make_article(site.section, slug="before")
    old = article.url
    article.slug = "after"
    with committing():
        article.save_revision().publish()
    other = site.home.add_child(instance=SectionPage(title="Economy", slug="economy"))
    between = article.url
    with committing():
        article.move(other, pos="last-child")
    article.refresh_from_db()
    for path in (old, between):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (301, "/economy/after/")
    assert client.get(f"/de{old}")["Location"] == "/de/economy/after/"
    article.unpublish()
    answer = client.get(old)  # its address would tell of it
    assert answer.status_code == 404 and "Location" not in answer


def test_editor_leads_an_address_elsewhere(client: Any, site: Any) -> None:
    client.force_login(make_user())
    for path, to in (("/campaign/", "https://example.net/x"), ("/vote/", "/politics/")):
        Redirect.objects.filter(old_path=path).delete()
        link = to if to.startswith("http") else f"{settings.BASE_URL}{to}"
        form = {"old_path": path, "is_permanent": "on", "redirect_link": link}
        assert client.post("/admin/redirects/add/", form).status_code == 302
        assert client.get(path)["Location"] == link
    answer = client.get("/campaign/?next=https://evil.test/")
    assert answer["Location"] == "https://example.net/x"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("/our menu/", "/our%20menu"),
        ("/our%20menu/", "/our%20menu/"),
        ("/it's (old)/", "/it%27s%20%28old%29/"),
        ("/café/?ö=1&z=2", "/caf%C3%A9/?%C3%B6=1&z=2"),
        ("/café/?q=naïve words", "/caf%c3%a9?q=na%c3%afve+words"),
        ("/page.php?id=7&name=a b", "/page.php?name=a%20b&id=7"),
        ("https://old.example.org/стаття/?p=1", "/%D1%81%D1%82%D0%B0%D1%82%D1%82%D1%8F/?p=1"),
        ("/cafe\u0301/", "/caf%C3%A9/"),
        ("/a%2Fb/", "/a%2fb/"),
        ("/de/old/", "/de/old/"),
    ],
)
def test_address_is_found_however_it_is_spelled(
    client: Any, site: Any, typed: str, asked: str
) -> None:
    client.force_login(make_user())
    form = {"old_path": typed, "is_permanent": "on", "redirect_link": "https://example.net/x"}
    assert client.post("/admin/redirects/add/", form).status_code == 302
    assert client.get(asked).get("Location") == "https://example.net/x"
    kept = Redirect.objects.get()
    assert client.post(f"/admin/redirects/{kept.pk}/", form | {"old_path": kept.old_path})
    assert Redirect.objects.get().old_path == kept.old_path
    assert client.get(f"{asked.partition('?')[0]}not/").status_code == 404


def test_address_kept_as_wagtail_has_it_is_still_found(client: Any, site: Any) -> None:
    kept = Redirect.add_redirect("/x/", "https://example.net/x")
    for old_path, asked in (("/our%20menu", "/our%20menu/"), ("/a?z=2&ö=1", "/a/?z=2&%C3%B6=1")):
        Redirect.objects.filter(pk=kept.pk).update(old_path=old_path)
        assert client.get(asked).get("Location") == "https://example.net/x"


def test_address_that_is_none_is_refused_with_words(client: Any, site: Any) -> None:
    client.force_login(make_user())
    form = {"old_path": "http://[old/", "redirect_link": "https://example.net/x"}
    answer = client.post("/admin/redirects/add/", form)
    assert answer.status_code == 200
    assert "This is no address" in answer.content.decode()


@pytest.mark.parametrize("to", ["/support/", "/search/?q=tax", "https://example.net/стаття/"])
def test_editor_leads_to_a_path_or_a_whole_address(client: Any, site: Any, to: str) -> None:
    client.force_login(make_user())
    form = {"old_path": "/old/", "redirect_link": to}
    assert client.post("/admin/redirects/add/", form).status_code == 302
    assert Redirect.objects.get().redirect_link == to
    assert client.get("/old/")["Location"] == iri_to_uri(to)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("support", "“/support/” for an address of this site"),
        ("//evil.test/", "“/support/” for an address of this site"),
        ("/\\evil.test/", "“/support/” for an address of this site"),
        ("javascript:alert(1)", "“/support/” for an address of this site"),
        ("", "Where to? Choose a page"),
    ],
)
def test_redirect_without_an_end_is_refused_with_words(
    client: Any, site: Any, to: str, words: str
) -> None:
    client.force_login(make_user())
    answer = client.post("/admin/redirects/add/", {"old_path": "/old/", "redirect_link": to})
    assert answer.status_code == 200
    assert words in str(answer.context["form"].errors["redirect_link"])


def test_redirect_with_two_ends_is_refused(client: Any, site: Any) -> None:
    client.force_login(make_user())
    form = {"old_path": "/old/", "redirect_link": "/x/", "redirect_page": site.section.pk}
    assert "not both" in client.post("/admin/redirects/add/", form).content.decode()


def test_circle_leads_nowhere(client: Any, site: Any) -> None:
    Redirect.add_redirect("/a/", "/b/")
    Redirect.add_redirect("/b/", f"{settings.BASE_URL}/c/")
    assert client.get("/a/")["Location"] == "/b/"
    Redirect.add_redirect("/c/", "/a/?x=1")
    Redirect.add_redirect("/self/", "/self/")
    for path in ("/a/", "/b/", "/c/", "/self/"):
        assert client.get(path).status_code == 404, path

"""Old addresses lead on, and those that editors lead elsewhere; nobody is led in circles."""

from typing import Any

from django.conf import settings
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


def test_circle_leads_nowhere(client: Any, site: Any) -> None:
    Redirect.add_redirect("/a/", "/b/")
    Redirect.add_redirect("/b/", f"{settings.BASE_URL}/c/")
    assert client.get("/a/")["Location"] == "/b/"
    Redirect.add_redirect("/c/", "/a/?x=1")
    Redirect.add_redirect("/self/", "/self/")
    for path in ("/a/", "/b/", "/c/", "/self/"):
        assert client.get(path).status_code == 404, path

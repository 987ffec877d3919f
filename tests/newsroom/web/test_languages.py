"""A page speaks the language of its address, else the browser's, else the newsroom's."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.contrib.redirects.models import Redirect

from newsroom.core import languages
from newsroom.models import SectionPage
from newsroom.web.front import Front
from tests.factories import make_article, make_issue

HREF = re.compile(r'(?:href|action)="(/[^"]*)"')
# Of the same language, or of none: files, and the page in other languages.
ELSEWHERE = re.compile(r"/(static|media|admin|[a-z]{2})/|/[\w-]+\.[a-z]+$")


def language_of(page: Any) -> str:
    [html] = re.findall(r'<html lang="(\w+)"', page.text)
    return str(html)


@pytest.mark.parametrize(
    ("path", "asked", "spoken"),
    [
        ("/support/", "", "en"),
        ("/support/", "uk", "uk"),
        ("/support/", "ja, de-AT;q=0.9, fr;q=0.8", "de"),
        ("/support/", "zh-Hant-TW, ko", "en"),
        ("/support/", "*;q=abc,;;", "en"),
        ("/support/", "de;q=0, *", "en"),
        ("/support/", "de;q=0, ru;q=0.1", "ru"),
        ("/fr/support/", "de", "fr"),
        ("/en/support/", "de", "en"),
        ("/ar/", "", "ar"),
        ("/fa/newsletter/weekly/", "", "fa"),
        ("/pl/search/?q=x", "", "pl"),
        ("/ru/nowhere/", "", "ru"),
    ],
)
def test_language_of_a_page(client: Any, site: Any, path: str, asked: str, spoken: str) -> None:
    page = client.get(path, headers={"Accept-Language": asked} if asked else {})
    assert language_of(page) == spoken
    assert f'dir="{languages.direction(spoken)}"' in page.text
    assert "Accept-Language" in page["Vary"]


def test_newsrooms_own_language_for_who_asks_for_none(
    client: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "OWN", "ru")
    assert language_of(client.get("/")) == "ru"


@pytest.mark.parametrize(
    "path", ["/", "/politics/", "/support/", "/newsletter/weekly/", "/search/"]
)
def test_chosen_language_stays_while_the_reader_goes_on(client: Any, site: Any, path: str) -> None:
    article = make_article(site.section)
    issue = make_issue(site.newsletter, [article], live=True)
    for start in (path, article.url, issue.url):
        page = client.get(f"/de{start}")
        assert language_of(page) == "de"
        links = [link for link in HREF.findall(page.text) if not ELSEWHERE.match(link)]
        assert links == []
        assert f'href="/uk{start}"' in page.text  # another choice of the same page


def test_choice_survives_a_form_and_its_answer(client: Any, site: Any) -> None:
    answer = client.post("/de/newsletter/weekly/signup/", {"email": "a@example.org", "consent": 1})
    assert answer["Location"] == "/de/newsletter/weekly/check-your-inbox/"
    refused = client.post("/de/newsletter/weekly/signup/", {"email": "no"})
    assert language_of(refused) == "de" and 'class="languages"' not in refused.text


def test_page_has_one_canonical_address(client: Any, site: Any) -> None:
    article = make_article(site.section)
    issue = make_issue(site.newsletter, [article], live=True)
    for page in (article, issue, site.section, site.newsletter, site.home):
        shown = client.get(f"/de{page.url}").text
        assert f'<link rel="canonical" href="{page.full_url}">' in shown
        assert f"{page.full_url.partition('/politics')[0]}/de/" not in shown


def test_no_language_is_chosen_where_none_is_spoken(client: Any, site: Any) -> None:
    for ask in (client.get, client.head):
        assert ask("/de/admin/?next=/x")["Location"] == "/admin/?next=/x"
    for machines in ("/feed/", "/sitemap.xml", "/news-sitemap.xml"):
        assert client.get(f"/de{machines}")["Location"] == machines
    assert client.post("/de/admin/login/").status_code == 404
    assert client.post("/de/webhooks/stripe/", "{}", "application/json").status_code == 404
    login = client.get("/admin/login/", headers={"Accept-Language": "de"})
    assert 'lang="en-gb"' in login.text


def test_no_section_takes_the_address_of_a_language(site: Any) -> None:
    with pytest.raises(ValidationError, match="address of the site"):
        SectionPage(title="De", slug="de", path="x", depth=3).clean()


def test_old_address_leads_on_in_every_language(client: Any, site: Any) -> None:
    Redirect.objects.create(old_path="/old", redirect_page=site.section)
    answer = client.get("/de/old/")
    assert answer.status_code == 301 and answer["Location"].endswith("/de/politics/")


def test_a_language_has_no_threads_of_its_own() -> None:
    front = Front(lambda environ, start: [])
    assert front.threads_for("/de/support/checkout/") is front.threads["/support/"]
    assert front.threads_for("/support/thanks/") is front.threads["/support/"]
    assert front.threads_for("/depths/support/") is front.threads[""]


def test_pages_about_what_failed_speak_it_too(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    monkeypatch.setattr("newsroom.search.views.look_up", lambda *asked: 1 / 0)
    for page, status in ((browser.get("/ar/search/?q=x"), 500), (browser.post("/ar/"), 403)):
        assert page.status_code == status
        assert language_of(page) == "ar" and 'dir="rtl"' in page.text and 'href="/ar/"' in page.text


def test_from_right_to_left_a_name_in_a_sentence_keeps_its_direction(
    client: Any, site: Any
) -> None:
    page = client.get("/fa/newsletter/weekly/check-your-inbox/").text
    assert "\u2068The Weekly\u2069" in page
    assert "\u2068" not in client.get("/de/newsletter/weekly/check-your-inbox/").text

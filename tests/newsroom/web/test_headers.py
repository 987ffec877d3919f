"""Which headers an answer has follows from the view that made it."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.urls import reverse

from newsroom.models import SectionPage
from newsroom.web.headers import ALWAYS, PUBLIC_POLICY, STAFF_POLICY
from tests.environment import ROOT
from tests.factories import make_article, make_image, make_user

pytestmark = pytest.mark.django_db
SETS = {"Content-Security-Policy", "Permissions-Policy", "X-Frame-Options", *ALWAYS}


def ask(client: Any, path: str, **options: Any) -> Any:
    method = getattr(client, options.pop("method", "get"))
    client.raise_request_exception = False
    return method(path, **options)


ANSWERS = {
    "front page": ({"path": "/"}, 200),
    "section": ({"path": "/politics/"}, 200),
    "giving": ({"path": "/support/"}, 200),
    "feed": ({"path": "/feed/"}, 200),
    "health": ({"path": "/healthz"}, 200),
    "readiness": ({"path": "/readyz"}, 200),
    "static file": ({"path": "/static/newsroom/icon.svg"}, 200),
    "no such static file": ({"path": "/static/x.svg"}, 404),
    "redirect to the slash": ({"path": "/politics"}, 301),
    "login page": ({"path": "/admin/login/"}, 200),
    "redirect to the login": ({"path": "/admin/"}, 302),
    "redirect to the admin's slash": ({"path": "/admin"}, 301),
    "no such page": ({"path": "/nowhere/"}, 404),
    "no such picture": ({"path": "/media/x.jpg"}, 404),
    "no such document": ({"path": "/documents/1/x.pdf"}, 404),
    "bad form": (
        {"path": "/newsletter/weekly/signup/", "method": "post", "data": {"a": "\0"}},
        400,
    ),
    "foreign form": (
        {"path": "/support/checkout/", "method": "post", "HTTP_SEC_FETCH_SITE": "cross-site"},
        403,
    ),
    "wrong method": ({"path": "/healthz", "method": "post"}, 405),
    "forged webhook": ({"path": "/webhooks/stripe/", "method": "post"}, 400),
    "too long": (
        {"path": "/support/checkout/", "method": "post", "data": {"a": "x" * 70_000}},
        413,
    ),
    "too long for the admin": (
        {"path": "/admin/login/", "method": "post", "data": {"a": "x" * 70_000}},
        413,
    ),
    "unknown host": ({"path": "/politics", "HTTP_HOST": "a b"}, 400),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_every_header(name: str, client: Any, site: Any) -> None:
    options, status = ANSWERS[name]
    answer = ask(client, **options)
    assert answer.status_code == status
    assert set(answer.headers) >= SETS
    if status >= 400:
        assert "no-store" in answer["Cache-Control"]


def test_error_of_ours_has_every_header_too(client: Any, site: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("newsroom.search.views.look_up", None)
    answer = ask(client, "/search/?q=x")
    assert answer.status_code == 500
    assert set(answer.headers) >= SETS and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("slug", ["documentation", "administration", "admin-news"])
def test_section_has_the_readers_policy_whatever_it_is_called(
    client: Any, site: Any, slug: str
) -> None:
    section = site.home.add_child(instance=SectionPage(title="A section", slug=slug))
    for page in (section, make_article(section)):
        answer = client.get(page.url)
        assert answer["Content-Security-Policy"] == PUBLIC_POLICY
        assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))


@pytest.mark.parametrize("slug", ["admin", "documents"])
def test_page_from_before_with_an_address_of_ours_has_it_as_well(
    client: Any, site: Any, slug: str
) -> None:
    section = site.home.add_child(instance=SectionPage(title="A section", slug="old"))
    article = make_article(section)
    SectionPage.objects.filter(pk=section.pk).update(slug=slug, url_path=f"/front/{slug}/")
    type(article).objects.update(url_path=f"/front/{slug}/{article.slug}/")
    if slug == "documents":  # “admin” is never reached
        answer = client.get(f"/{slug}/{article.slug}/")
        assert answer.status_code == 200
        assert answer["Content-Security-Policy"] == PUBLIC_POLICY
        assert "Cookie" in answer["Vary"]


def test_admin_runs_no_inline_code_and_is_kept_nowhere(client: Any, site: Any) -> None:
    client.force_login(make_user(None))
    for name in ("wagtailadmin_home", "newsletters", "contributions:index", "wagtailimages:add"):
        answer = client.get(reverse(name))
        assert answer["Content-Security-Policy"] == STAFF_POLICY
        assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]
        assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"]
        assert not re.search(r"<script(?![^>]*(src|type)=)|\sstyle=|\son\w+=\"", answer.text)
    assert "unsafe" not in STAFF_POLICY and "unsafe" not in PUBLIC_POLICY
    missing = client.get("/admin/nowhere/")
    assert missing.status_code == 404
    assert missing["Content-Security-Policy"] == STAFF_POLICY
    assert "no-store" in missing["Cache-Control"]


def test_preview_may_be_framed_by_the_editor(client: Any, site: Any) -> None:
    client.force_login(make_user())
    answer = client.get(reverse("wagtailadmin_pages:view_draft", args=[site.section.pk]))
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == STAFF_POLICY
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(site.section.url)["X-Frame-Options"] == "DENY"


def test_only_pictures_may_be_shown_elsewhere(client: Any, site: Any) -> None:
    picture = client.get(make_image("lake").file.url)
    assert picture["Cross-Origin-Resource-Policy"] == "cross-origin"  # webmail, feed readers
    for path in ("/", "/admin/login/", "/static/newsroom/site.css"):
        assert client.get(path)["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in client.get("/static/newsroom/site.css")


SHOWN = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")


@pytest.mark.parametrize(
    ("asked", "set_to"),
    [
        (None, [2592000, False, False]),
        ("year", [31536000, False, False]),
        ("subdomains", [31536000, True, False]),
        ("preload", [31536000, True, True]),
    ],
)
def test_hsts_reaches_other_hosts_only_when_asked(asked: str | None, set_to: list[Any]) -> None:
    code = "import json; from newsroom import settings; "
    code += f"print(json.dumps([getattr(settings, name) for name in {SHOWN}]))"
    environment = os.environ | {"BASE_URL": "https://news.example.org"}
    environment |= {"HSTS": asked} if asked else {}
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert json.loads(shown.stdout) == set_to

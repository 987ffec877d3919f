"""A newsroom's own site, from nothing: nothing of the demo's in it, nothing dead, nothing twice."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from wagtail.models import Page, Site

from donations.models import Appeal
from newsroom.accounts.models import User
from newsroom.backups import made
from newsroom.core import languages
from newsroom.first_steps import steps
from newsroom.models import HomePage, Masthead, PolicyPage, SectionPage
from subscriptions.models import Newsletter, NewsletterIndexPage
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db

NAME = ["--no-input", "--name", "Free Word"]
WHOLE = [*NAME, "--sections", "Politics, Culture", "--newsletter", "Monday Mail"]
WHOLE += ["--sender", "monday@news.test", "--currency", "eur"]
WHOLE += ["--postal-address", "PO box 7, Tallinn"]
ADMIN = ["--admin", "boss", "--email", "boss@news.test"]
LINK = re.compile(r'(?:href|action|src)="([^"#]+)"|<(?:loc|id|uri)>(http[^<]+)<')
OF_THE_DEMO = re.compile(r"meridian|example\.(?:org|com)|localhost|127\.0\.0\.1", re.I)
NO_PAGE = ("/admin/", "/newsletter/almost/", "/support/checkout/", "/support/remind-me/")


@pytest.fixture
def nothing(settings: Any) -> None:
    """The database as `migrate` leaves it."""
    settings.BASE_URL, settings.HOST = "https://free.test", "free.test"
    for page in Page.objects.filter(depth=2):
        page.delete()
    Masthead.objects.all().delete()
    welcome = Page(title="Welcome to your new Wagtail site!", slug="home")
    Page.get_first_root_node().add_child(instance=welcome)
    Site.objects.all().delete()
    Site.objects.create(hostname="localhost", root_page=welcome, is_default_site=True)


def first_site(*options: str) -> None:
    call_command("first_site", *options)


# Where a reader may pass an article on.
SHARE = {"wa.me", "t.me", "x.com", "bsky.app", "www.facebook.com"}


def walk(client: Any, *more: str) -> dict[str, str]:
    """Every page that a reader can reach by links, from the front page on, and its text."""
    found: dict[str, str] = {}
    waiting = ["/", "/robots.txt", "/sitemap.xml", "/not-there/", *more]
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith(NO_PAGE):
            continue
        answer = client.get(path, follow=True)
        assert answer.status_code == (404 if path == "/not-there/" else 200), path
        body = b"".join(answer) if answer.streaming else answer.content
        found[path] = body.decode(errors="replace")  # icons among them
        for groups in LINK.findall(found[path]):
            there = urlsplit(urldefrag(groups[0] or groups[1])[0].replace("&amp;", "&"))
            in_language = there.path[1:3] in languages.NAMES and there.path not in ("/de/", "/fa/")
            ours = there.scheme in ("", "https") and there.netloc in ("", "free.test")
            assert ours or there.scheme in ("mailto", "http") or there.netloc in SHARE, there
            if ours and not in_language and not there.path.startswith(("/static/", "/read/")):
                waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return found


@pytest.mark.parametrize("options", [NAME, WHOLE], ids=["bare", "whole"])
def test_nothing_in_a_new_site_is_dead_or_of_the_demo(
    nothing: None, client: Any, options: list[str]
) -> None:
    first_site(*options)
    if options == WHOLE:
        PolicyPage.objects.get().get_latest_revision().publish()
        Appeal.objects.update(live=True)
        make_article(SectionPage.objects.first())  # type: ignore[arg-type]
    pages = walk(client)
    assert not [path for path, text in pages.items() if OF_THE_DEMO.search(text)]
    assert "Welcome to your new Wagtail" not in pages["/"] and "Free Word" in pages["/"]
    there = "/newsletter/monday-mail/" in pages and "/support/" in pages and "/privacy/" in pages
    assert there == (options == WHOLE)
    assert ('action="/newsletter/almost/"' in pages["/"]) == (options == WHOLE)


def test_a_site_before_anything_was_done_has_the_name_of_its_host(
    nothing: None, client: Any
) -> None:
    """Without `first_site`, too, no reader meets somebody else's name."""
    assert Masthead.load().name == "free.test"
    assert not OF_THE_DEMO.search(client.get("/search/").text)


def test_a_site_that_is_there_stays_as_it_is(nothing: None, capsys: Any) -> None:
    first_site(*WHOLE, *ADMIN)
    said = capsys.readouterr().out
    link = re.search(r"https://free\.test(/admin/\S+)", said)
    assert link and "boss@news.test" not in said
    pages, user = list(Page.objects.values_list("pk", "title")), User.objects.get(username="boss")
    assert user.is_superuser and not user.has_usable_password()
    first_site("--no-input", "--name", "Another", "--admin", "other", "--email", "o@news.test")
    assert list(Page.objects.values_list("pk", "title")) == pages
    assert Masthead.load().name == "Free Word" and not User.objects.filter(username="other")
    assert Page.objects.filter(depth=2).count() == 1 == HomePage.objects.count()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--name", ""], "empty"),
        (["--sections", "Search"], "address of the site itself"),
        (["--newsletter", "x", "--sender", "nobody"], "sender"),
        (["--currency", "xxx"], "usd"),
    ],
)
def test_a_wrong_answer_makes_nothing(nothing: None, options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        first_site(*NAME, *options)
    assert not HomePage.objects.exists() and Site.objects.get().root_page.slug == "home"


def test_the_draft_of_the_policy_says_what_is_kept_in_the_newsrooms_language(nothing: None) -> None:
    first_site(*NAME, "--language", "de")
    policy = PolicyPage.objects.get()
    assert policy.title == "Datenschutzerklärung" and not policy.live
    assert "7 Tage" in policy.body and "[…]" in policy.body and "<table" not in policy.body


def test_an_index_may_have_another_address_and_none_leaves_no_link(
    nothing: None, client: Any
) -> None:
    first_site(*WHOLE)
    index = NewsletterIndexPage.objects.get()
    index.slug = "letters"
    index.save()
    other = Newsletter(title="Nightly", sender_name="x", sender_address="n@news.test")
    index.add_child(instance=other)
    page = client.get("/").text
    assert 'href="/letters/"' in page and 'href="/newsletter/"' not in page
    assert "Nightly" in client.get("/letters/").text
    assert client.get("/letters/nightly/").status_code == 200
    Newsletter.objects.first().unpublish()  # type: ignore[union-attr]
    other.unpublish()
    assert 'href="/letters/"' not in client.get("/").text


def missing() -> set[str]:
    return {one.step.what for one in steps.look() if not one.done}


def test_a_step_is_done_when_the_facts_say_so(nothing: None) -> None:
    assert "A front page" in missing() and "The newsroom’s name" in missing()
    first_site(*WHOLE)
    left = {"The privacy policy", "The sender, tried out", "An appeal for support"}
    assert missing() == {*left, "Colleagues, each with a second factor", "A backup every night"}
    policy = PolicyPage.objects.get()
    policy.get_latest_revision().publish()
    assert "The privacy policy" in missing()  # “[…]” is still in it
    policy = PolicyPage.objects.get()
    policy.body = "<p>Little.</p>"
    policy.save()
    assert "The privacy policy" not in missing()
    Site.objects.update(hostname="localhost")
    assert "The site’s address" in missing()


@pytest.mark.parametrize(("days", "done"), [(0, True), (2, True), (4, False)])
def test_backups_are_well_while_the_newest_is_of_these_nights(days: int, done: bool) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=days)):
        made.note("20260101T030000Z")
    assert bool(steps.backup()) is not done


def test_administrators_are_led_until_they_put_it_away(nothing: None, client: Any) -> None:
    first_site(*WHOLE)
    client.force_login(make_user("Editors"))
    assert "first-steps" not in client.get("/admin/").text
    client.force_login(make_user(None))
    assert "of 10 done" in client.get("/admin/").text
    page = client.get("/admin/first-steps/")
    assert page.status_code == 200 and "Finish and publish it" in page.text
    for step in page.context["steps"]:
        assert client.get(step.url, follow=True).status_code == 200, step.step.what
    client.post("/admin/first-steps/", {"put_away": "1"})
    assert "of 10 done" not in client.get("/admin/").text
    client.post("/admin/first-steps/", {"put_away": "0"})
    assert "of 10 done" in client.get("/admin/").text


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_who_runs_it_is_asked_until_an_answer_will_do(
    nothing: None, monkeypatch: Any, capsys: Any
) -> None:
    answers = ["", "Free Word", "xx", "de", "PO box 7", "", "", "Weekly", "nobody", "w@news.test"]
    typed = "\n".join([*answers, "eur", "boss", "boss@news.test", ""])
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    first_site()
    said = capsys.readouterr().out
    assert "can’t be left empty" in said and "One of: en" in said and "SITE_LANGUAGE=de" in said
    newsletter = Newsletter.objects.get()
    assert newsletter.sender_address == "w@news.test" and newsletter.language == "de"
    assert (
        newsletter.tagline == "Eine neue Ausgabe kommt jeden Freitag."
        and "Free Word" in newsletter.sender
    )
    assert User.objects.get(username="boss").is_superuser and not Appeal.objects.get().live

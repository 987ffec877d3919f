"""Single mails: words and what they name, in the language of who gets them."""

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.conf import settings

from newsroom.core.environment.table import PROVIDERS
from newsroom.mail import providers
from newsroom.mail.catalogue import Letter, Mail, mails
from newsroom.mail.compose import compose

pytestmark = pytest.mark.django_db

TYPED = "{{x}} {{{y}}} %recipient.z% {day} {} %s 🎉 <b>&amp;"
NO_WIDTH = "\u200b"
SMALL_TALK = Mail(
    "talk", "About {what}", ["Dear {name},", "On {day}: {what}."], "Go on", "At {page}"
)


def written(language: str = "en", **about: Any) -> Any:
    about = {
        "what": "bread",
        "name": "",
        "day": date(2026, 5, 3),
        "page": f"{settings.BASE_URL}/x/",
    } | about
    return compose(SMALL_TALK, Letter("a@example.org", language, about, "https://example.org/"))


def test_paragraph_that_names_nothing_is_left_out() -> None:
    assert "Dear" not in written().body and "Dear Ann," in written(name="Ann").body


@pytest.mark.parametrize(
    ("language", "day"),
    [("en", "3 May 2026"), ("de", "3. Mai 2026"), ("uk", "3 травня 2026"), ("tlh", "3 May 2026")],
)
def test_days_are_written_as_the_language_does(language: str, day: str) -> None:
    assert day in written(language).body
    assert day in written(language, day=datetime(2026, 5, 2, 23, 30, tzinfo=UTC)).body  # Berlin's


@pytest.mark.parametrize(
    "typed", ["{name}", "{0}", "{what.__class__}", "%(day)s", "{{ day }}", "{"]
)
def test_what_is_named_is_never_read_as_a_pattern(typed: str) -> None:
    message = written(what=typed)
    assert message.subject == f"About {typed}" and f": {typed}." in message.body


def test_from_right_to_left_what_is_named_keeps_its_direction_and_an_address_stays_clean() -> None:
    message = written("ar", what="2026-000001")
    assert "\u20682026-000001\u2069" in message.body
    assert f"At {settings.BASE_URL}/x/\n" in message.body
    html = message.alternatives[0][0]
    assert 'dir="rtl"' in html and "direction:ltr" not in html.replace(" ", "")


@pytest.mark.parametrize("name", ["شكرًا", "a “b” & <c>", 'a "b" \\u{64b}', "Ўзбек"])
def test_screen_readers_are_told_the_subject_as_it_is(name: str) -> None:
    html = written(what=name).alternatives[0][0]
    [label] = re.findall(r'aria-label="([^"]*)"', html)
    assert unescape(label) == f"About {name}"


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_provider_fills_in_what_looks_like_a_field(site: Any, settings: Any, name: str) -> None:
    settings.MAIL_PROVIDER = name
    words, _ = mails()["confirm"]
    message = compose(words, Letter("a@example.org", "en", {"newsletter": TYPED}))
    [(html, _)] = message.alternatives
    opens = providers.get(name).opens
    for text in (message.subject, message.body, html):
        assert not opens or opens not in text.lower()
    assert message.subject.replace(NO_WIDTH, "") == f"Please confirm: {TYPED}"
    assert f"you want {TYPED} in" in message.body.replace(NO_WIDTH, "").replace("\n", " ")

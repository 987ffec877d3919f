"""Nobody on a reader's or donor's way meets a text that is not in their language."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

from newsroom.core import catalogues, languages

TEMPLATES = settings.BASE_DIR / "templates"
OF_STAFF = {
    "admin",
    "desk",
    "editing",
    "finance",
    "panel.html",
    "panic",
    "pictures",
    "release",
    "staff",
    "transfer",
    "wagtailadmin",
    "wagtailimages",
    "llms.txt",
    "side_by_side.html",
    "steps.html",
}
WORDS = {"alt", "title", "placeholder", "aria-label", "content"}  # attributes that are read out
NO_WORDS = {"style", "script", "mj-style"}
LETTERS = re.compile(r"[^\W\d_]{2,}")


def of_readers() -> list[Path]:
    found = (path for path in TEMPLATES.rglob("*") if path.suffix in catalogues.TEMPLATES)
    return sorted(path for path in found if not OF_STAFF & set(path.parts))


class Typed(HTMLParser):
    """The words that stand in a page besides its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag in NO_WORDS
        name = dict(attrs).get("name") or dict(attrs).get("property")
        self.found += [
            value for key, value in attrs if value and key in WORDS and not (tag == "meta" and name)
        ]

    def handle_endtag(self, tag: str) -> None:
        self.silent = False

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def typed(path: Path) -> Iterator[str]:
    """Words of a template that nobody translates."""
    source, inside, rest = path.read_text(), False, ""
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            if token.contents.startswith(("blocktranslate", "block body_class")):
                inside = True
            elif token.contents.startswith("end"):
                inside = False
        elif token.token_type == TokenType.TEXT and not inside:
            rest += token.contents
    if path.suffix == ".txt":
        texts = [rest]
    else:
        parser = Typed()
        parser.feed(rest)
        texts = parser.found
    return (text.strip() for text in texts if LETTERS.search(text))


@pytest.mark.parametrize("path", of_readers(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_word_of_a_page_or_mail_is_translated(path: Path) -> None:
    assert list(typed(path)) == []


PLAIN = re.compile(r"(day|seconds|number|all|frequency)=")  # of the page's own language


@pytest.mark.parametrize("path", of_readers(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_names_inside_of_a_sentence_keep_their_own_direction(path: Path) -> None:
    for put_in in re.findall(r"{% blocktranslate trimmed with ([^%]*) %}", path.read_text()):
        for one in put_in.split():
            assert PLAIN.match(one) or one.endswith(("|apart", "|listed"))


def holes(text: str) -> set[str]:
    """What a text names, and the tags in it: the same in every language."""
    named = (
        {name for _, name, _, _ in Formatter().parse(text) if name} if "%(" not in text else set()
    )
    return named | set(re.findall(r"%\(\w+\)s|</?\w+[^>]*>", text))


gathered = cache(catalogues.gathered)  # it takes two seconds


@pytest.mark.parametrize("language", languages.translated())
def test_every_text_is_translated(language: str) -> None:
    catalogue = catalogues.read(languages.catalogue_of(language))
    for asked in gathered():
        if not asked.id:
            continue
        found = catalogue.get(asked.id, context=asked.context)
        assert found, f"{asked.id!r} is new: run manage.py makemessages"
        texts = [found.string] if isinstance(found.string, str) else list(found.string)
        assert all(texts) and not found.fuzzy, f"not translated: {asked.id!r}"
        ids = [asked.id] if isinstance(asked.id, str) else list(asked.id)
        for text in texts:
            # A form for “one” may say it without the number.
            assert holes(text) == holes(ids[-1]) or (len(ids) > 1 and holes(text) <= holes(ids[-1]))
            assert ('"' in text) == ('"' in ids[-1]), f"“ ” here, or an attribute ends: {text}"

"""Translations: ``locale/<language>/LC_MESSAGES/django.po``, gathered and compiled by Babel, since
a bare machine has no GNU gettext. What is written there is in docs/how-to/add-a-language.md."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from newsroom.core import languages

CODE = ["newsroom", "subscriptions", "donations"]
NOT_OURS = {"sandbox", "migrations", "static"}  # nor what a reader sees
TEMPLATES = {".html", ".txt", ".mjml"}
KEYWORDS = {
    **dict.fromkeys(["gettext", "gettext_lazy", "gettext_noop", "_"], None),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
}


def compile_stale() -> None:
    """Compile what is newer than its compiled form. Safe to run twice at once."""
    for source in languages.stale_catalogues():
        compiled = source.with_suffix(".mo")
        half = compiled.with_suffix(f".{os.getpid()}")
        with half.open("wb") as file:
            write_mo(file, read(source))
        half.replace(compiled)


def read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parent.parent.name)


def gathered() -> Catalog:
    """Every text that code and templates mark for translation, and where."""
    found = Catalog()
    for path in sorted(sources()):
        text = path.read_text()
        if path.suffix in TEMPLATES:  # a template reads as Python then, lines kept
            text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
        place = str(path.relative_to(settings.BASE_DIR))
        for _, message, comments, context in extract(
            "python", BytesIO(text.encode()), KEYWORDS, ["Translators:"]
        ):
            found.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def sources() -> Iterator[Path]:
    for top in [*CODE, "templates"]:
        for path in (settings.BASE_DIR / top).rglob("*"):
            if path.suffix in {".py", *TEMPLATES} and not NOT_OURS & set(path.parts):
                yield path


def update(language: str, template: Catalog) -> None:
    """Bring a catalogue up to date: what is new in it is empty, what nobody asks for is gone."""
    source = languages.catalogue_of(language)
    source.parent.mkdir(parents=True, exist_ok=True)
    catalogue = read(source) if source.exists() else Catalog(language, fuzzy=False)
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with source.open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)

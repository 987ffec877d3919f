"""The languages that pages, mails and receipts speak, by codes of two letters.

``/de/support/`` is ``/support/`` in German: the reader has chosen, every cache can tell, and all
links of that page stay below ``/de/``, since that is the script's prefix there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

from babel import Locale
from babel.lists import format_list
from django.conf import settings
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation

# “en” is British to Django, because of its dates: 6 November 2026.
_TAGS = {tag.partition("-")[0]: tag for tag, _ in settings.LANGUAGES}
NAMES = {tag.partition("-")[0]: name for tag, name in settings.LANGUAGES}  # each by its own name
CHOICES = list(NAMES.items())
OWN = settings.SITE_LANGUAGE  # what the newsroom writes in
RIGHT_TO_LEFT = {"ar", "fa"}
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # CLDR names them beside the countries


def translated() -> list[str]:
    """Those that have a catalogue: all but English, which the code is written in."""
    return [code for code in NAMES if code != "en"]


def catalogue_of(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def stale_catalogues() -> list[Path]:
    """Those that are newer than their compiled form, or have none."""

    def changed_at(path: Path) -> float:
        return path.stat().st_mtime if path.exists() else 0

    catalogues = map(catalogue_of, translated())
    return [path for path in catalogues if changed_at(path) > changed_at(path.with_suffix(".mo"))]


def tag(language: str) -> str:
    """Django's name of it."""
    return _TAGS.get(language, settings.LANGUAGE_CODE)


def direction(language: str) -> str:
    """“rtl” or “ltr”, as HTML has it."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def apart(text: str) -> str:
    """A number, an amount or a name inside of a sentence: from right to left its parts would else
    change places with what stands around it (Unicode Standard Annex 9: FSI, PDI)."""
    return f"\u2068{text}\u2069" if text and spoken() in RIGHT_TO_LEFT else text


def listed(texts: Sequence[str]) -> str:
    """“A, B and C”, as the language that is spoken has it (CLDR, “List Patterns”)."""
    return format_list([apart(text) for text in texts], locale=tag(spoken()).replace("-", "_"))


@cache
def countries(language: str) -> dict[str, str]:
    """Codes (ISO 3166, two capital letters) and names, in the order of the names (CLDR)."""
    named: Mapping[Any, str] = Locale.parse(tag(language), sep="-").territories
    codes = [code for code in named if code.isalpha() and code not in NO_COUNTRIES]
    codes.sort(key=lambda code: normalize("NFKD", named[code]).casefold())
    return {code: named[code] for code in codes}


def speaking(language: str) -> AbstractContextManager[None]:
    """Texts, dates and numbers are in that language inside; English for one that we don't have."""
    return translation.override(tag(language))


def spoken() -> str:
    """The language of the page or mail that is being made."""
    return (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0]


def chosen_in(path: str) -> tuple[str, str]:
    """“/de/support/” is German, and “/support/”; “” for a path that chooses none."""
    code, slash, rest = path[1:].partition("/")
    return (code, f"/{rest}") if slash and code in NAMES else ("", path)


def chosen() -> str:
    """The language of the address at hand; "" where the browser's is spoken, or our own."""
    return spoken() if get_script_prefix() != "/" else ""


def speaking_to(language: str) -> AbstractContextManager[None]:
    """On a page behind a link in a mail: as that mail spoke, unless the address chooses another,
    since somebody has pressed one in the footer."""
    theirs = language in NAMES and not chosen()
    return speaking(language) if theirs else nullcontext()


@contextmanager
def addresses_below(prefix: str) -> Iterator[None]:
    """``reverse`` and Wagtail's pages answer with addresses that begin so: “/de/”, or “/”."""
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


def asked_for(accept_language: str) -> str:
    """The first of ours that a browser asks for, and does not refuse (RFC 9110, 12.4.2 and
    12.5.4); “” for none."""
    for wanted, weight in translation.trans_real.parse_accept_lang_header(accept_language):
        if (code := wanted.partition("-")[0]) in NAMES and weight > 0:
            return code
    return ""

"""A document as PDF, set by Typst in the fonts of every script that we found one for.

Typst carries Latin, Greek and Cyrillic letters, we Arabic ones (Vazirmatn: nearly all text copied
out of a receipt stays in order), two packages all others (Noto Sans; all under the SIL Open Font
License).
No font, file or network of the machine is used.
"""

import json
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import manimgx_fonts
import manimgx_fonts_cjk
import typst
from django.conf import settings

TEMPLATES: Path = settings.BASE_DIR / "templates/donations/receipts"
OUR_FONTS = Path(__file__).parent / "fonts"
LONGEST = 300  # characters of what somebody typed
STAND_IN = "\ufffd"
# They turn the direction of all that follows ("Unicode Bidirectional Algorithm", UAX 9, 2).
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
PROBE = b'#set document(title: "-")\n#json(bytes(sys.inputs.data))'


def pdf(name: str, data: dict[str, Any]) -> bytes:
    """The template of that name, set with the data, tagged for screen readers.

    PDF/UA-1 (ISO 14289-1) refuses a character without a glyph: a stand-in takes its place. What
    is refused even then (odd heaps of marks) is set outside of the standard, as boxes.
    """
    template = str(TEMPLATES / f"{name}.typ")
    try:
        return _compile(template, data)
    except typst.TypstError:
        data = _with_stand_ins(data)
    try:
        return _compile(template, data)
    except typst.TypstError:
        return _compile(template, data, standards=[])


def one_line(typed: str) -> str:
    """What somebody typed, to be set beside words of ours: it can neither break the line nor turn
    their direction. Half a character (a lone surrogate) and control characters are replaced, and
    what is longer than any name ends in “…”."""
    whole = typed.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    line = " ".join(TURNING.sub("", whole).split())
    if len(line) > LONGEST:
        line = f"{line[:LONGEST]}…"
    return "".join(STAND_IN if unicodedata.category(one) == "Cc" else one for one in line)


@cache
def _fonts() -> typst.Fonts:
    """Read once per process: 30 ms; a document takes 10 to 20 ms then."""
    packages = [Path(str(package.__file__)) for package in (manimgx_fonts, manimgx_fonts_cjk)]
    folders = [OUR_FONTS, *(package.parent for package in packages)]
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])


def _compile(source: Any, data: Any, standards: Any = "ua-1") -> bytes:
    document: bytes = typst.compile(
        source,
        root=str(TEMPLATES),
        sys_inputs={"data": json.dumps(data)},
        font_paths=_fonts(),
        ignore_system_fonts=True,
        pdf_standards=standards,
    )
    return document


def _with_stand_ins(data: Any) -> Any:
    if isinstance(data, str):
        return data if data.isascii() else "".join(map(_shown, _letters(data)))
    if isinstance(data, dict):
        return {key: _with_stand_ins(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_stand_ins(value) for value in data]
    return data


def _letters(text: str) -> list[str]:
    """Each character with the marks upon it: one font must have them all."""
    letters: list[str] = []
    for one in text:
        if letters and unicodedata.category(one).startswith("M"):
            letters[-1] += one
        else:
            letters.append(one)
    return letters


def _shown(letter: str) -> str:
    if _has_glyphs(letter):
        return letter
    return letter[0] + STAND_IN if len(letter) > 1 and _has_glyphs(letter[0]) else STAND_IN


@lru_cache(10_000)
def _has_glyphs(letter: str) -> bool:
    """Asked of Typst itself, which knows the fonts and what the standard allows: 5 ms each."""
    try:
        _compile(PROBE, letter)
    except typst.TypstError:
        return False
    return True

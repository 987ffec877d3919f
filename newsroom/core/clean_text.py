"""Text on its way in: composed, and without what no screen shows and no XML may hold.

A word processor leaves its line break (U+000B) in a headline; one such character stops a feed.
"""

import json
import re
import unicodedata
from typing import Any

# Breaks that some programs write for a new line or page, in what may be one line here.
BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and line ends, and what is no character (Unicode Standard, 23.7).
UNSEEN = re.compile(r"[\0-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
HALF = re.compile(r"[\ud800-\udfff]")  # of a character: no UTF-8 can hold it
STAND_IN = "\ufffd"


def clean(text: str) -> str:
    """Composed (NFC, Unicode Standard Annex 15), breaks as spaces, half characters as “�”."""
    if text.isascii() and text.isprintable():
        return text
    text = HALF.sub(STAND_IN, UNSEEN.sub("", BREAKS.sub(" ", text)))
    return unicodedata.normalize("NFC", text)


def clean_field(typed: str) -> str:
    """What a form sends in one field: text, or JSON with texts in it. The rich text editor's JSON
    stays as it is, since it counts characters; its text is cleaned when it is HTML."""
    if typed[:1] not in ("{", "["):
        return clean(typed)
    try:
        inside = json.loads(typed)
    except (ValueError, RecursionError):
        return clean(typed)
    if isinstance(inside, dict) and {"blocks", "entityMap"} <= set(inside):
        return typed
    cleaned = _clean_inside(inside)
    return typed if cleaned == inside else json.dumps(cleaned, ensure_ascii=False)


def _clean_inside(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case list():
            return [_clean_inside(one) for one in value]
        case dict():
            return {clean(key): _clean_inside(one) for key, one in value.items()}
    return value

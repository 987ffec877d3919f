"""An appeal's words for one reader: amounts in their currency, not too long for a phone."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from itertools import accumulate
from typing import Any

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from donations.currencies import currency_of
from donations.models import Appeal
from donations.models.asking.amounts_in_words import IN_WORDS, TAG
from newsroom.core.languages import spoken
from newsroom.publishing.rich_text import expand

OPENING = 300  # characters that stand before “Continue” on a phone; more is unfolded by the reader
PARAGRAPH = re.compile(r"<p\b[^>]*>(.*?)</p>\s*", re.DOTALL)
# What is never parted: a tag, a sign that is written as a name, an amount, a character.
TOKEN = re.compile(f"{TAG.pattern}|&#?\\w+;|{IN_WORDS.pattern}|.", re.DOTALL)
STOPS = tuple(".!?…。！？؟։")


def words_of(appeal: Appeal, currency: str) -> dict[str, Any]:
    """As HTML, with a name at each amount: give.js changes them with the currency."""
    amounts = appeal.amounts_in_words(currency)

    def named(found: "re.Match[str]") -> str:
        return format_html('<span data-said="{}">{}</span>', found[1], amounts[found[1]])

    message = _clean(appeal.message)
    opening, rest = cut(message)
    parts = {"title": escape(appeal.title), "message": message, "opening": opening, "rest": rest}
    return {name: _filled(html, named) for name, html in parts.items()}


# For a preview: it stands in a mail in place of the one that runs.
instead: ContextVar[Appeal | None] = ContextVar("instead", default=None)


def for_a_mail(appeal: Appeal) -> dict[str, str]:
    """The message as HTML, all else as text; in the currency of the mail's language, or if none
    belongs to it in the first."""
    offered = appeal.currencies()
    currency = currency_of(spoken(), offered) or next(iter(offered), "usd")
    amounts = appeal.amounts_in_words(currency)

    def amount(found: "re.Match[str]") -> str:
        return amounts[found[1]]

    plain = {
        "title": appeal.title,
        "subject": appeal.reminder_subject,
        "reminder": appeal.reminder_words,
    }
    texts = {name: IN_WORDS.sub(amount, text) for name, text in plain.items()}
    return texts | {"message": _filled(_clean(appeal.message), amount)}


def cut(html: str) -> tuple[str, str]:
    """The beginning, and the rest or "": parted at a paragraph's end, a sentence's, or a word's,
    but within no link and no bold words."""
    paragraphs = PARAGRAPH.findall(html) if PARAGRAPH.match(html) else [html]
    ends = list(accumulate(map(_length, paragraphs)))
    whole = sum(end <= OPENING for end in ends)
    opening, rest = paragraphs[:whole], paragraphs[whole:]
    room = OPENING - (ends[whole - 1] if whole else 0)
    if rest and room > OPENING * 2 / 3:
        head, tail = _parted(rest[0], room)
        opening, rest = [*opening, head], [tail, *rest[1:]]
    return _joined(opening), _joined(rest)


def _parted(paragraph: str, room: int) -> tuple[str, str]:
    """``room``: characters that a reader sees. A place that is as good and later is better."""
    tokens = [found[0] for found in TOKEN.finditer(paragraph)]
    best, place = 0, len(tokens)
    seen, inside = 0, 0
    for at, token in enumerate(tokens):
        if not inside and 0 < seen <= room:
            goodness = _goodness(tokens[at - 1], token, seen)
            best, place = max((best, place), (goodness, at))
        if not token.startswith("<"):
            seen += 1
        elif token != "<br>":
            inside += -1 if token.startswith("</") else 1
    return "".join(tokens[:place]), "".join(tokens[place:])


def _goodness(before: str, after: str, seen: int) -> int:
    """3: a sentence ends there, and not too soon; 2: a word; 1: nothing."""
    if not after.isspace():
        return 1
    return 3 if before in STOPS and seen > OPENING / 3 else 2


def _length(html: str) -> int:
    return sum(not token[0].startswith("<") for token in TOKEN.finditer(html))


def _joined(paragraphs: list[str]) -> str:
    return "".join(f"<p>{words.strip()}</p>" for words in paragraphs if words.strip())


def _clean(rich_text: str) -> str:
    """The editor's form lets nothing else in, but there are other ways to a row."""
    return nh3.clean(expand(rich_text), link_rel=None)


def _filled(html: str, amount: Callable[["re.Match[str]"], str]) -> SafeString:
    """Amounts in text, and in no tag."""
    between = re.split(f"({TAG.pattern})", html)  # text, a tag, text, …
    between[::2] = [IN_WORDS.sub(amount, text) for text in between[::2]]
    return mark_safe("".join(between))

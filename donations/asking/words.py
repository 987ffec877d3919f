"""An appeal's words for one reader: amounts in their currency, not too long for a phone."""

from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import normalize_newlines

from donations.currencies import currency_of
from donations.models import Appeal
from donations.models.asking.amounts_in_words import IN_WORDS
from newsroom.core.languages import spoken

OPENING = 300  # characters that stand before “Continue” on a phone; more is unfolded by the reader


def words_of(appeal: Appeal, currency: str) -> dict[str, Any]:
    """As HTML, with a name at each amount: give.js changes them with the currency."""
    amounts = appeal.amounts_in_words(currency)
    opening, rest = cut(appeal.message)
    parts = {"title": appeal.title, "message": appeal.message, "opening": opening, "rest": rest}
    return {name: _filled(text, amounts) for name, text in parts.items()}


def plain_words(appeal: Appeal) -> dict[str, str]:
    """For a mail, in the currency of its language; if none belongs to it, in the first."""
    offered = appeal.currencies()
    currency = currency_of(spoken(), offered) or next(iter(offered), "usd")
    amounts = appeal.amounts_in_words(currency)
    return {
        name: IN_WORDS.sub(lambda found: amounts[found[1]], text)
        for name, text in (("title", appeal.title), ("message", appeal.message))
    }


def cut(message: str) -> tuple[str, str]:
    """The beginning, and the rest or "": parted at a paragraph's end, a sentence's, or a word's."""
    message = normalize_newlines(message)  # as browsers send them, a paragraph ends with “\r\n\r\n”
    if len(message) <= OPENING:
        return message, ""
    head = message[:OPENING]
    for mark in ("\n\n", ". ", " "):
        at = head.rfind(mark) + len(mark.rstrip(" \n"))
        if at > OPENING / 3:
            break
    else:
        across = (one for one in IN_WORDS.finditer(message) if one.start() < OPENING < one.end())
        at = next((one.start() for one in across), OPENING)  # no amount is cut in two
    return message[:at].rstrip(), message[at:].lstrip()


def _filled(text: str, amounts: dict[str, str]) -> SafeString:
    def amount(found: Any) -> str:
        return format_html('<span data-said="{}">{}</span>', found[1], amounts[found[1]])

    return mark_safe(IN_WORDS.sub(amount, escape(text)))

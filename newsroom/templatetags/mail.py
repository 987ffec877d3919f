"""What the templates of mails need besides Django's own."""

import re
from html import unescape
from typing import Any

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe

from newsroom.mail import links as links_in_html
from newsroom.mail import plain_text
from newsroom.publishing.rich_text import expand

register = template.Library()

# Inboxes show so many characters after the subject, and fill up a shorter preheader with the mail's
# first words. Nothing of this has ink; the joiner (U+034F) keeps them from folding the spaces.
PREHEADER_SHOWN = 150
HEADING = re.compile(r"(</?h)([2-6])\b")
FILLER = "\u034f\u200c\xa0"


@register.filter
def mail_html(rich_text: Any) -> SafeString | str:
    """Rich text with addresses that work from a mail; "" where an editor emptied it and “<p></p>”
    is left. The editor's forms let nothing else in, but there are other ways to a row: what is not
    well-formed would end the mail's template, and a script would go out to mail programs."""
    html = nh3.clean(expand(getattr(rich_text, "source", rich_text)), link_rel=None)
    html = links_in_html.absolute(html)
    return mark_safe(html) if plain_text.has_words(html) else ""


@register.filter
def below(html: SafeString, level: int) -> SafeString:
    """Its headings, which begin with <h2>, below one of that level."""
    return mark_safe(HEADING.sub(lambda tag: f"{tag[1]}{min(int(tag[2]) - 1 + level, 6)}", html))


@register.filter
def padded(preheader: str) -> SafeString:
    """As long as an inbox shows it, for HTML alone."""
    return mark_safe(preheader + FILLER * (PREHEADER_SHOWN - len(unescape(preheader))))


@register.filter
def as_text(rich_text: Any, links: plain_text.Links) -> str:
    """Rich text for the text part, its links numbered."""
    return plain_text.from_html(mail_html(rich_text), links)


@register.filter
def number(url: str, links: plain_text.Links) -> str:
    """“[3]”: the link's place in the list at the end."""
    return links.number(url)

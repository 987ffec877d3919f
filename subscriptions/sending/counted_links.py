"""A mailing's links, counted by link and never by reader: everybody's copy has the same addresses.

A link in the HTML leads to ``/newsletter/go/<number>/``, which counts and leads on: see
``tracking/clicks.py``. The text part keeps its addresses, and so do previews and the web version.
"""

import re

from newsroom.core.uris import to_uri
from newsroom.mail.links import led, links_of
from newsroom.web.http import absolute_url
from subscriptions.models import IssueLink, IssuePage, Mailing

PERSONAL = ("unsubscribe", "preferences")


def beginning(page: str) -> str:
    """Of all addresses of that page, before their number or token."""
    return absolute_url(page, 0).removesuffix("0/")


def count_in(html: str, mailing: Mailing, issue: IssuePage, variants: int) -> str:
    """The HTML with its links counted; a row for each address, in this transaction."""
    personal = tuple(beginning(page) for page in PERSONAL)
    words = {
        link.url: link.words
        for link in links_of(html)
        if link.url.startswith(("http://", "https://")) and not link.url.startswith(personal)
    }
    stories = {
        to_uri(piece.story.full_url or ""): (piece.headline, piece.section)
        for piece in issue.stories
        if piece.story
    }
    about = [(url, *stories.get(url, (text, ""))) for url, text in words.items()]
    links = IssueLink.objects.bulk_create(
        IssueLink(
            mailing=mailing,
            number=number,
            url=url,
            label=label.strip()[:200],
            section=section,
            clicks=[0] * (1 + variants),
        )
        for number, (url, label, section) in enumerate(about, 1)
    )
    places = {link.url: absolute_url("go", link.pk) for link in links}
    return led(html, lambda url: places.get(url, url))


def of_variant(html: str, variant: int | None) -> str:
    """The HTML for readers who try that subject: their clicks are counted apart."""
    if variant is None:
        return html
    return re.sub(rf"({re.escape(beginning('go'))}\d+/)", rf"\g<1>{variant}/", html)

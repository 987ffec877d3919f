"""A mailing's links, counted by link and never by reader: every copy of an edition has the same
addresses, and so has every edition, but for their host.

A link in the HTML leads to ``/newsletter/go/<number>/``, which counts and leads on: see
``tracking/clicks.py``. The text part keeps its addresses, and so do previews and the web version.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from newsroom.core.uris import to_uri
from newsroom.mail.links import led, links_of
from newsroom.web.http import absolute_url
from subscriptions.models import IssueLink, IssuePage, Mailing

PERSONAL = ("unsubscribe", "preferences")


def beginning(page: str) -> str:
    """Of all addresses of that page, before their number or token."""
    return absolute_url(page, 0).removesuffix("0/")


def count(
    bodies: Iterable[str], mailing: Mailing, issue: IssuePage, variants: int
) -> dict[str, str]:
    """A row for each address in any of them, in this transaction; and where it is counted."""
    personal = tuple(beginning(page) for page in PERSONAL)
    words = {
        link.url: link.words
        for html in bodies
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
    return {link.url: absolute_url("go", link.pk) for link in links}


def counted(html: str, places: dict[str, str]) -> str:
    return led(html, lambda url: places.get(url, url))


def of_variant(html: str, variant: int | None) -> str:
    """The HTML for readers who try that subject: their clicks are counted apart."""
    if variant is None:
        return html
    path = re.escape(urlsplit(beginning("go")).path)  # on our host, or on the mirror's
    return re.sub(rf'("https?://[^/"]+{path}\d+/)"', rf'\g<1>{variant}/"', html)

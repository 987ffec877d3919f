"""A mailing's links, counted by link and never by reader: everybody's copy has the same addresses.

A link in the HTML leads to ``/newsletter/go/<number>/``, which counts and leads on: see
``tracking/clicks.py``. The text part keeps its addresses, and so do previews and the web version.
"""

import re
from html import escape, unescape
from typing import Any

from django.utils.html import strip_tags

from newsroom.core.uris import to_uri
from newsroom.web.http import absolute_url
from subscriptions.models import IssueLink, IssuePage, Mailing

LINK = re.compile(r'(<a\b[^>]*?\bhref=")(https?://[^"]+)("[^>]*>)(.*?)(?=</a>)', re.I | re.S)
PERSONAL = ("unsubscribe", "preferences")


def beginning(page: str) -> str:
    """Of all addresses of that page, before their number or token."""
    return absolute_url(page, 0).removesuffix("0/")


def count_in(html: str, mailing: Mailing, issue: IssuePage, variants: int) -> str:
    """The HTML with its links counted; a row for each address, in this transaction."""
    words = {unescape(url): unescape(strip_tags(inner)) for _, url, _, inner in LINK.findall(html)}
    personal = tuple(beginning(page) for page in PERSONAL)
    words = {url: text for url, text in words.items() if not url.startswith(personal)}
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

    def counted(match: Any) -> str:
        before, url, after, inner = match.groups()
        return before + escape(places.get(unescape(url), unescape(url))) + after + inner

    return LINK.sub(counted, html)


def of_variant(html: str, variant: int | None) -> str:
    """The HTML for readers who try that subject: their clicks are counted apart."""
    if variant is None:
        return html
    return re.sub(rf"({re.escape(beginning('go'))}\d+/)", rf"\g<1>{variant}/", html)

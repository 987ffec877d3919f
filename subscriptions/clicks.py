"""Clicks, counted by link and never by reader: everybody's copy has the same addresses.

A link in the HTML of a mailing leads to ``/newsletter/go/<number>/``, which counts and leads on.
The text part keeps its addresses as they are, and so do previews and the web version.
"""

import re
from html import escape, unescape
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import strip_tags
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsroom.public_forms import too_often
from subscriptions.models import IssueLink, IssuePage, Mailing

LINK = re.compile(r'(<a\b[^>]*?\bhref=")(https?://[^"]+)("[^>]*>)(.*?)(?=</a>)', re.I | re.S)
GO = f"{settings.BASE_URL}/newsletter/go/"
PERSONAL = tuple(
    f"{settings.BASE_URL}/newsletter/{page}/" for page in ("unsubscribe", "preferences")
)
LIMIT = {"most": 300, "seconds": 600}  # clicks counted from one network
# Who opens links without being a reader. What hides behind a browser's name is counted.
ROBOT = re.compile(r"bot\b|crawl|spider|preview|scan|curl|python|headless|monitor", re.I)


def count_in(html: str, mailing: Mailing, issue: IssuePage, arms: int) -> str:
    """The HTML with its links counted; a row for each address, in this transaction."""
    words = {unescape(url): unescape(strip_tags(inner)) for _, url, _, inner in LINK.findall(html)}
    words = {url: text for url, text in words.items() if not url.startswith(PERSONAL)}
    stories = {
        piece.story.full_url: (piece.headline, piece.section)
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
            clicks=[0] * (1 + arms),
        )
        for number, (url, label, section) in enumerate(about, 1)
    )
    places = {link.url: f"{GO}{link.pk}/" for link in links}

    def counted(match: Any) -> str:
        before, url, after, inner = match.groups()
        return before + escape(places.get(unescape(url), unescape(url))) + after + inner

    return LINK.sub(counted, html)


def of_arm(html: str, arm: int | None) -> str:
    """The HTML for readers who try that subject: their clicks are counted apart."""
    return html if arm is None else re.sub(rf"({re.escape(GO)}\d+/)", rf"\g<1>{arm}/", html)


@never_cache
@require_safe
def go(request: HttpRequest, pk: int, arm: int | None = None) -> HttpResponse:
    """Count, and lead on. Readers are counted; robots, prefetches and a network's many are not."""
    if is_a_reader(request) and not too_often(request, "click", **LIMIT):
        url = IssueLink.follow(pk, arm)
    else:
        url = IssueLink.objects.filter(pk=pk).values_list("url", flat=True).first()
    if url is None:
        raise Http404
    return HttpResponse(status=302, headers={"Location": url})


def is_a_reader(request: HttpRequest) -> bool:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    agent = request.headers.get("User-Agent", "")
    return request.method == "GET" and not purpose and bool(agent) and not ROBOT.search(agent)

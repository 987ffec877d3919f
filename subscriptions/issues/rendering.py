"""An issue as a mail, rendered once per mailing and edition.

What differs between readers stands in it as merge fields, which the provider fills in; nothing that
an author typed can become one.
"""

import json
import re
import secrets
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache as remembered
from itertools import zip_longest
from typing import Protocol

from django.conf import settings
from django.core.cache import cache
from django.template.loader import get_template
from django.utils import timezone

from newsroom.core.languages import speaking
from newsroom.core.privacy import Unreadable, seal, unseal
from newsroom.mail import providers
from newsroom.mail.compose import Rendered, defuse, render
from newsroom.mail.links import at_host
from newsroom.models import Masthead
from subscriptions.models import Edition, IssuePage, Piece
from subscriptions.readers.links import at_foot, preferences_url, unsubscribe_url

TEMPLATE = "subscriptions/email/issue"
KEPT_SECONDS = 60
TEASERS = Edition(0)
# Bytes of HTML with whole articles: as much as Gmail shows, about 102 kB, without their cutting off
# the way out. What the personal links add to it is less than the rest.
MOST_WHOLE = 98_000


@dataclass(frozen=True)
class RenderedIssue(Rendered):
    """``shortened``: the headlines of articles that are teasers still, where whole ones were to be,
    since the mail would be cut off."""

    shortened: list[str] = field(default_factory=list)


class Render(Protocol):
    """Anew, or once a minute."""

    def __call__(self, issue: IssuePage, edition: Edition = TEASERS) -> RenderedIssue: ...


def personal_links() -> dict[str, str]:
    """A field where each reader's own links differ: ``providers`` writes it as the provider wants
    it."""
    links = {"unsubscribe": unsubscribe_url, "preferences": preferences_url}
    return {name: url(providers.FIELD.format(name)) for name, url in links.items()}


class Unsendable(Exception):
    """The issue can't go out as it is; the message tells an editor what to do."""


def editions(issue: IssuePage) -> list[Edition]:
    """All that its readers can get at present."""
    all_of_them = Edition.WHOLE
    if Masthead.load().mirror:
        all_of_them |= Edition.MIRROR
    if issue.asks:
        all_of_them |= Edition.SPARED
    return [Edition(number) for number in range(8) if Edition(number) in all_of_them]


def render_issue(issue: IssuePage, edition: Edition = TEASERS) -> RenderedIssue:
    """The issue as it goes to everyone who has chosen that edition, merge fields in place of what
    is personal."""
    make = _whole if Edition.WHOLE in edition else _teasers
    made = make(issue, spared=Edition.SPARED in edition)
    mirror = Masthead.load().mirror if Edition.MIRROR in edition else ""
    return at_mirror(made, mirror) if mirror else made


def at_mirror(rendered: RenderedIssue, mirror: str) -> RenderedIssue:
    """Everything of ours there, for readers who can't reach the site: pages, pictures, the web
    version, and each reader's own links, which open only on a page that they can reach. The headers
    stay as they are, see ``unsubscribe_headers``."""
    html, text = (at_host(body, mirror) for body in (rendered.html, rendered.text))
    return replace(rendered, html=html, text=text)


def _teasers(issue: IssuePage, spared: bool) -> RenderedIssue:
    return _of_pieces(issue, issue.pieces, spared)


def _whole(issue: IssuePage, spared: bool) -> RenderedIssue:
    """With as many articles whole, from the first on, as a mail can have; below them teasers."""
    pieces = issue.whole_pieces
    added = [place for place, piece in enumerate(issue.pieces) if piece.story and not piece.whole]

    @remembered
    def with_first(number: int) -> RenderedIssue:
        short = added[number:]
        shown = [
            replace(piece, whole=False) if place in short else piece
            for place, piece in enumerate(pieces)
        ]
        made = _of_pieces(issue, shown, spared)
        return replace(made, shortened=[pieces[place].headline for place in short])

    def size(number: int) -> int:
        return len(with_first(number).html.encode())

    if size(len(added)) <= MOST_WHOLE:
        return with_first(len(added))
    fitting = bisect_right(range(len(added)), MOST_WHOLE, key=size) - 1
    return with_first(max(fitting, 0))


def _of_pieces(issue: IssuePage, pieces: Sequence[Piece], spared: bool) -> RenderedIssue:
    # Rendered with unguessable stand-ins first: a “((reader.…))” found afterwards was typed
    # by somebody, and is defused.
    nonce = secrets.token_hex(8)
    stand_ins = {name: f"https://{nonce}-{name}.invalid/" for name in personal_links()}
    newsletter = issue.newsletter
    context = {
        "issue": issue,
        "pieces": without_asks(pieces) if spared else pieces,
        "spared": spared,
        "newsletter": newsletter,
        "look": newsletter,
        "web_url": issue.full_url or settings.BASE_URL,
        "links_at_foot": at_foot(**stand_ins),
    }
    with speaking(newsletter.language), timezone.override(newsletter.zone):
        rendered = render(TEMPLATE, context, issue.subject)
    return RenderedIssue(
        subject=rendered.subject,
        html=put_personal_links(rendered.html, stand_ins),
        text=put_personal_links(rendered.text, stand_ins),
    )


def without_asks(pieces: Sequence[Piece]) -> list[Piece]:
    """A heading with nothing else below it is left out, too."""
    kept = [piece for piece in pieces if not piece.asks]
    return [
        piece
        for piece, after in zip_longest(kept, kept[1:])
        if piece.kind != "section" or (after and after.kind != "section")
    ]


def render_once_a_minute(issue: IssuePage, edition: Edition = TEASERS) -> RenderedIssue:
    """As :func:`render_issue`, for looking at only: once for each version of the issue and minute,
    however many frames and colleagues look. What goes out is rendered anew.

    An issue tells of no person, but of what nobody may know before its hour: so it lies in Redis
    sealed, as personal data lie in the database.
    """
    key = f"rendered-issue:{issue.pk}:{issue.version}:{edition:d}"
    try:
        return RenderedIssue(**json.loads(unseal(cache.get(key) or b"", key)))
    except (Unreadable, TypeError):  # there is none, or another version made it
        rendered = render_issue(issue, edition)
        cache.set(key, seal(json.dumps(asdict(rendered)), key), KEPT_SECONDS)
        return rendered


def check(rendered: Rendered, provider: providers.Provider) -> None:
    """Raises Unsendable for what this provider would not take, or no reader should get."""
    size = sum(len(part.encode()) for part in (rendered.subject, rendered.html, rendered.text))
    if size > provider.most_bytes:
        raise Unsendable(
            f"The issue is {size / 1e6:,.1f} MB; {provider.name} takes at most "
            f"{provider.most_bytes / 1e6:g} MB. Take something out."
        )
    unsubscribe = personal_links()["unsubscribe"]
    for part, name in ((rendered.html, "HTML"), (rendered.text, "text")):
        if unsubscribe not in part:
            raise Unsendable(f"The template's {name} part has no unsubscribe link.")
    for suffix in ("mjml", "txt"):
        source = get_template(f"{TEMPLATE}.{suffix}").template.source  # type: ignore[attr-defined]
        if unknown := providers.ANY_FIELD.search(source):  # readers would get it as it stands
            raise Unsendable(f"{TEMPLATE}.{suffix} has an unknown merge field: {unknown[0]}")


def put_personal_links(body: str, stand_ins: dict[str, str]) -> str:
    body, links = defuse(body), personal_links()
    for name, stand_in in stand_ins.items():
        body = body.replace(stand_in, links[name])
    return body


def for_display(body: str) -> str:
    """A preview or the web: the personal links lead nowhere, on whatever host."""
    for link in personal_links().values():
        path = re.escape(link.removeprefix(settings.BASE_URL))
        body = re.sub(rf"https?://[^/\s\"]+{path}", "#", body)
    return body

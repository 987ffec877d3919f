"""The links of a mail: found and led elsewhere in one way, however its HTML is written."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from django.conf import settings

Attributes = list[tuple[str, str | None]]
ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
ADDRESS = {"a": "href", "img": "src"}  # where a tag has one


@dataclass
class Link:
    url: str  # as a browser reads it; "" if there is none, say since its page was deleted
    words: str = ""  # between <a> and </a>, as text


def address_of(tag: str, attributes: Attributes) -> str:
    """Where a link leads, or a picture lies: the first attribute counts, spaces around it don't
    (HTML Standard, 13.1.2.3 and 2.4.1)."""
    found = (value or "" for name, value in attributes if name == ADDRESS[tag])
    return next(found, "").strip()


def links_of(html: str) -> list[Link]:
    """In their order, repeats included."""
    return _read(html).links


def led(html: str, to: Callable[[str], str], tags: Iterable[str] = ("a",)) -> str:
    """The HTML with ``to(address)`` in place of the address of each of those tags. All else, and
    what leads where it led, stays byte for byte."""
    pieces, end = [], 0
    for tag, start, text, address in _read(html).places:
        if tag not in tags or not address or (other := to(address)) == address:
            continue
        pieces += [html[end:start], _with(text, ADDRESS[tag], other)]
        end = start + len(text)
    return "".join([*pieces, html[end:]])


def absolute(html: str) -> str:
    """Links and pictures that are ours, with our host, as a mail needs it."""

    def with_host(address: str) -> str:
        ours = address.startswith("/") and not address.startswith("//")
        return f"{settings.BASE_URL}{address}" if ours else address

    return led(html, with_host, tags=ADDRESS)


def at_host(body: str, host: str) -> str:
    """A body, HTML or text, with that host in place of ours wherever an address begins with it;
    within another one, say an archive's, it stays."""
    ours = re.compile(rf"(?<!/){re.escape(settings.BASE_URL)}(?![\w:@-]|\.\w)")
    return ours.sub(host, body)


def _with(text: str, name: str, address: str) -> str:
    """A tag as it is written, its first attribute of that name (the one that counts) changed."""
    for found in ATTRIBUTE.finditer(text):
        if found[1].lower() == name and found[2]:
            return f'{text[: found.start(2)]}"{escape(address)}"{text[found.end(2) :]}'
    return text


class _Reader(HTMLParser):
    """Notes the links, and where in the text each tag with an address stands."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines = [0, *(found.end() for found in re.finditer("\n", html))]  # where each begins
        self.places: list[tuple[str, int, str, str]] = []  # tag, where, as it is written, address
        self.links: list[Link] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag not in ADDRESS:
            return
        line, column = self.getpos()
        address = address_of(tag, attrs)
        self.places.append(
            (tag, self.lines[line - 1] + column, self.get_starttag_text() or "", address)
        )
        if tag == "a":
            self.links.append(Link(address))
            self.open = True

    def handle_data(self, data: str) -> None:
        if self.open:
            self.links[-1].words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.open = False


def _read(html: str) -> _Reader:
    reader = _Reader(html)
    reader.feed(html)
    reader.close()
    return reader

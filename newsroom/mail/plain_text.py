"""The text part of a mail: as somebody would type it, with numbered links and short lines."""

import re
import textwrap
from html import unescape
from typing import Any

import html2text

COLUMNS = 72  # RFC 3676, 4.2: lines of at most 78, best below 72
NUMBERED = re.compile(r"\[\d+\] \S+")
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', re.S | re.I)


class Links:
    """The links of a text, numbered in the order in which they are met: “[1]”."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def number(self, url: str) -> str:
        """The mark that stands in the text; a link that was there before keeps its number."""
        if url not in self.urls:
            self.urls.append(url)
        return f"[{self.urls.index(url) + 1}]"

    @property
    def numbered(self) -> list[tuple[str, str]]:
        return [(f"[{place}]", url) for place, url in enumerate(self.urls, 1)]


def from_html(html: str, links: Links | None = None) -> str:
    """Paragraphs and lists as text; a link as its words and its number in ``links``, or without
    them its address."""

    def mark(match: Any) -> str:
        url, words = unescape(match[1]), match[2]
        return f"{words} {links.number(url) if links else f'({url})'}"

    converter = html2text.HTML2Text(bodywidth=0)
    converter.ignore_emphasis = True
    converter.ignore_links = True
    converter.ignore_images = True
    converter.ul_item_mark = "-"
    converter.escape_snob = False
    return converter.handle(LINK.sub(mark, html)).strip()


def wrap(text: str) -> str:
    """Fold long lines at 72 columns, never a link, and end runs of blank lines."""
    lines = []
    for line in text.splitlines():
        if NUMBERED.fullmatch(line):  # the mark stays beside its address
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line,
            COLUMNS,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

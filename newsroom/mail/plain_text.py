"""The text part of a mail: as somebody would type it, with numbered links and short lines."""

import re
import unicodedata
from html import unescape
from html.parser import HTMLParser

from django.utils.html import strip_tags

from newsroom.core.uris import to_uri
from newsroom.mail.links import address_of

COLUMNS = 72  # RFC 3676, 4.2: lines of at most 78, best below 72
# Where a line may be broken: at spaces, and in scripts without them around each character, but not
# behind what opens or before what closes (Unicode Standard Annex 14: ID, OP, CL, NS).
WIDE = "\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\uff60\U00020000-\U0003ffff"
OPENING = "“‘「『（《〈【〔"
CLOSING = "”’」』）》〉】〕、。，．！？：；…ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ"
PIECE = re.compile(rf"[ \t]*(?:[{OPENING}]*[{WIDE}][{CLOSING}]*|[^ \t{WIDE}]+|$)")
NUMBERED = re.compile(r"\[\d+\] \S+")
SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
BLOCKS = {
    "p",
    "div",
    "blockquote",
    "figure",
    "table",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
SILENT = {"script", "style", "head", "title", "figcaption"}


class Links:
    """The links of a text, numbered in the order in which they are met: “[1]”."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def number(self, url: str) -> str:
        """The mark that stands in the text; a link that was there before keeps its number."""
        url = to_uri(url)
        if url not in self.urls:
            self.urls.append(url)
        return f"[{self.urls.index(url) + 1}]"

    @property
    def numbered(self) -> list[tuple[str, str]]:
        return [(f"[{place}]", url) for place, url in enumerate(self.urls, 1)]


def from_html(html: str, links: Links | None = None) -> str:
    """Paragraphs and lists as text; a link as its words and its number in ``links``, or without
    them its address. Nothing is escaped: “1. May” is a date, not a list."""
    parser = _Typist(links)
    parser.feed(html)
    parser.close()
    parser.end_block()
    return "\n\n".join(parser.blocks)


class _Typist(HTMLParser):
    """Types what our rich text is made of: paragraphs, headings, lists, line breaks, links."""

    def __init__(self, links: Links | None) -> None:
        super().__init__(convert_charrefs=True)
        self.links = links
        self.blocks: list[str] = []  # with a blank line between
        self.words = ""  # of the block that is being typed
        self.lists: list[int] = []  # those that are open: the next number, 0 for one of dashes
        self.href = ""
        self.silent = 0  # inside of what no reader sees

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        elif tag == "br":
            self.words = self.words.rstrip(" ") + "\n"
        elif tag == "tr":
            self.words = self.words.rstrip() + ("\n" if self.words.strip() else "")
        elif tag in ("td", "th"):
            self.words = self.words.rstrip(" ") + (
                "; " if self.words[-1:] not in ("", "\n") else ""
            )
        elif tag == "a":
            self.href = address_of(tag, attrs)
        elif tag in ("ul", "ol"):
            if not self.lists:
                self.end_block()
            self.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self.begin_item()
        elif tag in BLOCKS and not self.lists:
            self.end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(self.silent - 1, 0)
        elif tag == "a" and self.href:
            mark = self.links.number(self.href) if self.links else f"({to_uri(self.href)})"
            self.words = f"{self.words.rstrip(' ')} {mark}"
            self.href = ""
        elif tag in ("ul", "ol"):
            if self.lists:
                self.lists.pop()
            if not self.lists:
                self.end_block()
        elif tag in BLOCKS and not self.lists:
            self.end_block()

    def handle_data(self, data: str) -> None:
        text = SPACES.sub(" ", data)
        if not self.silent:
            self.words += text.lstrip(" ") if self.words[-1:] in ("", "\n", " ") else text

    def begin_item(self) -> None:
        if not self.lists:
            self.lists.append(0)
        number = self.lists[-1]
        self.lists[-1] += bool(number)
        sign = f"{number}. " if number else "- "
        line = "  " * (len(self.lists) - 1) + sign
        self.words = self.words.rstrip() + ("\n" if self.words.strip() else "") + line

    def end_block(self) -> None:
        if text := self.words.strip():
            self.blocks.append(text)
        self.words = ""


def has_words(html: str) -> bool:
    """Is there a character to see? Spaces of any width and marks without one are none."""
    return any(unicodedata.category(one)[0] in "LNPS" for one in unescape(strip_tags(html)))


def wrap(text: str) -> str:
    """Fold long lines at 72 columns, never a link or a word, and end runs of blank lines."""
    lines = []
    for line in text.splitlines():
        if NUMBERED.fullmatch(line):  # the mark stays beside its address
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        lines += fold(line, indent)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def fold(line: str, indent: str) -> list[str]:
    lines, current = [], ""
    for piece in PIECE.findall(line):
        if current.strip() and columns(current + piece) > COLUMNS:
            lines.append(current.rstrip())
            current = indent + piece.lstrip()
        else:
            current += piece
    return [*lines, current.rstrip()]


def columns(text: str) -> int:
    """How wide a terminal shows it: marks take no column, Chinese characters two (Unicode Standard
    Annex 11)."""
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
        if unicodedata.category(one) not in ("Mn", "Me", "Cf")
    )

"""Footnotes: an editor types one where its number is to stand, “[[its words]]”. So moving a
sentence moves its note, and nobody counts."""

import re
from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
INLINE = {"a", "b", "i", "em", "strong", "sub", "sup", "code", "br"}
MARK = re.compile(r"(\[\[|\]\])")


class Footnotes:
    """Of one text, gathered while its pieces are made. ``linked``: there and back, on a page."""

    def __init__(self, linked: bool = False) -> None:
        self.linked = linked
        self.notes: list[SafeString] = []

    def __iter__(self) -> Iterator[SafeString]:
        return iter(self.notes)

    def __bool__(self) -> bool:
        return bool(self.notes)

    def lifted(self, html: str) -> str:
        """The text with numbers in place of its notes."""
        return lifted(html, self.add)

    def add(self, note: str) -> str:
        self.notes.append(mark_safe(note))
        number = len(self.notes)
        if not self.linked:
            return f"<sup>({number})</sup>"  # “[1]” is a link, in a mail's text
        return format_html(
            '<sup class="ref"><a id="ref-{0}" href="#note-{0}" role="doc-noteref">{0}</a></sup>',
            number,
        )


def without(html: str) -> str:
    """The text alone."""
    return lifted(html, lambda note: "")


def lifted(html: str, take: object) -> str:
    """What ``take`` makes of each note, in its place. A note is inside of one paragraph, and its
    tags are its own; what only looks like one stays as it is typed."""
    if "[[" not in html:
        return html
    done: list[str] = []
    note: list[str] | None = None
    open_tags: list[str] = []
    for part in TAG.split(html):
        if found := NAME.match(part):
            ends, name = bool(found[1]), found[2].lower()
            fits = name in INLINE and (not ends or (open_tags and open_tags[-1] == name))
            if note is not None and fits and name != "br":
                open_tags.pop() if ends else open_tags.append(name)
            if note is not None and not fits:  # the paragraph ends: no note
                done, note = [*done, "[[", *note], None
            (done if note is None else note).append(part)
            continue
        for piece in MARK.split(part):
            if piece == "[[":
                if note is not None:
                    done += ["[[", *note]
                note, open_tags = [], []
            elif piece == "]]" and note is not None and not open_tags:
                words = "".join(note).strip()
                done.append(take(words) if words else "")  # type: ignore[operator]
                note = None
            else:
                (done if note is None else note).append(piece)
    return "".join(done if note is None else [*done, "[[", *note])

"""One piece of an issue, as readers get it."""

from dataclasses import dataclass
from typing import Any

from newsroom.mail.plain_text import has_words
from newsroom.models import ArticlePage

WITH_ARTICLE = ("article", "archive")  # the kinds of pieces that show one


@dataclass
class Piece:
    """One piece of an issue as readers get it."""

    kind: str  # the name of its block, see subscriptions/models/blocks.py
    value: Any
    section: str = ""  # the heading it stands below
    story: ArticlePage | None = None
    leads: bool = False  # the first article of the issue: larger, with its own picture
    whole: bool = False  # the article with its text
    template: str = ""  # of a piece that another app registered, without its ending
    asks: bool = False  # for support

    @property
    def picture(self) -> Any:
        """What is shown above an article: the one chosen here, or the first article's own."""
        chosen = self.value.get("image")
        return chosen or (self.story.lead_image if self.leads and self.story else None)

    @property
    def says_something(self) -> bool:
        """To a reader: words, a picture, an article. What another app registered may be empty today
        (no appeal is running), and a heading is none without what it heads."""
        match self.kind:
            case "article" | "archive":
                return self.story is not None
            case "picture":
                image = self.value["image"]
                return bool(image and not image.is_broken) or has_words(self.value["caption"])
            case "letter":
                return has_words(self.value.source)
            case "quote":
                return has_words(self.value["text"])
            case "event":
                return has_words(self.value["title"])
            case _:
                return False

    @property
    def level(self) -> int:
        """Of its heading: below the section's, if it stands in one."""
        return 3 if self.section else 2

    @property
    def headline(self) -> str:
        return str(self.value.get("headline") or self.story.title)  # type: ignore[union-attr]

    @property
    def teaser(self) -> str:
        return str(self.value.get("teaser") or self.story.teaser)  # type: ignore[union-attr]

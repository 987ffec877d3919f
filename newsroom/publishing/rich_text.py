"""Rich text: cleaned on its way in, and shown without links that lead nowhere."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from django.core.exceptions import BadRequest
from django.utils.html import escape, strip_tags
from wagtail.admin.rich_text.editors.draftail import DraftailRichTextArea
from wagtail.documents.rich_text import DocumentLinkHandler
from wagtail.models import Page
from wagtail.rich_text import EmbedHandler, expand_db_html
from wagtail.rich_text.pages import PageLinkHandler

from newsroom.core.clean_text import clean
from newsroom.core.paths import number_of
from newsroom.kept_pages import noting
from newsroom.models import readable

# What Wagtail makes of a link to a page or file that was deleted, and we of one to a draft.
DEAD = re.compile("<a>(.*?)</a>", re.DOTALL)
REFERS = re.compile(r"<(?:a|embed)\b[^>]*>", re.IGNORECASE)
BY_NUMBER = ("page", "document")  # what a link’s ``linktype`` may be
# What Wagtail raises for JSON that no editor of its own sends.
NOT_OURS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class CleanRichText(DraftailRichTextArea):
    """Cleaned as HTML: what the browser sends counts characters, for bold words and links."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        """Raises BadRequest for what no editor sends."""
        try:
            html = super().value_from_datadict(data, files, name)
        except NOT_OURS as error:
            raise BadRequest("This is no rich text.") from error
        if html and without_numberless(html) != html:
            raise BadRequest("A link in this text has no number, so it leads nowhere.")
        return None if html is None else clean(html)

    def format_value(self, value: Any) -> Any:
        """What is stored came by other ways, too, and Wagtail stops at what it can't convert."""
        html = without_numberless(getattr(value, "source", value) or "")
        try:
            return super().format_value(html)
        except NOT_OURS:
            return super().format_value(REFERS.sub(_words_only, html))


def without_numberless(html: str) -> str:
    """Of links to a page or a file that name no row, the words; of embedded ones, nothing."""
    return REFERS.sub(lambda tag: _words_only(tag) if _is_numberless(tag[0]) else tag[0], html)


def _is_numberless(tag: str) -> bool:
    seen: dict[str, Any] = _Attributes().of(tag)
    refers = "embedtype" in seen or seen.get("linktype") in BY_NUMBER
    return refers and not number_of(str(seen.get("id")))


class _Attributes(HTMLParser):
    """Of one tag, in whatever quotes they stand."""

    def of(self, tag: str) -> dict[str, Any]:
        self.seen: dict[str, Any] = {}
        self.feed(tag)
        return self.seen

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.update(attrs)


def _words_only(tag: "re.Match[str]") -> str:
    return "<a>" if tag[0][:2].lower() == "<a" else ""


class ByNumber:
    """To a row: what names none leads nowhere, and is no reference."""

    @classmethod
    def get_many(cls, attrs_list: list[dict[str, Any]]) -> list[Any]:
        wanted = [number_of(str(attrs.get("id"))) for attrs in attrs_list]  # 0: none at all
        found = cls.rows([pk for pk in wanted if pk])
        return [found.get(pk) for pk in wanted]

    @classmethod
    def rows(cls, wanted: list[int]) -> dict[int, Any]:
        return dict(cls.get_model()._default_manager.in_bulk(wanted))  # type: ignore[attr-defined]

    @classmethod
    def extract_references(cls, attrs: dict[str, Any]) -> Iterator[tuple[Any, str, str, str]]:
        if number := number_of(str(attrs.get("id"))):
            yield cls.get_model(), str(number), "", ""  # type: ignore[attr-defined]


class LinkToDocument(ByNumber, DocumentLinkHandler):
    pass


class NoEmbed(EmbedHandler):
    """No field of ours lets one in: pictures and videos are blocks."""

    @staticmethod
    def expand_db_attributes(attrs: dict[str, Any]) -> str:
        return ""


class NoPicture(NoEmbed):
    identifier = "image"


class NoVideo(NoEmbed):
    identifier = "media"


class LinkToPage(ByNumber, PageLinkHandler):
    """Leads only to what readers can open."""

    @classmethod
    def rows(cls, wanted: list[int]) -> dict[int, Any]:
        noting.shows(wanted)  # an article may come back
        pages = readable(Page.objects).filter(pk__in=wanted)
        return {page.pk: page for page in pages.defer_streamfields().specific()}

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, Any]]) -> list[str]:
        urls = [page.localized.url if page else "" for page in cls.get_many(attrs_list)]
        return [f'<a href="{escape(url)}">' if url else "<a>" for url in urls]


def expand(source: str) -> str:
    """The HTML of rich text as readers get it: of a dead link only its words."""
    return DEAD.sub(r"\1", expand_db_html(source))


def dead_links(sources: Iterable[str]) -> list[str]:
    """The words of the links that lead to nothing which readers can open, of all texts at once:
    what they refer to is looked up together."""
    return [strip_tags(words) for words in DEAD.findall(expand_db_html("".join(sources)))]

"""Rich text: cleaned on its way in, and shown without links that lead nowhere."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.utils.html import escape, strip_tags
from wagtail.admin.rich_text.editors.draftail import DraftailRichTextArea
from wagtail.models import Page
from wagtail.rich_text import expand_db_html
from wagtail.rich_text.pages import PageLinkHandler

from newsroom.core.clean_text import clean
from newsroom.core.paths import number_of
from newsroom.kept_pages import noting
from newsroom.models import readable

# What Wagtail makes of a link to a page or file that was deleted, and we of one to a draft.
DEAD = re.compile("<a>(.*?)</a>", re.DOTALL)
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
        return None if html is None else clean(html)


class LinkToPage(PageLinkHandler):
    """Leads only to what readers can open."""

    @classmethod
    def get_many(cls, attrs_list: list[dict[str, Any]]) -> list[Any]:
        wanted = [number_of(str(attrs.get("id"))) for attrs in attrs_list]  # 0: none at all
        noting.shows(wanted)  # an article may come back
        pages = readable(Page.objects).filter(pk__in=[pk for pk in wanted if pk])
        found = {str(page.pk): page for page in pages.defer_streamfields().specific()}
        return [found.get(str(pk)) for pk in wanted]

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

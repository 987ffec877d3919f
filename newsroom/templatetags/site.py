"""What the frame around every page needs, and what other apps put into it (Wagtail's hooks)."""

import json
import re
from html import unescape
from typing import Any

from django import template
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import reverse
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator, get_text_list
from django.utils.translation import gettext as _
from wagtail import hooks

from newsroom.kept_pages.noting import remembered
from newsroom.models import (
    ArticlePage,
    Author,
    Correction,
    PolicyPage,
    SectionPage,
    TextPage,
    readable,
)
from newsroom.publishing.rich_text import expand

register = template.Library()

DESCRIPTION = 200  # characters that search engines and sharing cards show
# Where words end that no space parts: “<p>One</p><p>Two</p>”, but not “<b>on</b>e”.
NEW_LINE = re.compile(r"(?=<(?!/?(?:a|b|i|em|strong|span|sub|sup|code)[\s>]))")


@register.simple_tag
@remembered
def sections() -> list[SectionPage]:
    return list(readable(SectionPage.objects).in_menu().order_by("path"))


@register.simple_tag
@remembered
def footer_pages() -> list[TextPage]:
    """The plain pages, the privacy policy among them (it is a TextPage too)."""
    return list(readable(TextPage.objects).order_by("path"))


@register.simple_tag
def privacy_policy() -> PolicyPage | None:
    return PolicyPage.current()


@register.simple_tag(takes_context=True)
def again(context: Any, block: str) -> Any:
    """A block's text once more: a page's title and description stand in its head twice."""
    return context.render_context[BLOCK_CONTEXT_KEY].get_block(block).render(context)


@register.filter
def first_words(html: Any) -> str:
    """Of HTML, as plain text: what a page without a description says of itself."""
    words = unescape(strip_tags(NEW_LINE.sub(" ", str(html)))).split()
    return Truncator(" ".join(words)).chars(DESCRIPTION)


@register.simple_tag
def signed(article: ArticlePage, linked: bool = True) -> SafeString:
    """The byline, each author with a link to their page, if they have one."""

    def name(author: Author) -> str:
        url = reverse("author", args=[author.slug])
        return (
            format_html('<a href="{}">{}</a>', url, author.name) if linked else escape(author.name)
        )

    authors = [name(byline.author) for byline in article.bylines.all()]
    return mark_safe(get_text_list(authors, escape(_("and"))))


@register.filter
def prose(rich_text: Any) -> SafeString:
    """Rich text as readers get it."""
    return mark_safe(expand(getattr(rich_text, "source", rich_text)))


@register.filter
def json_ld(data: dict[str, Any]) -> SafeString:
    """What a page is about, for machines (JSON-LD 1.1, schema.org): nothing in it ends the tag."""
    text = json.dumps(data).translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"})
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))


@register.simple_tag
def registered(hook: str) -> list[Any]:
    """What the apps above registered there: scripts, links. In the order that they ask for, without
    those that have nothing there at present (None)."""
    return [found for tell in hooks.get_hooks(hook) if (found := tell()) is not None]


@register.simple_tag(takes_context=True)
def boxes(context: dict[str, Any], hook: str) -> SafeString:
    """The boxes that the apps above show there."""
    return mark_safe("".join(box(context) for box in hooks.get_hooks(hook)))


@register.simple_tag(takes_context=True)
def box_of(context: dict[str, Any], hook: str, name: str) -> SafeString:
    """The one with this name."""
    named = (box for box in hooks.get_hooks(hook) if box.name == name)
    return mark_safe("".join(box.html(context) for box in named))


@register.simple_tag
@remembered
def has_corrections() -> bool:
    """In print. Whoever saves the first one purges all pages (newsroom/models/article/page.py)."""
    return Correction.objects.in_print().exists()

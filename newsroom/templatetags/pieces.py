"""The pieces of an article's text: on a page, and where neither style nor script is."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from newsroom.models.blocks.footnotes import Footnotes, without
from newsroom.models.blocks.pasted import is_number, number_columns
from newsroom.publishing.rich_text import expand

register = template.Library()
register.filter(is_number)
register.filter(number_columns)


@register.simple_tag
def footnotes(linked: bool = False) -> Footnotes:
    """``{% footnotes as notes %}``, before the pieces of one text: those with notes find them."""
    return Footnotes(linked)


@register.simple_tag(takes_context=True)
def noted(context: Any, rich_text: Any) -> SafeString:
    """Rich text as it is kept, with numbers in place of its footnotes; without them where nobody
    gathers them, as for a page's description."""
    source = str(getattr(rich_text, "source", rich_text))
    notes = context.get("notes")
    return mark_safe(notes.lifted(source) if notes is not None else without(source))


@register.simple_tag(takes_context=True)
def rich(context: Any, rich_text: Any) -> SafeString:
    """The same as readers of a page get it."""
    return mark_safe(expand(noted(context, rich_text)))


@register.simple_tag(takes_context=True)
def plain(context: Any, piece: Any) -> SafeString:
    """A piece for feeds and mails, as HTML that they still have to make their own."""
    about = {"value": piece.value, "notes": context.get("notes")}
    return mark_safe(render_to_string(piece.block.meta.plain_template, about))

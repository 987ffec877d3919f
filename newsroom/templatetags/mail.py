"""What the templates of mails need besides Django's own."""

from typing import Any

from django import template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from wagtail.rich_text import expand_db_html

from newsroom.mail import plain_text
from newsroom.mail.compose import absolute_links

register = template.Library()


@register.filter
def mail_html(rich_text: Any) -> SafeString | str:
    """Rich text with addresses that work from a mail; "" where an editor emptied it and “<p></p>”
    is left."""
    html = absolute_links(expand_db_html(getattr(rich_text, "source", rich_text)))
    return mark_safe(html) if strip_tags(html).strip() else ""


@register.filter
def as_text(rich_text: Any, links: plain_text.Links) -> str:
    """Rich text for the text part, its links numbered."""
    return plain_text.from_html(mail_html(rich_text), links)


@register.filter
def number(url: str, links: plain_text.Links) -> str:
    """“[3]”: the link's place in the list at the end."""
    return links.number(url)

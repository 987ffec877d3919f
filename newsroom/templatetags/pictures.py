"""Pictures in pages and mails, in one of the SHAPES of newsroom/models/image.py. One that can't be
shown is left out; the issue's checklist says so."""

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from wagtail.images.models import ResponsiveImage

register = template.Library()


@register.simple_tag
def shape(image: Any, name: str) -> Any:
    """``{% shape page.lead_image "shared" as picture %}``: the rendition, or None."""
    return next(iter(image.shown(name)), None) if image else None


@register.simple_tag
def card_picture(image: Any) -> SafeString:
    """For the cards that other sites make of a link (Open Graph protocol)."""
    shown = shape(image, "shared")
    if shown is None:
        return SafeString("")
    about = {"": shown.full_url, ":width": shown.width, ":height": shown.height, ":alt": shown.alt}
    tag = '<meta property="og:image{}" content="{}">'
    return format_html_join("\n", tag, [(name, value) for name, value in about.items() if value])


@register.simple_tag
def picture(image: Any, name: str, **attributes: Any) -> Any:
    """``{% picture page.lead_image "lead" sizes="100vw" %}``: the ``<img>``, or nothing."""
    found = image.shown(name) if image else []
    return ResponsiveImage({one.filter_spec: one for one in found}, attributes) if found else ""

"""Pictures in pages and mails, in one of the SHAPES of newsroom/models/image.py. One that can't be
shown is left out; the issue's checklist says so."""

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from wagtail.images.models import Picture

from newsroom.models import CreditedImage
from newsroom.pictures.beside import CROPS
from newsroom.pictures.uses import Use, uses

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
    """``{% picture page.lead_image "lead" sizes="100vw" %}``: the ``<picture>``, or nothing. The
    browser takes the first format that it knows."""
    found = image.shown(name) if image else []
    return Picture({one.filter_spec: one for one in found}, attributes) if found else ""


@register.simple_tag
def uses_of(image: CreditedImage) -> list[Use]:
    return uses(image)


@register.inclusion_tag("newsroom/pictures/crops.html")
def crops_of(image: CreditedImage) -> dict[str, Any]:
    return {"image": image, "crops": [] if image.is_broken else CROPS}

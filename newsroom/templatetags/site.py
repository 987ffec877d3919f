"""What the frame around every page needs."""

from typing import Any

from django import template

from newsroom.models import PolicyPage, SectionPage, TextPage

register = template.Library()


@register.simple_tag
def sections() -> Any:
    return SectionPage.objects.live().in_menu().order_by("path")


@register.simple_tag
def footer_pages() -> Any:
    """The plain pages, the privacy policy among them (it is a TextPage too)."""
    return TextPage.objects.live().order_by("path")


@register.simple_tag
def privacy_policy() -> PolicyPage | None:
    return PolicyPage.current()

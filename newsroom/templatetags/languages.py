"""Languages in templates: a page speaks its reader's, what stands on it may be in another."""

from django import template
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsroom.core import languages
from newsroom.models import AddressedPage

register = template.Library()


@register.simple_tag
def written_in(language: str = languages.OWN) -> SafeString:
    """``<p{% written_in %}>``: attributes for words of editors, if the page around them is in
    another language (WCAG 2.2, 3.1.2 Language of Parts)."""
    if language == languages.spoken():
        return SafeString("")
    return format_html(' lang="{}" dir="{}"', language, languages.direction(language))


register.filter("apart", languages.apart, is_safe=True)


@register.simple_tag
def home() -> str:
    """The front page, in the language that was chosen."""
    return get_script_prefix()


@register.simple_tag
def canonical(page: AddressedPage) -> str:
    """A page's one address, whichever language was chosen around it."""
    with languages.addresses_below("/"):
        return page.full_url or ""

"""Languages in templates: a page speaks its reader's, what stands on it may be in another."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import get_script_prefix
from django.utils.encoding import escape_uri_path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.models import Page

from newsroom.core import languages

register = template.Library()


@register.simple_tag
def written_in(language: str = languages.OWN) -> SafeString:
    """``<p{% written_in %}>``: attributes for words of editors, if the page around them is in
    another language (WCAG 2.2, 3.1.2 Language of Parts)."""
    if language == languages.spoken():
        return SafeString("")
    return format_html(' lang="{}" dir="{}"', language, languages.direction(language))


register.filter("apart", languages.apart, is_safe=True)
register.filter("listed", languages.listed)


@register.simple_tag
def home() -> str:
    """The front page, in the language that was chosen."""
    return get_script_prefix()


@register.simple_tag(takes_context=True)
def canonical(context: dict[str, Any]) -> str:
    """The one address of what is shown, whichever language was chosen around it; “” where it has
    none to tell: an answer to a form, a later page of a list, what is behind a mailed link."""
    request, page = context.get("request"), context.get("page")
    if request is None or request.method != "GET" or "page" in request.GET:
        return ""
    if isinstance(page, Page):
        with languages.addresses_below("/"):
            return page.full_url or ""
    match = request.resolver_match
    if not match or match.url_name == "wagtail_serve" or "token" in match.kwargs:
        return ""
    return f"{settings.BASE_URL}{escape_uri_path(request.path_info)}"

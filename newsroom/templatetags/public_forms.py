"""What the forms on public pages need: a stamp, and errors that stand at their field."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsroom.web.public_forms import form_stamp

register = template.Library()
register.simple_tag(form_stamp)


@register.simple_tag
def wrong(field: Any, form_id: str) -> SafeString:
    """``<input{% wrong form.email "manage" %}>``: attributes of a field that has an error, which
    name the words beside it (WCAG 2.2, 3.3.1 Error Identification; technique ARIA21). The page
    opens at the first of them."""
    if not getattr(field, "errors", None):
        return SafeString("")
    first = SafeString(" autofocus" if next(iter(field.form.errors)) == field.name else "")
    attributes = '{} aria-invalid="true" aria-describedby="{}-{}-error"'
    return format_html(attributes, first, form_id, field.name)


@register.simple_tag
def error(field: Any, form_id: str) -> SafeString:
    """``{% error form.email "manage" %}``: those words, or nothing."""
    if not getattr(field, "errors", None):
        return SafeString("")
    words = " ".join(map(str, field.errors))
    tag = '<p class="error" id="{}-{}-error" role="alert">{}</p>'
    return format_html(tag, form_id, field.name, words)

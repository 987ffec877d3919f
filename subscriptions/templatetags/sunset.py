"""``{% sunset_numbers newsletter as numbers %}``: what asking the silent would come to."""

from typing import Any

from django import template

from subscriptions.models import Newsletter
from subscriptions.readers.due.sunset import numbers_of

register = template.Library()


@register.simple_tag
def sunset_numbers(newsletter: Newsletter) -> dict[str, Any]:
    return numbers_of(newsletter)

"""``{% signup_box %}``: the sign-up form below an article."""

from typing import Any

from django import template

from newsroom.models import PolicyPage, readable
from subscriptions.models import Newsletter
from subscriptions.readers.signup import Source

register = template.Library()


@register.inclusion_tag("subscriptions/readers/signup_box.html", takes_context=True)
def signup_box(
    context: dict[str, Any], newsletter: Newsletter | None = None, source: str = Source.PAGE
) -> dict[str, Any]:
    """The form for ``newsletter``, or for the first one there is; what was sent by another one
    keeps its source."""
    newsletter = newsletter or readable(Newsletter.objects).order_by("path").first()
    return {
        "newsletter": newsletter,
        "id": f"signup-{newsletter.pk}" if newsletter else "",  # a page may have several boxes
        "latest": newsletter.latest_issue() if newsletter else None,
        "policy": PolicyPage.current(),
        "form": context.get("form"),
        "source": source,
        "problem": context.get("problem"),
        "challenge": context.get("challenge"),
        "request": context.get("request"),
    }

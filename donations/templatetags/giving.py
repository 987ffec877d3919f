"""``{% ask_box %}``: the message from the editors under an article, if this visitor sees it."""

import uuid
from typing import Any

from django import template
from django.utils import timezone

from donations import ask, money
from donations.models import Appeal
from donations.views import giving, languages

register = template.Library()


@register.inclusion_tag("donations/ask_box.html", takes_context=True)
def ask_box(context: dict[str, Any]) -> dict[str, Any]:
    request = context.get("request")
    if request is None or not ask.shown(request, timezone.now()):
        return {"appeal": None}
    return giving({}, languages(request)) | {"request": request, "back": request.path}


@register.simple_tag
def current_appeal() -> Appeal | None:
    """The running appeal's title and message, for a newsletter."""
    return Appeal.objects.current()


@register.simple_tag
def amount(value: int, currency: str) -> str:
    return money.show(value, currency)


@register.simple_tag
def plain_amount(value: int, currency: str) -> str:
    return money.plain(value, currency)


@register.simple_tag
def form_id() -> str:
    """What makes one press of a form this press and no other."""
    return str(uuid.uuid4())

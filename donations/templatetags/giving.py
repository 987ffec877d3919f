"""Amounts of money, the running appeal, ids of presses: what templates need of giving."""

import uuid

from django import template

from donations import money
from donations.asking import words
from donations.models import Appeal
from newsroom.core.languages import apart

register = template.Library()


@register.simple_tag
def current_appeal() -> dict[str, str] | None:
    """The running appeal's title and message, for a newsletter."""
    appeal = words.instead.get() or Appeal.current()
    return words.for_a_mail(appeal) if appeal else None


@register.simple_tag
def amount(value: int, currency: str) -> str:
    return apart(money.show(value, currency))


@register.simple_tag
def plain_amount(value: int, currency: str) -> str:
    return money.plain(value, currency)


@register.simple_tag
def editable_amount(value: int, currency: str) -> str:
    return money.editable(value, currency)


@register.simple_tag
def form_id() -> str:
    """What makes one press of a form this press and no other."""
    return str(uuid.uuid4())

"""The banner that says that nothing leaves."""

from typing import Any

from django import template

from newsroom.models import Hold
from newsroom.release.pages import DECIDE

register = template.Library()


@register.inclusion_tag("newsroom/release/banner.html", takes_context=True)
def hold_banner(context: Any) -> dict[str, Any]:
    user = context["request"].user
    return {"hold": Hold.objects.open(), "may_decide": user.has_perm(DECIDE)}

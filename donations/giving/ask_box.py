"""The message from the editors under an article, if this visitor sees it."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from donations.asking import ask_cookie
from donations.giving.giving_form import giving, languages


def ask_box(context: dict[str, Any]) -> str:
    """As HTML, "" for who gave or said “later”."""
    request = context.get("request")
    if request is None or not ask_cookie.shown(request, timezone.now()):
        return ""
    shown = giving({}, languages(request)) | {"request": request, "back": request.path}
    return render_to_string("donations/giving/ask_box.html", shown)

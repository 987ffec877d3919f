"""What was refused becomes a message to the colleague who pressed."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from donations.finance.refunds import NotRefunded


def say(request: HttpRequest, do: Callable[[], Any]) -> Any:
    """What it gives, or True; None if it was refused."""
    try:
        return do() or True
    except NotRefunded as reason:
        messages.error(request, str(reason))
        return None

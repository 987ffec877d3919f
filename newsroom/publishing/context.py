"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from newsroom.models import Masthead


def site(request: HttpRequest) -> dict[str, Any]:
    return {"masthead": Masthead.load(request_or_site=request), "base_url": settings.BASE_URL}

"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from newsroom.core import languages
from newsroom.models import Masthead


def site(request: HttpRequest) -> dict[str, Any]:
    language = languages.spoken()
    return {
        "masthead": Masthead.load(request_or_site=request),
        "base_url": settings.BASE_URL,
        "language": language,
        "direction": languages.direction(language),
        "languages": languages.CHOICES,
        # Where this page is in each of them: what a form was answered with has no address.
        "page_path": request.get_full_path_info() if is_page(request) else "",
    }


def is_page(request: HttpRequest) -> bool:
    return request.method == "GET" and request.resolver_match is not None

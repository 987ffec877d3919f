"""Addresses that pages had before."""

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware


class InEveryLanguage(RedirectMiddleware):
    """Wagtail's, which knows an old address without the language that a reader has chosen."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        asked, request.path = request.path, request.path_info
        try:
            answer: HttpResponse = super().process_response(request, response)
            return answer
        finally:
            request.path = asked

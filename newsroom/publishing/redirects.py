"""Addresses that pages had before."""

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware

FEED = "feed/"


class InEveryLanguage(RedirectMiddleware):
    """Wagtail's, which knows an old address without the language that a reader has chosen, and
    knows pages, but not the feed below one."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        below = FEED if request.path_info.endswith(f"/{FEED}") else ""
        asked, request.path = request.path, request.path_info.removesuffix(below)
        try:
            answer: HttpResponse = super().process_response(request, response)
        finally:
            request.path = asked
        if answer is not response and below and answer["Location"].startswith("/"):
            answer["Location"] = f"{answer['Location'].rstrip('/')}/{below}"
        return answer

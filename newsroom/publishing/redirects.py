"""Addresses that pages had before."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware

FEED = "feed/"


class InEveryLanguage(RedirectMiddleware):
    """Wagtail's, which knows an old address without the language that a reader has chosen, and
    knows pages, but not the feed below one."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = self.found_at(request.path_info, request, response)
        if answer is response and request.path_info.endswith(f"/{FEED}"):
            answer = self.found_at(request.path_info.removesuffix(FEED), request, response)
            to = urlsplit(answer.get("Location", "") if answer is not response else "")
            if to.path.startswith("/") and not to.netloc:
                path = f"{to.path.rstrip('/')}/{FEED}"
                answer["Location"] = to._replace(path=path, fragment="").geturl()
        return answer

    def found_at(self, path: str, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The redirect from there; the answer as it was, if there is none."""
        asked, request.path = request.path, path
        try:
            return super().process_response(request, response)
        finally:
            request.path = asked

"""Addresses that pages had before, and those that editors lead elsewhere.

Where to is for editors to say, also off the site: an archive moves, a campaign has a site of its
own. What stands in an address never says where to. To a page that no reader may open nobody is
led: its address would tell what it is about.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware, get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from newsroom.models import readable

FEED = "feed/"
MOST_STEPS = 10  # from one old address to the next; who comes back to where they were is lost


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
            answer = super().process_response(request, response)
            leads = answer is response or leads_somewhere(request)
            return answer if leads else response
        finally:
            request.path = asked


def leads_somewhere(request: HttpRequest) -> bool:
    """To a page that readers may open, or on to an address that does not lead back here."""
    path = request.get_full_path()
    for _ in range(MOST_STEPS):
        step = get_redirect(request, Redirect.normalise_path(path, decode_unicode=False))
        step = step or get_redirect(request, Redirect.normalise_path(urlsplit(path).path))
        if step is None:
            return True
        if step.redirect_page_id:
            return readable(Page.objects).filter(pk=step.redirect_page_id).exists()
        link = urlsplit(step.link or "")
        if link.netloc and link.netloc != urlsplit(settings.BASE_URL).netloc:
            return True
        path = link._replace(scheme="", netloc="", fragment="").geturl()
    return False

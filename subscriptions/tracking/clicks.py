"""``/newsletter/go/<number>/``: one more click of that link, and on to where it leads."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsroom.core.uris import to_uri
from newsroom.web.public_forms import too_often
from subscriptions.models import IssueLink

LIMIT = {"most": 300, "seconds": 600}  # clicks counted from one network
# Who opens links without being a reader. What hides behind a browser's name is counted.
ROBOT = re.compile(r"bot\b|crawl|spider|preview|scan|curl|python|headless|monitor", re.I)


@never_cache
@require_safe
def go(request: HttpRequest, pk: int, variant: int | None = None) -> HttpResponse:
    """Count, and lead on. Readers are counted; robots, prefetches and a network's many are not."""
    if is_a_reader(request) and not too_often(request, "click", **LIMIT):
        url = IssueLink.follow(pk, variant)
    else:
        url = IssueLink.objects.filter(pk=pk).values_list("url", flat=True).first()
    if url is None:
        raise Http404
    return HttpResponse(status=302, headers={"Location": to_uri(without_our_host(url))})


def without_our_host(url: str) -> str:
    """Whoever came to us by the mirror stays there."""
    ours = f"{settings.BASE_URL}/"
    return f"/{url.removeprefix(ours).lstrip('/')}" if url.startswith(ours) else url


def is_a_reader(request: HttpRequest) -> bool:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    agent = request.headers.get("User-Agent", "")
    return request.method == "GET" and not purpose and bool(agent) and not ROBOT.search(agent)

"""An origin of its own for uploads (settings.MEDIA_ORIGIN): whatever somebody gets into a file, it
shares nothing with the admin there.

On that host only uploads are answered; the site's own host sends on there who asks it for one, so
that links of old mails still lead somewhere.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from newsroom.core.languages import chosen_in

UPLOADS = ("/media/", "/documents/")

View = Callable[[HttpRequest], HttpResponse]


def keep_apart(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        if not settings.MEDIA_ORIGIN:
            return get_response(request)
        host = split_domain_port(request.get_host())[0]
        here = host == urlsplit(settings.MEDIA_ORIGIN).hostname
        _, asked = chosen_in(request.get_full_path())  # a file is the same in every language
        uploads = asked.startswith(UPLOADS)
        if here and not uploads:
            return HttpResponse("There is nothing here.", "text/plain", status=404)
        if uploads and not here:
            answer = HttpResponse(status=302)
            answer["Location"] = f"{settings.MEDIA_ORIGIN}{asked}"
            return answer
        return get_response(request)

    return middleware

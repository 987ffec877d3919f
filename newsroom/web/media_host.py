"""An origin of its own for uploads (settings.MEDIA_ORIGIN): whatever somebody gets into a file, it
shares nothing with the admin there.

On that host only uploads are answered; the site's own host sends on there who asks it for one, so
that links of old mails still lead somewhere.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from newsroom.core.languages import chosen_in

UPLOADS = ("/media/", "/documents/")

View = Callable[[HttpRequest], HttpResponse]


def refuse_bad_origin() -> None:
    """Raises ImproperlyConfigured for what is no origin (RFC 6454), or the site's own host."""
    if not settings.MEDIA_ORIGIN:
        return
    found = urlsplit(settings.MEDIA_ORIGIN)
    if f"{found.scheme}://{found.netloc}" != settings.MEDIA_ORIGIN or not found.hostname:
        raise ImproperlyConfigured("MEDIA_ORIGIN: a scheme and a host, “https://files.example”.")
    if found.hostname == urlsplit(settings.BASE_URL).hostname:
        raise ImproperlyConfigured("MEDIA_ORIGIN: another host than BASE_URL's, or none.")


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

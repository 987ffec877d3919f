"""What every request passes through on its way in: limits, and what no page of ours can hold."""

import errno
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from psycopg.errors import DiskFull

from newsroom.core import for_programs, languages
from newsroom.core.clean_text import clean, clean_field
from newsroom.web.body_limits import SealedUpload, declared, most_bytes

log = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]

# As newsroom/urls.py has it: nobody reads there, or machines do, whom one address is enough. Files
# at the root have a dot, which no page's address has.
OF_NO_LANGUAGE = re.compile(r"(admin|webhooks|api|\.well-known)/|[\w-]+\.[a-z]+$|(.*/)?feed/$")

SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")  # django.contrib.sessions


def speak(get_response: View) -> View:
    """In the language of the address, else the first of ours that the browser asks for, else the
    newsroom's own. The admin has its own: Wagtail's, by the account."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen, path = languages.chosen_in(request.path_info)
        request.path_info = path
        with languages.speaking(chosen or language_for(request)):
            if not chosen:
                return get_response(request)
            with languages.addresses_below(f"/{chosen}/"):
                return get_response(request)

    def process_view(
        request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """No language is chosen where none is spoken."""
        route = request.resolver_match.route if request.resolver_match else ""
        if get_script_prefix() == "/" or not OF_NO_LANGUAGE.match(route):
            return None
        if request.method in ("GET", "HEAD"):
            return redirect(request.get_full_path_info())
        raise Http404

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def language_for(request: HttpRequest) -> str:
    if OF_NO_LANGUAGE.match(request.path_info[1:]):
        return ""
    return languages.asked_for(request.headers.get("Accept-Language", "")) or languages.OWN


def tell_programs(get_response: View) -> View:
    """Around all that may refuse a request, the host's check too: whoever asks an API gets JSON."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if for_programs.asks_first(request.method or "", request.path):
            return HttpResponse(status=204, headers=for_programs.ANY_SITE)
        response = get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or "json" in kind_of(response):
            return response
        failed = for_programs.failure(request.path, response.status_code)
        if failed is None:
            return response
        kept = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
        return HttpResponse(failed[1], status=response.status_code, headers=failed[0] | kept)

    return middleware


def kind_of(response: HttpResponse) -> str:
    return response.get("Content-Type", "")


def limit_body(get_response: View) -> View:
    """Answer 413 to a body that no form or webhook of ours can have, before reading it; and 507 to
    one for which the server has no room."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if declared(request.META) > most_bytes(request.META):
            return too_large(request)
        # What is too large for memory waits unreadable.
        request.upload_handlers = [MemoryFileUploadHandler(request), SealedUpload(request)]
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RequestDataTooBig):
            return too_large(request)
        if no_room(exception):
            log.error("No room is left, so nothing of a request was saved: %s", exception)
            return render(request, "507.html", status=507)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def no_room(error: BaseException) -> bool:
    """Is a disk full, ours or PostgreSQL's?"""
    if isinstance(error, OperationalError):
        return isinstance(error.__cause__, DiskFull)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def refuse_nul(get_response: View) -> View:
    """PostgreSQL takes no NUL, and no reader types one: there is no such page, a form is refused
    (400), in a query it is dropped. A session's key that is none is no session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        while "%00" in request.META.get("QUERY_STRING", ""):  # “%%0000” holds another one
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        if "\0" in request.path:
            raise Http404
        return get_response(request)

    def process_view(
        request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """A form; those of the admin are parsed by their view anyway."""
        if _form_has_nul(request) and not getattr(view, "ignores_body", False):
            return render(request, "400.html", status=400)
        texts = request.POST.lists() if request.path.startswith("/admin/") else []
        if any("\0" in text for _, values in texts for text in values):
            return render(request, "400.html", status=400)
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def _form_has_nul(request: HttpRequest) -> bool:
    """Of readers' forms, which are short, whatever they are encoded in."""
    if request.method != "POST" or request.path.startswith(("/admin/", "/webhooks/")):
        return False
    return b"\0" in request.body or b"%00" in request.body


def clean_texts(get_response: View) -> View:
    """Whatever somebody typed or pasted, in any form or query, is clean text when a view sees it.
    What machines send is signed as it is."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]) -> None:
        if request.path.startswith("/webhooks/") or getattr(view, "ignores_body", False):
            return
        request.GET = cleaned(request.GET)
        if request.method == "POST":
            request.POST = cleaned(request.POST)
            for name, files in request.FILES.lists():
                for file in files:
                    file.name = clean(file.name or "") or name

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def cleaned(fields: QueryDict) -> Any:
    """The same object when nothing was to be done."""
    lists = dict(fields.lists())
    clean_lists = {name: [clean_field(value) for value in lists[name]] for name in lists}
    if clean_lists == lists:
        return fields
    changed = fields.copy()
    for name, values in clean_lists.items():
        changed.setlist(name, values)
    return changed


def too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "413.html", status=413)

"""Two colleagues, or one who presses twice, send a form at the same moment.

Both pass its checks (is this slug still free?), and one of them then fails while saving. Looked at
once more, that form finds what the other has saved, and says so beside its field.
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from newsroom.staff.gate import page_of_staff

View = Callable[[HttpRequest], HttpResponse]


def look_once_more(get_response: View) -> View:
    """The view ran into an error that its form looks for: nothing was saved, it runs again."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        lost = isinstance(error, ValidationError | IntegrityError)
        if not lost or request.method != "POST" or not page_of_staff(request):
            return None
        for _, files in request.FILES.lists():
            for file in files:
                file.seek(0)
        match = request.resolver_match
        assert match  # an address of ours, or no view would have run
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware

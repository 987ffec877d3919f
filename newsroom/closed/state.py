"""What the database says: is the newsroom closed? Asked by every page and job, so the answer holds
for a second; what sends asks in its own transaction, too (``OPEN``)."""

import time
from collections.abc import Callable

from celery import Task
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from newsroom.closed import plain_page

View = Callable[[HttpRequest], HttpResponse]

HOLDS = 1.0  # seconds
_known = {"closed": False, "until": 0.0}


def is_closed() -> bool:
    """The last answer, when the database has none: it is away, and then nothing goes anyway."""
    if time.monotonic() >= _known["until"]:
        try:
            _known["closed"] = ask_database()
        except Error:
            return bool(_known["closed"])
        _known["until"] = time.monotonic() + HOLDS
    return bool(_known["closed"])


def ask_database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM closed_closure WHERE open)")
        return bool(cursor.fetchone()[0])


def has_changed() -> None:
    """This process knows it at once, others within a second."""
    _known["until"] = 0.0


def stay_away(get_response: View) -> View:
    """Middleware: the plain page for everybody. Who leaves by one click does so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_closed():
            return get_response(request)
        accepted = request.headers.get("Accept-Language", "")
        if request.method == "POST" and plain_page.LEAVING.fullmatch(request.path):
            done = get_response(request).status_code == 200
            said = plain_page.page(
                200 if done else 503,
                request.path,
                accepted,
                [plain_page.NOTED] if done else plain_page.WORDS,
            )
        else:
            said = plain_page.answer(request.method or "", request.path, accepted)
        return HttpResponse(said.body, status=said.status, headers=said.headers)

    return middleware


class Job(Task):
    """What every job is (newsroom/celery.py): while the newsroom is closed it does nothing."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        return None if is_closed() else super().__call__(*args, **kwargs)

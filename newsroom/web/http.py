"""Answers that all apps give: on to another page, a dead link, a page behind a mailed link."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from newsroom.core import tokens
from newsroom.core.languages import addresses_below, speaking_to
from newsroom.core.uris import to_uri
from newsroom.web.public_forms import own_forms_only

INCOMPLETE = _("This link is not complete. Please copy all of it from the mail.")
GONE = _("There is nothing behind this link any more.")

# What a parser makes of a body that is none of its own: other types, a missing field, half a
# character, brackets without end.
UNREADABLE = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
    *(RecursionError, OSError),
)

View = Callable[..., HttpResponse]


def absolute_url(name: str, *args: Any, **query: Any) -> str:
    """The address of a page by its name in a ``urls.py``, for mails and for others who are not on
    the site: the same whatever language, prefix or host the request at hand came with.

    Not at import time: the patterns import the views. Raises NoReverseMatch.
    """
    with addresses_below("/"):
        path = reverse(name, urlconf=settings.ROOT_URLCONF, args=args, query=query)
    return f"{settings.BASE_URL}{path}"


def visitors_url(name: str, *args: Any, **query: Any) -> str:
    """The same for a visitor who comes back: in the language that they have chosen."""
    return f"{settings.BASE_URL}{reverse(name, args=args, query=query)}"


def address_of(request: HttpRequest) -> str:
    """The page at hand, for others to lead back to it: in the visitor's language."""
    return f"{settings.BASE_URL}{request.path}"


def see_other(url: str) -> HttpResponse:
    """303: a browser goes on with a GET (RFC 9110, 15.4.4); Django's redirect says 302."""
    response = HttpResponse(status=303)
    response["Location"] = to_uri(url)
    return response


def json_file(content: Any, name: str) -> HttpResponse:
    """Somebody's data, to take away: for people to read, too."""
    readable = {"indent": 2, "ensure_ascii": False}
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return JsonResponse(content, json_dumps_params=readable, headers=headers)


def dead_link(request: HttpRequest, message: Any, status: int) -> HttpResponse:
    return render(request, "dead_link.html", {"message": message}, status=status)


def behind_link(
    purpose: str,
    seconds: int,
    model: Any,
    expired: Any,
    gone: Callable[[HttpRequest], HttpResponse | None] = lambda request: None,
) -> Callable[[View], View]:
    """A page behind a mailed link: gets the row whose link it is, or says what is wrong with it.

    ``expired`` is what to say of a link older than ``seconds``, or made before the row's ``links``
    was raised; ``gone`` may answer for a row that is no more. A link holds the row's number and
    that one, or the row's number while that is 0, as it is of rows without.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        @own_forms_only
        def opened(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
            try:
                value = tokens.read_expiring(purpose, token, seconds=seconds)
                # Another version may put more at its end.
                pk, links, *_ = value if isinstance(value, list) else (value, 0)
                row = model.objects.get(pk=pk)
            except tokens.StaleToken:
                return dead_link(request, expired, 403)
            except tokens.BadToken:
                return dead_link(request, INCOMPLETE, 404)
            except model.DoesNotExist:
                return gone(request) or dead_link(request, GONE, 404)
            if getattr(row, "links", 0) != links:
                return dead_link(request, expired, 403)
            with speaking_to(getattr(row, "language", "")):
                return view(request, row, token, **kwargs)

        return opened

    return decorate

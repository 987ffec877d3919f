"""Single mails by name: each is a function in one of the modules that ``settings.MAILS`` lists."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from inspect import getmembers, isfunction

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Writer = Callable[..., AnymailMessage | None]


@cache
def writers() -> dict[str, Writer]:
    """Name -> function: every public function that one of the modules defines.

    Raises ImproperlyConfigured for two of one name.
    """
    found: dict[str, Writer] = {}
    for name in settings.MAILS:
        module = import_module(name)
        for purpose, writer in getmembers(module, isfunction):
            if writer.__module__ != name or purpose.startswith("_"):
                continue
            if purpose in found:
                raise ImproperlyConfigured(f"Two mails are named {purpose}: see settings.MAILS.")
            found[purpose] = writer
    return found


def writer_of(purpose: str) -> Writer:
    """Raises KeyError for a mail that nobody writes."""
    return writers()[purpose]

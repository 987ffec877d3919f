"""Addresses that are taken: a page that has one of them could never be reached."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from newsroom.core import languages, paths

LITERAL = re.compile(r"[\w.-]+")


def refuse_taken(slug: str, under: str | None) -> None:
    """Raises ValidationError when views of ours answer at that address, or below it.

    ``under`` is how their patterns begin there, as newsroom/urls.py has it: “newsletter/”. None:
    there are no patterns.
    """
    if under is not None and slug.lower() in taken(under):
        raise ValidationError(
            f"“{slug}” is an address of the site itself: please choose another one."
        )


def taken(under: str) -> set[str]:
    """What the patterns have as the next part of an address."""
    routes = {re.sub(r"^\^|\$$", "", route) for route in paths.all_routes()}
    below = {route.removeprefix(under) for route in routes if route.startswith(under)}
    found = {part.group() for rest in below if (part := LITERAL.match(rest.partition("/")[0]))}
    if under:
        return found
    return found | {urlsplit(settings.STATIC_URL).path.strip("/"), *languages.NAMES}

"""Addresses that are taken: a page that has one of them could never be reached."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from newsroom.core import languages, paths
from newsroom.web.health import PROBES

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
    found = {part.group() for route in routes if (part := LITERAL.match(next_part(route, under)))}
    if under:
        return found
    static = urlsplit(settings.STATIC_URL).path.strip("/")
    return found | {static, *languages.NAMES, *PROBES}


def next_part(route: str, under: str) -> str:
    """Of a pattern that answers there, also by a placeholder, as “<page:slug>/feed/” does below
    “newsletter/”; “” for another one."""
    parts, before = route.split("/"), under.split("/")[:-1]
    fits = all(a == b or a.startswith("<") for a, b in zip(parts, before, strict=False))
    return parts[len(before)] if fits and len(parts) > len(before) else ""

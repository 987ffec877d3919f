"""Pieces of public addresses: ids that a database can hold, tokens that no log may show, slugs.

``<id:pk>``, ``<token:token>`` and ``<page:slug>`` in every ``urls.py``;
tests/newsroom/core/test_logs.py walks them.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver, register_converter
from django.urls.converters import StringConverter


class Id:
    """A row's number: 18 digits, so that none is too large for PostgreSQL's ``bigint``."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


def number_of(text: str) -> int:
    """A row's number from a form; 0, which no row has, for anything else."""
    return int(text) if re.fullmatch(Id.regex, text) else 0


class Token(StringConverter):
    """A key to somebody's page."""


class PageSlug(StringConverter):
    """What Wagtail takes as a page's slug: letters of any script. Django's own “slug” is ASCII."""

    regex = r"[-\w]+"


register_converter(Id, "id")
register_converter(Token, "token")
register_converter(PageSlug, "page")

# What Django and Wagtail call theirs.
OTHERS = {"<token>", "<uidb64>", "<str:token>", "<slug:token>"}


def is_token(segment: str) -> bool:
    return segment.startswith("<token:") or segment in OTHERS


def all_routes() -> Iterator[str]:
    """Of the whole site, the admin's too."""
    return routes(get_resolver().url_patterns)


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    """Every address of a URL configuration, as it is written there."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route

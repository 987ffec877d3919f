"""The layers of ``pyproject.toml`` (import-linter's) held by templates and scripts too.

A template looks only downwards: at tag libraries, templates, static files and addresses of its own
app and the ones below it, and inside an app at rooms of its own layer and below. What a higher app
adds to a lower one's page it registers with a hook (docs/architecture.md).
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
SUFFIXES = (".html", ".mjml", ".txt", ".xml")
LOAD = re.compile(r"{%\s*load\s+([^%]+?)\s*%}")
FILE = re.compile(r"{%\s*(?:include|extends|static)\s+['\"]([^'\"]+)['\"]")
URL = re.compile(r"{%\s*url\s+['\"]([^'\"]+)['\"]")
# Where an app's own addresses begin (newsroom/urls.py), for links that are written out.
PLACES = {"/newsletter/": "subscriptions", "/support/": "donations"}


@cache
def layers() -> dict[str, list[str]]:
    """Container ("" for the apps themselves) -> its layers, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {
        contract.get("containers", [""])[0]: contract["layers"]
        for contract in contracts["contracts"]
        if contract["type"] == "layers"
    }


def height(container: str, name: str) -> int | None:
    """How high a layer lies, from 0 at the bottom; None for what is in none."""
    for place, layer in enumerate(reversed(layers()[container])):
        if name in layer.split(" | "):
            return place
    return None


def is_above(one: str, other: str) -> bool:
    """Is the first of two paths ("donations/giving/x.html") in a higher layer than the second?"""
    (app, room), (other_app, other_room) = split(one), split(other)
    if app != other_app:
        return (height("", app) or 0) > (height("", other_app) or 0)
    here, there = height(app, room), height(app, other_room)
    return here is not None and there is not None and here > there


def split(path: str) -> tuple[str, str]:
    """App and room; a file of neither belongs to newsroom, which all stand on."""
    app, _, rest = path.partition("/")
    return (app, rest.partition("/")[0]) if app in layers()[""] else ("newsroom", "")


def references(source: str) -> Iterator[tuple[str, str]]:
    """What a template or script names, and the path of the room that has it."""
    from django.template import engines
    from django.urls import get_resolver

    libraries = engines["django"].engine.libraries
    for names in LOAD.findall(source):
        for name in names.split():
            yield name, libraries[name].partition(".")[0]  # an app's tags are for all its rooms
    for name in FILE.findall(source):
        yield name, name
    for name in URL.findall(source):
        yield name, view_of(get_resolver(), name)
    for place, app in PLACES.items():
        if re.search(rf"(?<![\w.]){place}", source):
            yield place, app


def view_of(resolver: Any, name: str) -> str:
    """The module of the view that an address leads to, as a path; "" if it is none of ours."""
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            if found := view_of(pattern, name):
                return found
        elif pattern.name == name:
            return str(pattern.callback.__module__).replace(".", "/")
    return ""


def upward() -> list[str]:
    """Every reference that looks upwards."""
    django.setup()
    found = []
    for path in sorted(TEMPLATES.rglob("*")):
        if path.suffix in SUFFIXES:
            found += _of(path, str(path.relative_to(TEMPLATES)))
    for app in layers()[""]:
        for path in sorted((ROOT / app / "static").rglob("*.js")):
            found += _of(path, str(path.relative_to(ROOT)))
    return found


def _of(path: Path, here: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} looks up at {name} ({there})"
        for name, there in references(path.read_text())
        if is_above(there, here)
    ]


if __name__ == "__main__":
    problems = upward()
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.exit(bool(problems))
